// Test connection of a stored server: what will be done, whether real mail may be sent, and the steps. Pure.
import type { CheckStep } from '../../domain/doctor.ts';
import type { EmailServerView } from '../api/email-servers.ts';
import { testLog } from './check-steps.ts';
import { type Html, html } from './html.ts';
import { csrfField, type Frame, page } from './layout.ts';
import { linkTo } from './list-page.ts';

/** Opt-in for mail that really leaves. */
export const probeBox = ({ say }: Frame, checked: boolean): Html =>
  html`<div class="check smtp"><input type="checkbox" id="sendProbe" name="_sendProbe" value="true" aria-describedby="sendProbe-help"${checked && html` checked`}><div><label for="sendProbe">${say('sendProbe')}</label><p class="help" id="sendProbe-help">${say('sendProbeHelp')}</p></div></div>`;

export function testPage(
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
    html`<p class="crumb"><a href="/portal/email-servers">← ${say('back')}</a></p>
<h1 class="wrap">${say('test')}: ${name}</h1><p class="lead wrap">${serverType} · ${String(definition.host)}:${String(definition.port)} · ${String(definition.user)}</p>
<div class="ask"><form class="card" method="post" action="${linkTo('test', name)}">${csrfField(frame)}<p>${say('testLead')}</p>${serverType === 'SMTP' && probeBox(frame, sendProbe)}
<p class="buttons"><button class="main" name="_action" value="test">${say(all === undefined ? 'startTest' : 'testAgain')}</button><a class="button" href="${linkTo('edit', name)}">${say('toDefinition')}</a></p>${testLog(frame, all)}</form></div>`,
  );
}
