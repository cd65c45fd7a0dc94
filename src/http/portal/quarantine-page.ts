// Messages in quarantine: why and since when, the raw mail to download; processing again and marking as settled ask for confirmation.

import { MailroomError } from '../../domain/errors.ts';
import type { Quarantined, QuarantinedMessage } from '../api/quarantine.ts';
import { rawDownload, sendDownload } from '../downloads.ts';
import { addBulk, backOf, bulkBox, MOST_AT_ONCE } from './bulk.ts';
import type { PortalDeps } from './deps.ts';
import { filterFor, pageAt, wantedOf } from './filter.ts';
import { timelineUrl } from './find-page.ts';
import type { Routes } from './gate.ts';
import { type Html, html } from './html.ts';
import { askPage, type Frame, frameMay } from './layout.ts';
import { listView, personalLines } from './list-view.ts';
import { factList, pageOf, same, since } from './parts.ts';
import type { Column } from './table.ts';
import { wordOf } from './words.ts';

const PER_PAGE = 40;

function reasonOf({ say }: Frame, { reason }: Quarantined): Html {
  const why = wordOf(`why-${reason}`);
  return html`<code>${reason}</code>${why !== undefined && html` <span class="dim">${say(why)}</span>`}`;
}

const messageOf = ({ folder, uid }: Quarantined): Html => html`${folder} · UID ${uid}`;

/** Processed again from its original message, or fetched again where there is none. */
const actionOf = (action: Act, { fetchesAgain }: Pick<QuarantinedMessage, 'fetchesAgain'>) =>
  action === 'enqueue' && fetchesAgain ? 'fetchAgain' : action;

const PATH = '/portal/quarantine';
const ACTS = ['enqueue', 'accept'] as const;
type Act = (typeof ACTS)[number];

/** @param back path and query of the list */
function columnsOf(frame: Frame, back: string): Column<QuarantinedMessage>[] {
  const { say, language } = frame;
  const canDecide = frameMay(frame, 'quarantine:release');
  const bytes = new Intl.NumberFormat(language, { style: 'unit', unit: 'kilobyte', maximumFractionDigits: 1 });
  const keyOf = ({ messageKey }: QuarantinedMessage) => encodeURIComponent(messageKey);
  const ask = (action: Act, message: QuarantinedMessage) => {
    const text = say(actionOf(action, message));
    return html`<a class="button small" href="${PATH}/${action}?key=${keyOf(message)}&back=${encodeURIComponent(back)}" aria-label="${text}: UID ${message.uid}">${text}</a>`;
  };
  return [
    {
      word: 'message',
      by: 'server',
      width: 28,
      isName: true,
      cell: (message) =>
        html`${canDecide && bulkBox(frame, message.messageKey, `${message.server}, UID ${message.uid}`)}<a href="${timelineUrl('message', message.messageKey)}">${messageOf(message)}</a><div class="dim">${message.server} · ${message.emailFlow}</div>${personalLines(frame, message)}`,
    },
    { word: 'when', by: 'when', width: 12, cell: ({ at }) => since(frame, Date.parse(at)) },
    { word: 'reason', by: 'code', cell: (message) => reasonOf(frame, message) },
    {
      word: 'raw',
      width: 16,
      cell: (message) =>
        message.size === undefined
          ? html`<span class="dim">${say('noRaw')}</span>`
          : html`<a href="${PATH}/raw?key=${keyOf(message)}" aria-label="${say('download')}: UID ${message.uid}" download>${say('download')}</a> <span class="dim nowrap">${bytes.format(message.size / 1000)}</span>`,
    },
    {
      width: 20,
      cell: (message) =>
        canDecide && html`<div class="buttons">${ask('enqueue', message)}${ask('accept', message)}</div>`,
    },
  ];
}

