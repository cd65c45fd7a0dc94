// The connection test of a stored server: whether real mail may be sent, and the steps. With script each step is shown as it ends, without it the page
// waits for the last.

import { Readable } from 'node:stream';
import type { CheckStep } from '../../domain/doctor.ts';
import type { EmailServerView } from '../api/email-servers.ts';
import type { PortalDeps } from './deps.ts';
import { stepLines, testLog } from './findings.ts';
import { LIST, type RequestContext, type Routes, serverNamed } from './gate.ts';
import { type Html, html } from './html.ts';
import { type Frame, page } from './layout.ts';
import { linkTo } from './list-page.ts';
import { checkField, crumb, csrfField } from './parts.ts';

/** Consent to sending real mail. */
export const probeBox = ({ say }: Frame, checked: boolean): Html =>
  checkField('sendProbe', say('sendProbe'), { name: '_sendProbe', css: 'smtp', help: say('sendProbeHelp'), checked });

function testPage(
  frame: Frame,
  view: EmailServerView,
  { all, sendProbe }: { all?: readonly CheckStep[]; sendProbe: boolean },
): string {
  const { say } = frame;
  const { definition, name, serverType } = view;
  return page(
    frame,
    `${say('test')}: ${name}`,
    'emailServers',
    html`${crumb(LIST, say('emailServers'))}
<h1 class="wrap">${say('test')}: ${name}</h1><p class="lead wrap">${serverType} · ${String(definition.host)}:${String(definition.port)} · ${String(definition.user)}</p>
<div class="ask"><form class="card" method="post" action="${linkTo('test', name)}">${csrfField(frame)}<p>${say('testLead')}</p>${serverType === 'SMTP' && probeBox(frame, sendProbe)}
<p class="buttons"><button class="main" name="_action" value="test">${say(all === undefined ? 'startTest' : 'testAgain')}</button><a class="button" href="${linkTo('edit', name)}">${say('toDefinition')}</a></p>${testLog(frame, all)}</form></div>`,
  );
}

/** Whether the script asked for a line per step. */
export const wantsLines = ({ request }: RequestContext): boolean =>
  (request.headers.accept ?? '').includes('application/x-ndjson');

/** Sends each step as it ends; closing the page ends the test. */
export function sendLines({ reply, frame }: RequestContext, type: 'IMAP' | 'SMTP', steps: AsyncGenerator<CheckStep>) {
  reply.header('content-type', 'application/x-ndjson; charset=utf-8').header('x-accel-buffering', 'no');
  return reply.send(Readable.from(stepLines(frame, type, steps), { objectMode: false }));
}

export function addTest(
  { get, post }: Routes,
  { servers, operations }: Pick<PortalDeps, 'servers' | 'operations'>,
): void {
  get(`${LIST}/test`, 'email-servers:test', async ({ frame, query }) =>
    testPage(frame, await serverNamed(servers, query.name), { sendProbe: false }),
  );
  post(`${LIST}/test`, { access: 'email-servers:test', stream: true }, async (context) => {
    const { frame, query, form } = context;
    const view = await serverNamed(servers, query.name);
    const sendProbe = form.get('_sendProbe') === 'true';
    const steps = await operations.test(view.name, { sendProbe });
    if (wantsLines(context)) return sendLines(context, view.serverType ?? 'IMAP', steps);
    return testPage(frame, view, { all: await Array.fromAsync(steps), sendProbe });
  });
}
