// The changes: who did what to which server, field by field, newest first; sign-ins on their own tab.

import { type AuditEntry, type AuditKind, auditKinds, signInActions } from '../../domain/audit.ts';
import { sorted } from '../../lib/sort.ts';
import { firstOf } from '../../lib/streams.ts';
import { parts } from '../api/privacy.ts';
import type { PortalDeps } from './deps.ts';
import { filterOf, isWithin, type ListFilter, queryText, rangeOf } from './filter.ts';
import type { Routes } from './gate.ts';
import { type Html, html } from './html.ts';
import type { Frame } from './layout.ts';
import { listView } from './list-view.ts';
import { exactTime, pageOf } from './parts.ts';
import type { Column } from './table.ts';
import { countIn, type Language, sayIn, stateIn, type Word, wordOf } from './words.ts';
import { labelIn } from './words-said.ts';

const PATH = '/portal/audit';
const CHANGES_PER_PAGE = 40;
/** More changed fields than this are folded, such as those of a new server. */
const MANY = 4;

const ACTIONS = {
  changes: [
    ...(['create', 'replace', 'copy', 'enable', 'disable', 'delete', 'pause', 'resume', 'release', 'drop'] as const),
    ...(['enqueue-again', 'accept', 'move-flow', 'dead-letter-retry', 'dead-letter-move'] as const),
    ...(['dead-letter-delete', 'round-trip', 'privacy-export', 'privacy-erase'] as const),
  ],
  'sign-ins': signInActions,
} as const;
const TABS = { changes: 'audit', 'sign-ins': 'signInsTab' } as const satisfies Record<AuditKind, Word>;

function didOf({ say }: Frame, { action }: AuditEntry): string {
  const word = wordOf(`did-${action}`);
  return word === undefined ? action : say(word);
}

const columnsOf = (frame: Frame): Column<AuditEntry>[] => [
  { word: 'when', by: 'when', width: 'time', cell: ({ at }) => exactTime(frame, at) },
  { word: 'who', by: 'who', width: 16, cell: ({ by }) => by },
  { word: 'name', by: 'server', width: 20, isName: true, cell: ({ server }) => server || '–' },
  {
    word: 'what',
    by: 'code',
    cell: (entry) => html`<span class="badge wrap">${didOf(frame, entry)}</span>${detailsOf(frame, entry)}`,
  },
];

function detailsOf({ language }: Frame, { action, changes }: AuditEntry): Html {
  const fields = changes.map((change) => {
    const { field, from, to } = detailIn(language, action, change);
    return html`<div class="dim">${field}: ${from !== '' && `${from} → `}${to === '' ? '–' : to}</div>`;
  });
  if (fields.length <= MANY) return html`${fields}`;
  return html`<details><summary class="dim">${countIn(language, 'fields', fields.length)}</summary>${fields}</details>`;
}

const BY: Parameters<typeof sorted<AuditEntry>>[2] = {
  who: ({ by }) => by,
  server: ({ server }) => server,
  code: ({ action }) => action,
};

/** Newest entries that are considered when the order is not by time. */
const MOST_SORTED = 10_000;
/** The last page that can be opened. */
const MOST_PAGES = 250;

const holds = (text: string, part: string): boolean => text.toLowerCase().includes(part.toLowerCase());

/** The entries that match the filter, in their order. */
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

export function addAudit({ get }: Routes, { servers }: Pick<PortalDeps, 'servers'>): void {
  get(PATH, 'audit:read', async ({ frame, query }) => {
    const { say } = frame;
    const kind = auditKinds.find((one) => one === query.state) ?? 'changes';
    const filter = filterOf(query);
    const { sort } = filter;
    const at = Math.min(pageOf(query.page), MOST_PAGES);
    const from = (at - 1) * CHANGES_PER_PAGE;
    const order = sort.by === 'when' && !sort.descending ? 'oldest' : 'newest';
    const all = changesOf(servers.audit({ kind, order, ...rangeOf(filter) }), filter);
    const isByTime = sort.by === 'when';
    const found = await firstOf(all, isByTime ? from + CHANGES_PER_PAGE + 1 : MOST_SORTED);
    const entries = (isByTime ? found : sorted(found, sort, BY)).slice(from, from + CHANGES_PER_PAGE + 1);
    return listView(frame, {
      path: PATH,
      title: 'audit',
      lead: 'auditLead',
      perPage: CHANGES_PER_PAGE,
      tabs: {
        current: kind,
        all: auditKinds.map((state) => ({
          state,
          text: say(TABS[state]),
          // The two kinds have different actions.
          url: `${PATH}?${queryText({ ...filter, code: '' }, { state })}`,
        })),
      },
      filter,
      fields: {
        codes: ACTIONS[kind].map((action) => [action, say(`did-${action}`)]),
        codeLabel: 'what',
        person: 'who',
        hasName: kind === 'changes',
      },
      columns: () => columnsOf(frame),
      entries: entries.slice(0, CHANGES_PER_PAGE),
      at,
      hasNext: entries.length > CHANGES_PER_PAGE,
      lookedAt: !isByTime && found.length === MOST_SORTED ? MOST_SORTED : undefined,
      none: ['nothing'],
    });
  });
}

