// What waits in an email flow that no server feeds any more goes to another flow; asks first.
import type { FastifyInstance } from 'fastify';
import { MailroomError } from '../../domain/errors.ts';
import type { EmailFlowView } from '../api/operations.ts';
import type { PortalDeps } from './deps.ts';
import { formOf, needs, queryOf, type RequestContext, seeOther, send } from './gate.ts';
import { html } from './html.ts';
import { askPage, doneUrl, type Frame } from './layout.ts';

/** Where the overview leads for a flow without a server. */
export const moveFlowUrl = (emailFlow: string): string =>
  `/portal/email-flows/move?flow=${encodeURIComponent(emailFlow)}`;

function movePage(frame: Frame, { emailFlow, waiting }: EmailFlowView, others: readonly string[]): string {
  const { say, language } = frame;
  const count = new Intl.NumberFormat(language).format(waiting);
  return askPage(frame, {
    title: say('moveFlowAsk', { flow: emailFlow }),
    current: 'overview',
    body: html`<p>${say('moveFlowWhat', { count })}</p>`,
    form: html`<p><label for="to">${say('moveFlowTo')}</label><select id="to" name="to">${others.map((flow) => html`<option value="${flow}">${flow}</option>`)}</select></p>`,
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
    return seeOther(reply, doneUrl(requestContext.session(request), '/portal', 'moveFlowDone', `${count} → ${to}`));
  });
}
