// What is kept of one person: looked for by address, exported as a zip, erased after the page has shown what goes and what stays. The address travels in
// forms alone, never in a URL.
import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { type ErasureReport, parts, reasons } from '../api/privacy.ts';
import { attachmentDisposition } from '../content-disposition.ts';
import type { PortalDeps } from './deps.ts';
import { formOf, needs, type RequestContext, send, streams } from './gate.ts';
import { type Html, html } from './html.ts';
import { csrfField, type Frame, page } from './layout.ts';

/** Staying ones that the page lists; the export has all. */
const MOST_LISTED = 100;

interface Searched {
  address: string;
  report: ErasureReport;
}

function privacyPage(frame: Frame, searched?: Searched): string {
  const { say } = frame;
  return page(
    frame,
    say('privacy'),
    'privacy',
    html`<h1>${say('privacy')}</h1><p class="lead">${say('privacyLead')}</p>
<div class="ask"><form class="card" method="post" action="/portal/privacy">${csrfField(frame)}<label for="address">${say('privacyAddress')}</label><input id="address" name="address" type="email" required autocomplete="off" value="${searched?.address}"><p class="buttons"><button class="main">${say('privacySearch')}</button></p></form></div>${searched !== undefined && found(frame, searched)}`,
  );
}

function found(frame: Frame, { address, report }: Searched): Html {
  const { say } = frame;
  const { dryRun, counts, items, unsearched, unreadable } = report;
  const staying = items.filter(({ stays }) => stays !== undefined);
  const partOf = (part: string) => say(`part-${parts.find((one) => one === part) ?? 'other'}`);
  const whyOf = (why: string | undefined) => say(`stays-${reasons.find((one) => one === why) ?? 'not-ours'}`);
  const fields = html`${csrfField(frame)}<input type="hidden" name="address" value="${address}">`;
  return html`<section aria-labelledby="found"><h2 id="found">${say(dryRun ? 'privacyFound' : 'privacyDone')}</h2>${
    counts.length === 0
      ? html`<div class="card empty"><p>${say('privacyNothing')}</p></div>`
      : html`<div class="table stack"><table class="rows" aria-labelledby="found"><thead><tr><th scope="col">${say('what')}</th><th scope="col">${say(dryRun ? 'privacyGoes' : 'privacyErased')}</th><th scope="col">${say('privacyStays')}</th></tr></thead><tbody>
${counts.map(({ part, erased, stays }) => html`<tr><th scope="row">${partOf(part)}</th><td data-label="${say(dryRun ? 'privacyGoes' : 'privacyErased')}"><div>${erased}</div></td><td data-label="${say('privacyStays')}"><div>${stays}</div></td></tr>`)}</tbody></table></div>`
  }${
    staying.length > 0 &&
    html`<details><summary>${say('privacyStays')}: ${staying.length}</summary><ul>${staying.slice(0, MOST_LISTED).map(({ part, id, stays }) => html`<li class="wrap">${partOf(part)}: <code>${id}</code> – ${whyOf(stays)}</li>`)}</ul></details>`
  }<p class="dim">${say('privacyHashes')}</p>${unsearched !== undefined && html`<p class="note warn">${say('privacyUnsearched', { count: String(unsearched.segments), newest: unsearched.newest })}</p>`}${unreadable !== undefined && html`<p class="note warn">${say('privacyUnreadable', { count: String(unreadable) })}</p>`}${
    dryRun &&
    counts.length > 0 &&
    html`<div class="ask"><div class="card"><form method="post" action="/portal/privacy/export">${fields}<p class="buttons"><button>${say('privacyExport')}</button></p></form>
<form method="post" action="/portal/privacy/erase">${fields}<div class="check"><input type="checkbox" id="waiting" name="alsoWaiting" value="true"><div><label for="waiting">${say('privacyAlsoWaiting')}</label></div></div><p class="buttons"><button class="main bad">${say('privacyErase')}</button></p></form></div></div>`
  }</section>`;
}

export function addPrivacy(
  portal: FastifyInstance,
  { operations }: Pick<PortalDeps, 'operations'>,
  requestContext: RequestContext,
): void {
  const access = 'privacy:manage';
  portal.get('/portal/privacy', needs(access), async (request, reply) =>
    send(reply, privacyPage(requestContext.frame(request))),
  );
  for (const action of ['', '/erase'] as const)
    portal.post(`/portal/privacy${action}`, needs(access), async (request, reply) => {
      const form = formOf(request);
      const address = form.get('address') ?? '';
      const options = { dryRun: action === '', alsoWaiting: form.get('alsoWaiting') === 'true' };
      const report = await operations.erasePerson(address, options, requestContext.who(request));
      return send(reply, privacyPage(requestContext.frame(request), { address, report }));
    });
  portal.post('/portal/privacy/export', streams(access), async (request, reply) => {
    const zip = await operations.exportPerson(formOf(request).get('address') ?? '', requestContext.who(request));
    return reply
      .header('content-type', 'application/zip')
      .header('content-disposition', attachmentDisposition('personal-data.zip'))
      .header('cache-control', 'private, no-store')
      .send(Readable.from(zip, { objectMode: false }));
  });
}
