// Data kept of one person: found by address, exported as a zip, erased after a preview of what is erased and what stays. The address is sent in forms,
// never in a URL.
import { Readable } from 'node:stream';
import { parseAddress } from '../../domain/address.ts';
import { wrong } from '../../domain/definition-problem.ts';
import { type ErasureReport, parts, reasons } from '../api/privacy.ts';
import { attachmentDisposition } from '../content-disposition.ts';
import type { PortalDeps } from './deps.ts';
import { oneAddress, textsOf } from './form.ts';
import { fieldsOf } from './form-fields.ts';
import { type Routes, send } from './gate.ts';
import { type Html, html } from './html.ts';
import { type Frame, page } from './layout.ts';
import { checkField, csrfField, emptyCard, hiddenField, section } from './parts.ts';
import { type Column, table } from './table.ts';

/** Most remaining records on the page; the export has all. */
const MOST_LISTED = 100;

interface Searched {
  address: string;
  report: ErasureReport;
}

/** @param refused what was entered instead of an address */
function privacyPage(frame: Frame, searched?: Searched, refused?: string): string {
  const { say } = frame;
  const { input } = fieldsOf(frame, {
    definition: { address: refused ?? searched?.address },
    problems: refused === undefined ? [] : [{ field: 'address', ...wrong('notAddress') }],
    ...{ readOnly: false, blankLines: 0, flows: [] },
  });
  return page(
    frame,
    say('privacy'),
    'privacy',
    html`<h1>${say('privacy')}</h1><p class="lead">${say('privacyLead')}</p>
<div class="ask"><form class="card" method="post" action="/portal/privacy">${csrfField(frame)}${input('address', say('privacyAddress'), { mode: 'email' })}<p class="buttons"><button class="main">${say('search')}</button></p></form></div>${searched !== undefined && found(frame, searched)}`,
  );
}

function found(frame: Frame, { address, report }: Searched): Html {
  const { say } = frame;
  const { dryRun, counts, items, unsearched, unreadable } = report;
  const staying = items.filter(({ stays }) => stays !== undefined);
  const partOf = (part: string) => say(`part-${parts.find((one) => one === part) ?? 'other'}`);
  const whyOf = (why: string | undefined) => say(`stays-${reasons.find((one) => one === why) ?? 'not-ours'}`);
  const fields = html`${csrfField(frame)}${hiddenField('address', address)}`;
  const columns: Column<ErasureReport['counts'][number]>[] = [
    { word: 'what', isName: true, cell: ({ part }) => partOf(part) },
    { word: dryRun ? 'privacyGoes' : 'privacyErased', cell: ({ erased }) => erased },
    { word: 'privacyStays', cell: ({ stays }) => stays },
  ];
  const list =
    counts.length === 0
      ? emptyCard(say('privacyNothing'))
      : table(frame, { label: { id: 'found' }, columns, entries: counts });
  const stayList =
    staying.length > 0 &&
    html`<details><summary>${say('privacyStays')}: ${staying.length}</summary><ul>${staying.slice(0, MOST_LISTED).map(({ part, id, stays }) => html`<li class="wrap">${partOf(part)}: <code>${id}</code> – ${whyOf(stays)}</li>`)}</ul></details>`;
  const notes = html`<p class="dim">${say('privacyHashes')}</p>${unsearched !== undefined && html`<p class="note warn">${say('privacyUnsearched', { count: unsearched.segments, newest: unsearched.newest })}</p>`}${unreadable !== undefined && html`<p class="note warn">${say('privacyUnreadable', { count: unreadable })}</p>`}`;
  const decisions =
    dryRun &&
    counts.length > 0 &&
    html`<div class="ask"><div class="card"><form method="post" action="/portal/privacy/export">${fields}<p class="buttons"><button class="plain">${say('privacyExport')}</button></p></form>
<form method="post" action="/portal/privacy/erase">${fields}${checkField('waiting', say('privacyAlsoWaiting'), { name: 'alsoWaiting' })}<p class="buttons"><button class="main bad">${say('privacyErase')}</button></p></form></div></div>`;
  return section('found', say(dryRun ? 'privacyFound' : 'privacyErased'), html`${list}${stayList}${notes}${decisions}`);
}

export function addPrivacy({ get, post }: Routes, { operations }: Pick<PortalDeps, 'operations'>): void {
  const access = 'privacy:manage';
  get('/portal/privacy', access, ({ frame }) => privacyPage(frame));
  for (const action of ['', '/erase'] as const)
    post(`/portal/privacy${action}`, access, async ({ form, frame, reply, by }) => {
      const { address } = oneAddress(textsOf(form).text('address'));
      if (!parseAddress(address).ok) return send(reply, privacyPage(frame, undefined, address), 422);
      const options = { dryRun: action === '', alsoWaiting: form.get('alsoWaiting') === 'true' };
      return privacyPage(frame, { address, report: await operations.erasePerson(address, options, by) });
    });
  post('/portal/privacy/export', { access, stream: true }, async ({ form, reply, by }) => {
    const zip = await operations.exportPerson(form.get('address') ?? '', by);
    return reply
      .header('content-type', 'application/zip')
      .header('content-disposition', attachmentDisposition('personal-data.zip'))
      .header('cache-control', 'private, no-store')
      .send(Readable.from(zip, { objectMode: false }));
  });
}
