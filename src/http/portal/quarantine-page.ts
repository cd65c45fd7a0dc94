// Messages in quarantine, by mailbox: why and since when, the raw mail to download; read again and mark as settled ask first.

import type { FastifyInstance } from 'fastify';
import { MailroomError } from '../../domain/errors.ts';
import { FIND_DAYS } from '../../domain/found.ts';
import type { Quarantined, QuarantinedMessage } from '../api/quarantine.ts';
import { rawDownload, sendDownload } from '../downloads.ts';
import { type Bulk, backOf, bulkBar, bulkBox, bulkOf, bulkPage, decideAll, MOST_AT_ONCE } from './bulk.ts';
import type { PortalDeps } from './deps.ts';
import {
  type Column,
  filterFor,
  filterForm,
  filterIn,
  isNarrow,
  type ListFilter,
  listRangeOf,
  pageAt,
  queryText,
  sortHeads,
} from './filter.ts';
import { timelineUrl } from './find-page.ts';
import { formOf, needs, queryOf, type RequestContext, seeOther, send, streams } from './gate.ts';
import { type Html, html } from './html.ts';
import {
  askPage,
  type Done,
  doneNote,
  doneOf,
  doneUrl,
  type Frame,
  frameMay,
  page,
  pageOf,
  pager,
  since,
} from './layout.ts';
import { personalLines } from './personal.ts';

const PER_PAGE = 40;

const WHY = [
  'no-data',
  'connection-closed',
  'server-silent',
  'fetch-refused',
  'replacement-text',
  'parser-failed',
  'parse-timeout',
  'parse-memory',
  'parser-crashed',
] as const;

function reasonOf({ say }: Frame, { reason }: Quarantined): Html {
  const known = WHY.find((one) => one === reason);
  return html`<code>${reason}</code>${known !== undefined && html` <span class="dim">${say(`why-${known}`)}</span>`}`;
}

const messageOf = ({ folder, uid }: Quarantined): Html => html`${folder} · UID ${uid}`;

/** Processed again from its original message, or fetched again where there is none. */
const wordOf = (action: 'enqueue' | 'accept', { fetchesAgain }: Pick<QuarantinedMessage, 'fetchesAgain'>) =>
  action === 'enqueue' && fetchesAgain ? 'fetchAgain' : action;

const PATH = '/portal/quarantine';
const ACTS = ['enqueue', 'accept'] as const;

interface QuarantineView {
  messages: readonly QuarantinedMessage[];
  /** That fit the filter. */
  total: number;
  filter: ListFilter;
  servers: readonly string[];
  reasons: readonly string[];
  /** From 1. */
  at: number;
  done: Done | undefined;
}

function quarantinePage(frame: Frame, view: QuarantineView): string {
  const { messages, total, filter, servers, reasons, at, done } = view;
  const { say } = frame;
  const pages = Math.max(1, Math.ceil(total / PER_PAGE));
  const url = (next: number) => `${PATH}?${queryText(filter, { page: String(next) })}`;
  const acts = ACTS.map((act) => [act, say(act)] as const);
  const none = isNarrow(filter)
    ? html`<div class="card empty"><h2>${say('noMatch')}</h2></div>`
    : html`<div class="card empty"><h2>${say('noneQuarantined')}</h2><p>${say('noneQuarantinedHelp')}</p></div>`;
  const codes = reasons.map((reason) => [reason, reason] as const);
  return page(
    frame,
    say('quarantineTitle'),
    'quarantineTitle',
    html`<h1>${say('quarantineTitle')}</h1><p class="lead">${say('quarantineLead')}</p>${doneNote(frame, done)}${(total > 0 || isNarrow(filter)) && filterForm(frame, { filter, servers, codes, columns: COLUMNS, ...(frameMay(frame, 'addresses:read') && { person: 'sender' }) })}${filter.person !== '' && html`<p class="dim">${say('personReach', { days: FIND_DAYS })}</p>`}<div data-live="quarantine">${
      messages.length === 0
        ? none
        : html`${table(frame, view, url(at))}${pager(frame, { at, pages, total, word: 'entries', url })}${frameMay(frame, 'quarantine:release') && bulkBar(frame, { action: `${PATH}/bulk`, back: url(at), acts, total })}`
    }</div>`,
  );
}