function askPageOf(frame: Frame, message: QuarantinedMessage, action: Act, back: string): string {
  const { say } = frame;
  const word = actionOf(action, message);
  return askPage(frame, {
    title: say(`${word}Ask`),
    current: 'quarantineTitle',
    body: html`<p>${say(`${word}What`)}</p>${action === 'enqueue' && message.reason === 'parser-crashed' && html`<p class="note warn">${say('crashedWhat')}</p>`}${factList(
      frame,
      [
        ['server', message.server],
        ['message', messageOf(message)],
        ['flow', message.emailFlow],
        ['since', since(frame, Date.parse(message.at))],
        ['reason', reasonOf(frame, message)],
      ],
    )}`,
    action: `${PATH}/${action}`,
    fields: { key: message.messageKey, back },
    yes: say(word),
    danger: false,
    back,
  });
}

export function addQuarantine(
  routes: Routes,
  { operations, servers, blobs, emit }: Pick<PortalDeps, 'operations' | 'servers' | 'blobs' | 'emit'>,
): void {
  async function quarantinedOne(messageKey: string) {
    const found = await operations.quarantinedOne(messageKey);
    if (found === undefined) throw new MailroomError('MESSAGE_NOT_QUARANTINED');
    return found;
  }

  routes.get(PATH, 'quarantine:read', async ({ frame, query }) => {
    const filter = filterFor(frame, query);
    const { messages, reasons, ...found } = await pageAt(pageOf(query.page), PER_PAGE, (page) =>
      operations.quarantined(wantedOf(filter, 'reason'), page),
    );
    return listView(frame, {
      ...found,
      entries: messages,
      path: PATH,
      title: 'quarantineTitle',
      lead: 'quarantineLead',
      live: 'quarantine',
      perPage: PER_PAGE,
      filter,
      fields: {
        servers: (await servers.list()).filter(({ serverType }) => serverType === 'IMAP').map(({ name }) => name),
        codes: same(reasons),
        person: frameMay(frame, 'addresses:read') && 'sender',
      },
      columns: (back) => columnsOf(frame, back),
      none: ['noneQuarantined', 'noneQuarantinedHelp'],
      acts: frameMay(frame, 'quarantine:release') && ACTS.map((act) => [act, frame.say(act)]),
    });
  });
  routes.get(
    `${PATH}/raw`,
    { access: 'quarantine:read', stream: true },
    async ({ request, reply, query: { key = '' } }) => {
      const raw = await operations.quarantinedRaw(key);
      if (raw === undefined) throw new MailroomError('MESSAGE_NOT_QUARANTINED');
      await sendDownload({ request, reply }, emit, rawDownload(key, raw, blobs));
      return reply;
    },
  );
  for (const action of ACTS) {
    routes.get(`${PATH}/${action}`, 'quarantine:release', async ({ frame, query: { key = '', back } }) =>
      askPageOf(frame, await quarantinedOne(key), action, backOf(back, PATH)),
    );
    routes.post(`${PATH}/${action}`, 'quarantine:release', async ({ form, by, done }) => {
      const key = form.get('key') ?? '';
      const { server, uid } = await (action === 'enqueue'
        ? operations.enqueueAgain(key, by, { alsoCrashed: true }) // its page has warned
        : operations.acceptQuarantined(key, by));
      return done(backOf(form.get('back'), PATH), `${action}Done`, `${server}, UID ${uid}`);
    });
  }
  addBulk(routes, {
    path: PATH,
    current: 'quarantineTitle',
    access: 'quarantine:release',
    acts: ACTS,
    async idsOf(filter, until) {
      const page = { offset: 0, limit: MOST_AT_ONCE };
      const { messages } = await operations.quarantined(wantedOf(filter, 'reason', until), page);
      return messages.map(({ messageKey }) => messageKey);
    },
    question: ({ say }, act) => ({ act: say(act), what: html`<p>${say(`${act}What`)}</p>`, danger: false }),
    decide: (act, key, by) =>
      act === 'enqueue' ? operations.enqueueAgain(key, by) : operations.acceptQuarantined(key, by),
  });
}
