// What waits in an email flow that no server feeds any more goes to another flow; asks first.
import { MailroomError } from '../../domain/errors.ts';
import type { EmailFlowView } from '../api/operations.ts';
import type { PortalDeps } from './deps.ts';
import type { Routes } from './gate.ts';
import { html } from './html.ts';
import { askPage, type Frame } from './layout.ts';
import { same, selectField } from './parts.ts';

const PATH = '/portal/email-flows/move';
/** Where the overview leads for a flow without a server. */
export const moveFlowUrl = (emailFlow: string): string => `${PATH}?flow=${encodeURIComponent(emailFlow)}`;

function movePage(frame: Frame, { emailFlow, waiting }: EmailFlowView, others: readonly string[]): string {
  const { say } = frame;
  return askPage(frame, {
    title: say('moveFlowAsk', { flow: emailFlow }),
    current: 'overview',
    body: html`<p>${say('moveFlowWhat', { count: frame.number(waiting) })}</p>`,
    form: html`<p>${selectField('to', say('moveFlowTo'), same(others))}</p>`,
    action: PATH,
    fields: { flow: emailFlow },
    yes: say('moveFlow'),
    danger: false,
    back: '/portal',
  });
}

export function addFlows({ get, post }: Routes, { operations }: Pick<PortalDeps, 'operations'>): void {
  get(PATH, 'email-servers:write', async ({ frame, query: { flow = '' } }) => {
    const view = (await operations.emailFlows()).find(({ emailFlow }) => emailFlow === flow);
    if (view === undefined) throw new MailroomError('EMAIL_FLOW_UNKNOWN');
    const others = operations.flowNames();
    if (others.includes(flow)) throw new MailroomError('EMAIL_FLOW_IN_USE');
    return movePage(frame, view, others);
  });
  post(PATH, 'email-servers:write', async ({ form, by, done }) => {
    const to = form.get('to') ?? '';
    const count = await operations.moveFlow(form.get('flow') ?? '', to, by);
    return done('/portal', 'moveFlowDone', `${count} → ${to}`);
  });
}