// Details of a change in words: the field, its old and its new value, looked up by action, field and value. A value without a word (a name, an
// address, an id, a number) is shown unchanged.

interface Change {
  field: string;
  from: string;
  to: string;
}

const YES_OR_NO = { true: 'yes', false: 'no' } as const;
/** Values that are words of the portal, by field; others are looked up as `field-value`. */
const FIELDS: Readonly<Record<string, Readonly<Record<string, Word>>>> = {
  enabled: YES_OR_NO,
  allowPlainText: YES_OR_NO,
  markAnswered: YES_OR_NO,
  tls: {
    enabled: 'enabled',
    disabled: 'disabled',
    implicit: 'tlsImplicit',
    starttls: 'tlsStarttls',
    none: 'tlsNone',
  },
  signIn: { appOnly: 'appOnly', delegated: 'delegated' },
  sendMode: { sendAs: 'sendAs', onBehalf: 'onBehalf' },
  pace: { perMinute: 'perMinute' },
  role: { viewer: 'viewer', operator: 'operator', administrator: 'administrator' },
  by: { 'one-time secret': 'byOneTimeCode', 'API token': 'byApiToken' },
};

/** Outcomes of decisions, by action. */
const BECAME: Readonly<Record<string, Readonly<Record<string, Word>>>> = {
  'enqueue-again': { quarantined: 'step-of-quarantined', enqueued: 'step-of-enqueued' },
  accept: { quarantined: 'step-of-quarantined', accepted: 'settledValue' },
  'dead-letter-retry': { waiting: 'step-of-enqueued' },
  'dead-letter-delete': { deleted: 'deletedValue' },
};

/** `["a","b"]` and `{"move":"Done"}` without JSON's brackets and quotes. */
function plain(text: string, value: (text: string) => string): string {
  if (!/^[[{]/.test(text)) return value(text);
  try {
    const parsed: unknown = JSON.parse(text);
    if (Array.isArray(parsed)) return parsed.map(String).join(', ');
    return Object.entries(parsed as object)
      .map(([key, one]) => `${value(key)}: ${typeof one === 'object' ? JSON.stringify(one) : value(String(one))}`)
      .join(', ');
  } catch {
    return text; // cut off where it was too long
  }
}

/** `messages 3, mails 2`, as operations/erase-person.ts writes it. */
const countsIn = (language: Language, text: string): string =>
  text
    .split(', ')
    .map((one) => {
      const known = parts.find((part) => one.startsWith(`${part} `));
      return known === undefined
        ? sayIn(language)('nothingValue')
        : `${sayIn(language)(`part-${known}`)}: ${one.slice(known.length + 1)}`;
    })
    .join(', ');

const LABELS: Readonly<Record<string, Word>> = { role: 'roleHead', by: 'byHead', state: 'state' };

/** @param action for decisions the field is an id */
export function detailIn(language: Language, action: string, { field, from, to }: Change): Change {
  const say = sayIn(language);
  const label = LABELS[field];
  const named = label === undefined ? labelIn(language, field) : say(label);
  if (action.startsWith('privacy-')) return { field: named, from, to: countsIn(language, to) };
  const states = action === 'release' || action === 'drop';
  const value = (text: string): string => {
    const word = (BECAME[action] ?? FIELDS[field])?.[text] ?? wordOf(states ? `state-${text}` : `${field}-${text}`);
    if (word !== undefined) return say(word);
    return field === 'state' ? stateIn(language, text) : text;
  };
  return { field: named, from: plain(from, value), to: plain(to, value) };
}
