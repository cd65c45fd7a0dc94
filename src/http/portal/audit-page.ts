// The changes: who did what to which server, field by field, newest first; sign-ins on their own tab.

import type { FastifyInstance } from 'fastify';
import { type AuditEntry, type AuditKind, auditKinds, signInActions } from '../../domain/audit.ts';
import { sorted } from '../../lib/sort.ts';
import { firstOf } from '../../lib/streams.ts';
import { detailIn } from './audit-details.ts';
import type { PortalDeps } from './deps.ts';
import {
  type Column,
  filterForm,
  filterOf,
  isNarrow,
  isWithin,
  type ListFilter,
  lookedAtNote,
  queryText,
  rangeOf,
  sortHeads,
} from './filter.ts';
import { needs, queryOf, type RequestContext, send } from './gate.ts';
import { type Html, html } from './html.ts';
import { exactTime, type Frame, page, pageOf, pager } from './layout.ts';
import { countIn, type Word } from './words.ts';

const CHANGES_PER_PAGE = 40;
/** Fields above which they are folded: all of a new server. */
const MANY = 4;

const DID = ['create', 'replace', 'copy', 'enable', 'disable', 'delete', 'pause', 'resume'] as const;
const DECIDED = [
  'release',
  'drop',
  'enqueue-again',
  'accept',
  'move-flow',
  'dead-letter-retry',
  'dead-letter-move',
  'dead-letter-delete',
  'round-trip',
  'privacy-export',
  'privacy-erase',
] as const;
const ACTIONS = { changes: [...DID, ...DECIDED], 'sign-ins': signInActions } as const;
const TABS = { changes: 'changesTab', 'sign-ins': 'signInsTab' } as const satisfies Record<AuditKind, Word>;

function didOf({ say }: Frame, action: string): string {
  const known = [...ACTIONS.changes, ...ACTIONS['sign-ins']].find((one) => one === action);
  return known === undefined ? action : say(`did-${known}`);
}

interface AuditView {
  kind: AuditKind;
  /** Of the page, and one more if there is one. */
  entries: readonly AuditEntry[];
  filter: ListFilter;
  /** From 1. */
  at: number;
  /** Number of sorted entries; absent: all. */
  lookedAt: number | undefined;
}

const COLUMNS: readonly Column[] = [
  { word: 'when', by: 'when' },
  { word: 'who', by: 'who' },
  { word: 'name', by: 'server' },
  { word: 'what', by: 'code' },
];

function auditPage(frame: Frame, { kind, entries, filter, at, lookedAt }: AuditView): string {
  const { say } = frame;
  const pages = entries.length > CHANGES_PER_PAGE ? at + 1 : at;
  const shown = entries.slice(0, CHANGES_PER_PAGE);
  const codes = ACTIONS[kind].map((action) => [action, say(`did-${action}`)] as const);
  const url = (next: number) => `/portal/audit?${queryText(filter, { state: kind, page: String(next) })}`;
  // An action of the one kind is none of the other.
  const tab = (one: AuditKind) =>
    html`<li><a href="/portal/audit?${queryText({ ...filter, code: '' }, { state: one })}"${one === kind && html` aria-current="page"`}>${say(TABS[one])}</a></li>`;
  return page(
    frame,
    say('audit'),
    'audit',
    html`<h1>${say('audit')}</h1><p class="lead">${say('auditLead')}</p><ul class="tabs">${auditKinds.map(tab)}</ul>${filterForm(frame, { filter, state: kind, codes, codeLabel: 'what', person: 'who', hasName: kind === 'changes', columns: COLUMNS })}${lookedAtNote(frame, lookedAt)}${
      shown.length === 0
        ? html`<div class="card empty"><p>${say(isNarrow(filter) ? 'noMatch' : 'nothing')}</p></div>`
        : html`<div class="table stack"><table class="rows w-audit"><thead><tr>${sortHeads(frame, filter, COLUMNS, (next) => `/portal/audit?${queryText(next, { state: kind })}`)}</tr></thead><tbody>
${shown.map((entry) => row(frame, entry))}</tbody></table></div>${pager(frame, { at, pages, url })}`
    }`,
  );
}

function row(frame: Frame, entry: AuditEntry): Html {
  const { say, language } = frame;
  const details = entry.changes.map((change) => detailIn(language, entry.action, change));
  const fields = details.map(
    ({ field, from, to }) =>
      html`<div class="dim">${field}: ${from !== '' && `${from} → `}${to === '' ? '–' : to}</div>`,
  );
  return html`<tr><td data-label="${say('when')}"><div>${exactTime(frame, entry.at)}</div></td><td class="wrap" data-label="${say('who')}"><div>${entry.by}</div></td><th scope="row" class="wrap">${entry.server || '–'}</th><td class="wrap" data-label="${say('what')}"><div><span class="badge">${didOf(frame, entry.action)}</span>${
    fields.length > MANY
      ? html`<details><summary class="dim">${countIn(language, 'fields', fields.length)}</summary>${fields}</details>`
      : fields
  }</div></td></tr>`;
}

const BY: Parameters<typeof sorted<AuditEntry>>[2] = {
  who: ({ by }) => by,
  server: ({ server }) => server,
  code: ({ action }) => action,
};

/** Entries that are sorted by anything but their time: the newest that fit. */
const MOST_SORTED = 10_000;
/** Pages of changes that can be turned. */
const MOST_PAGES = 250;

const holds = (text: string, part: string): boolean => text.toLowerCase().includes(part.toLowerCase());

/** Those that fit, in the order they come. */
export async function* changesOf(entries: AsyncIterable<AuditEntry>, filter: ListFilter): AsyncGenerator<AuditEntry> {
  const range = rangeOf(filter);
  for await (const entry of entries)
    if (
      isWithin(Date.parse(entry.at), range) &&
      holds(entry.by, filter.person) &&
      holds(entry.server, filter.server) &&
      (filter.code === '' || entry.action === filter.code)
    )
      yield entry;
}

export function addAudit(
  portal: FastifyInstance,
  { servers }: Pick<PortalDeps, 'servers'>,
  requestContext: RequestContext,
): void {
  portal.get('/portal/audit', needs('audit:read'), async (request, reply) => {
    const query = queryOf(request);
    const kind = auditKinds.find((one) => one === query.state) ?? 'changes';
    const filter = filterOf(query);
    const at = Math.min(pageOf(query.page), MOST_PAGES);
    const { sort } = filter;
    const order = sort.by === 'when' && !sort.descending ? 'oldest' : 'newest';
    const all = changesOf(servers.audit({ kind, order, ...rangeOf(filter) }), filter);
    const from = (at - 1) * CHANGES_PER_PAGE;
    const isByTime = sort.by === 'when';
    const found = await firstOf(all, isByTime ? from + CHANGES_PER_PAGE + 1 : MOST_SORTED);
    const inOrder = isByTime ? found : sorted(found, sort, BY);
    const lookedAt = !isByTime && found.length === MOST_SORTED ? MOST_SORTED : undefined;
    const entries = inOrder.slice(from, from + CHANGES_PER_PAGE + 1);
    return send(reply, auditPage(requestContext.frame(request), { kind, entries, filter, at, lookedAt }));
  });
}