const COLUMNS: readonly Column[] = [
  { word: 'message', by: 'server' },
  { word: 'when', by: 'when' },
  { word: 'reason', by: 'code' },
  { word: 'raw' },
];

function table(frame: Frame, { messages, filter }: QuarantineView, back: string): Html {
  const { say } = frame;
  return html`<div class="table stack"><table class="rows w-quarantine" aria-label="${say('quarantineTitle')}"><thead><tr>${sortHeads(frame, filter, COLUMNS, (next) => `${PATH}?${queryText(next)}`)}<th scope="col"><span class="hidden">${say('actions')}</span></th></tr></thead><tbody>
${messages.map((message) => row(frame, message, back))}</tbody></table></div>`;
}

function row(frame: Frame, message: QuarantinedMessage, back: string): Html {
  const { say, language } = frame;
  const { messageKey, size, uid, server, emailFlow } = message;
  const key = encodeURIComponent(messageKey);
  const may = frameMay(frame, 'quarantine:release');
  const ask = (action: 'enqueue' | 'accept') => {
    const text = say(wordOf(action, message));
    return html`<a class="button small" href="${PATH}/${action}?key=${key}&back=${encodeURIComponent(back)}" aria-label="${text}: UID ${uid}">${text}</a>`;
  };
  const bytes = new Intl.NumberFormat(language, { style: 'unit', unit: 'kilobyte', maximumFractionDigits: 1 });
  const raw =
    size === undefined
      ? html`<span class="dim">${say('noRaw')}</span>`
      : html`<a href="${PATH}/raw?key=${key}" aria-label="${say('download')}: UID ${uid}" download>${say('download')}</a> <span class="dim nowrap">${bytes.format(size / 1000)}</span>`;
  return html`<tr><th scope="row" class="wrap">${may && bulkBox(messageKey, `${say('select')}: ${server}, UID ${uid}`)} <a href="${timelineUrl('message', messageKey)}">${messageOf(message)}</a><div class="dim">${server} · ${emailFlow}</div>${personalLines(frame, message)}</th><td data-label="${say('when')}"><div>${since(frame, Date.parse(message.at))}</div></td><td class="wrap" data-label="${say('reason')}"><div>${reasonOf(frame, message)}</div></td><td data-label="${say('raw')}"><div>${raw}</div></td><td>${may && html`<div class="buttons">${ask('enqueue')}${ask('accept')}</div>`}</td></tr>`;
}

function bulkAskPage(frame: Frame, bulk: Bulk, act: (typeof ACTS)[number], count: number): string {
  const { say } = frame;
  return bulkPage(frame, {
    ...{ bulk, count, act: say(act), current: 'quarantineTitle', action: `${PATH}/bulk`, danger: false },
    what: html`<p>${say(`${act}What`)}</p>`,
  });
}

function quarantineAskPage(
  frame: Frame,
  message: QuarantinedMessage,
  action: 'enqueue' | 'accept',
  back: string,
): string {
  const { say } = frame;
  const word = wordOf(action, message);
  return askPage(frame, {
    title: say(`${word}Ask`),
    current: 'quarantineTitle',
    body: html`<p>${say(`${word}What`)}</p>${action === 'enqueue' && message.reason === 'parser-crashed' && html`<p class="note warn">${say('crashedWhat')}</p>`}<dl class="facts"><dt>${say('server')}</dt><dd>${message.server}</dd><dt>${say('message')}</dt><dd>${messageOf(message)}</dd><dt>${say('flow')}</dt><dd>${message.emailFlow}</dd><dt>${say('since')}</dt><dd>${since(frame, Date.parse(message.at))}</dd><dt>${say('reason')}</dt><dd>${reasonOf(frame, message)}</dd></dl>`,
    action: `/portal/quarantine/${action}`,
    fields: { key: message.messageKey, back },
    yes: say(word),
    danger: false,
    back,
  });
}

