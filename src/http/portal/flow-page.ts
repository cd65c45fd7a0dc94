// What waits in an email flow that no server feeds any more goes to another flow; asks first.
import type { FastifyInstance } from 'fastify';
import { MailroomError } from '../../domain/errors.ts';
import type { EmailFlowView } from '../api/operations.ts';
import type { PortalDeps } from './deps.ts';
import { formOf, needs, queryOf, type RequestContext, send } from './gate.ts';
import { html } from './html.ts';
import { askPage, type Frame } from './layout.ts';
import { same, selectField } from './parts.ts';

/** Where the overview leads for a flow without a server. */
export const moveFlowUrl = (emailFlow: string): string =>
  `/portal/email-flows/move?flow=${encodeURIComponent(emailFlow)}`;

function movePage(frame: Frame, { emailFlow, waiting }: EmailFlowView, others: readonly string[]): string {
  const { say } = frame;
  return askPage(frame, {
    title: say('moveFlowAsk', { flow: emailFlow }),
    current: 'overview',
    body: html`<p>${say('moveFlowWhat', { count: frame.number(waiting) })}</p>`,
    form: html`<p>${selectField('to', say('moveFlowTo'), same(others))}</p>`,
    action: '/portal/email-flows/move',
    fields: { flow: emailFlow },
    yes: say('moveFlow'),
    danger: false,
    back: '/portal',
  });
}

export function addFlows(
  portal: FastifyInstance,
  { operations }: Pick<PortalDeps, 'operations'>,
  requestContext: RequestContext,
): void {
  portal.get('/portal/email-flows/move', needs('email-servers:write'), async (request, reply) => {
    const { flow = '' } = queryOf(request);
    const view = (await operations.emailFlows()).find(({ emailFlow }) => emailFlow === flow);
    if (view === undefined) throw new MailroomError('EMAIL_FLOW_UNKNOWN');
    const others = operations.flowNames();
    if (others.includes(flow)) throw new MailroomError('EMAIL_FLOW_IN_USE');
    return send(reply, movePage(requestContext.frame(request), view, others));
  });
  portal.post('/portal/email-flows/move', needs('email-servers:write'), async (request, reply) => {
    const form = formOf(request);
    const to = form.get('to') ?? '';
    const count = await operations.moveFlow(form.get('flow') ?? '', to, requestContext.who(request));
    return requestContext.done(request, reply, '/portal', 'moveFlowDone', `${count} → ${to}`);
  });
}