const wantedOf = (filter: ListFilter) => ({
  ...listRangeOf(filter),
  ...(filter.server === '' ? {} : { server: filter.server }),
  ...(filter.code === '' ? {} : { reason: filter.code }),
  ...(filter.person === '' ? {} : { person: filter.person }),
});

export function addQuarantine(
  portal: FastifyInstance,
  { operations, servers, blobs, emit }: Pick<PortalDeps, 'operations' | 'servers' | 'blobs' | 'emit'>,
  requestContext: RequestContext,
): void {
  const decide = (act: (typeof ACTS)[number]) =>
    act === 'enqueue' ? operations.enqueueAgain : operations.acceptQuarantined;
  async function asked(messageKey: string) {
    const found = await operations.quarantinedOne(messageKey);
    if (found === undefined) throw new MailroomError('MESSAGE_NOT_QUARANTINED');
    return found;
  }

  portal.get(PATH, needs('quarantine:read'), async (request, reply) => {
    const query = queryOf(request);
    const filter = filterFor(requestContext.frame(request), query);
    const found = await pageAt(pageOf(query.page), PER_PAGE, (page) => operations.quarantined(wantedOf(filter), page));
    const names = (await servers.list()).filter(({ serverType }) => serverType === 'IMAP').map(({ name }) => name);
    const view = { ...found, filter, servers: names, done: doneOf(requestContext.session(request), query) };
    return send(reply, quarantinePage(requestContext.frame(request), view));
  });
  portal.get('/portal/quarantine/raw', streams('quarantine:read'), async (request, reply) => {
    const { key = '' } = queryOf(request);
    const raw = await operations.quarantinedRaw(key);
    if (raw === undefined) throw new MailroomError('MESSAGE_NOT_QUARANTINED');
    return sendDownload({ request, reply }, emit, rawDownload(key, raw, blobs));
  });
  for (const action of ACTS) {
    portal.get(`${PATH}/${action}`, needs('quarantine:release'), async (request, reply) => {
      const { key = '', back } = queryOf(request);
      return send(
        reply,
        quarantineAskPage(requestContext.frame(request), await asked(key), action, backOf(back, PATH)),
      );
    });
    portal.post(`${PATH}/${action}`, needs('quarantine:release'), async (request, reply) => {
      const form = formOf(request);
      const key = form.get('key') ?? '';
      const by = requestContext.who(request);
      const { server, uid } = await (action === 'enqueue'
        ? operations.enqueueAgain(key, by, { alsoCrashed: true }) // its page has warned
        : operations.acceptQuarantined(key, by));
      const back = backOf(form.get('back'), PATH);
      return seeOther(reply, doneUrl(requestContext.session(request), back, `${action}Done`, `${server}, UID ${uid}`));
    });
  }
  portal.post(`${PATH}/bulk`, needs('quarantine:release'), async (request, reply) => {
    const bulk = bulkOf(formOf(request), PATH);
    const { scope, back, asked: at } = bulk;
    const act = ACTS.find((one) => one === bulk.act);
    if (act === undefined) throw new MailroomError('HTTP_NOT_FOUND');
    const { to = at, ...wanted } = wantedOf(filterIn(back));
    const page = { offset: 0, limit: MOST_AT_ONCE };
    const all = async () =>
      (await operations.quarantined({ ...wanted, to: Math.min(to, at) }, page)).messages.map((one) => one.messageKey);
    const keys = scope === 'all' ? await all() : bulk.ids;
    if (keys.length === 0) return seeOther(reply, back);
    if (!bulk.confirmed) return send(reply, bulkAskPage(requestContext.frame(request), bulk, act, keys.length));
    const by = requestContext.who(request);
    const count = await decideAll(keys, (key) => decide(act)(key, by));
    return seeOther(reply, doneUrl(requestContext.session(request), back, 'bulkDone', `${count} / ${keys.length}`));
  });
}
