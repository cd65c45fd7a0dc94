// Messages in quarantine, by mailbox: why and since when, the raw mail to download, read again or mark as settled. Pure.
import type { Quarantined } from '../api/quarantine.ts';
import { type Html, html } from './html.ts';
import { type Frame, frameMay, page } from './layout.ts';
import { askPage } from './pages.ts';
import { type Done, doneNote, pager, since } from './parts.ts';

const PER_PAGE = 40;

/** Only what we have can be read again; the others have to be fetched from the mailbox. */
const HAS_CONTENT = ['parser-failed', 'parse-timeout', 'parse-memory', 'parser-crashed'];
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

export interface QuarantineView {
  messages: readonly Quarantined[];
  /** From 1. */
  at: number;
  done: Done | undefined;
}

export function quarantinePage(frame: Frame, { messages, at, done }: QuarantineView): string {
  const { say } = frame;
  const pages = Math.max(1, Math.ceil(messages.length / PER_PAGE));
  const shown = messages.slice((at - 1) * PER_PAGE, at * PER_PAGE);
  const servers = [...new Set(shown.map(({ server }) => server))];
  const paging = { at, pages, total: messages.length, word: 'entries' as const };
  const body =
    messages.length === 0
      ? html`<div class="card empty"><h2>${say('noneQuarantined')}</h2><p>${say('noneQuarantinedHelp')}</p></div>`
      : html`${servers.map((server, index) =>
          ofServer(
            frame,
            `server-${index}`,
            server,
            shown.filter((message) => message.server === server),
          ),
        )}${pager(frame, { ...paging, url: (next) => `/portal/quarantine?page=${next}` })}`;
  return page(
    frame,
    say('quarantineTitle'),
    'quarantineTitle',
    html`<h1>${say('quarantineTitle')}</h1><p class="lead">${say('quarantineLead')}</p>${doneNote(frame, done)}<div data-live="quarantine">${body}</div>`,
  );
}

function ofServer(frame: Frame, id: string, server: string, messages: readonly Quarantined[]): Html {
  const { say } = frame;
  const heads = ['message', 'when', 'reason', 'raw'] as const;
  return html`<section aria-labelledby="${id}"><h2 id="${id}" class="wrap">${server} <span class="dim">${messages[0]?.emailFlow}</span></h2><div class="table stack"><table class="rows w-quarantine" aria-labelledby="${id}"><thead><tr>${heads.map((head) => html`<th scope="col">${say(head)}</th>`)}<th scope="col"><span class="hidden">${say('actions')}</span></th></tr></thead><tbody>
${messages.map((message) => row(frame, message))}</tbody></table></div></section>`;
}

function row(frame: Frame, message: Quarantined): Html {
  const { say, language } = frame;
  const { messageKey, size, uid, reason } = message;
  const key = encodeURIComponent(messageKey);
  const ask = (action: 'enqueue' | 'accept') =>
    html`<a class="button small" href="/portal/quarantine/${action}?key=${key}" aria-label="${say(action)}: UID ${uid}">${say(action)}</a>`;
  const bytes = new Intl.NumberFormat(language, { style: 'unit', unit: 'kilobyte', maximumFractionDigits: 1 });
  const raw =
    size === undefined
      ? html`<span class="dim">${say('noRaw')}</span>`
      : html`<a href="/portal/quarantine/raw?key=${key}" aria-label="${say('download')}: UID ${uid}" download>${say('download')}</a> <span class="dim nowrap">${bytes.format(size / 1000)}</span>`;
  return html`<tr><th scope="row" class="wrap">${messageOf(message)}</th><td data-label="${say('when')}"><div>${since(frame, Date.parse(message.at))}</div></td><td class="wrap" data-label="${say('reason')}"><div>${reasonOf(frame, message)}</div></td><td data-label="${say('raw')}"><div>${raw}</div></td><td>${frameMay(frame, 'quarantine:release') && html`<div class="buttons">${size !== undefined && HAS_CONTENT.includes(reason) && ask('enqueue')}${ask('accept')}</div>`}</td></tr>`;
}

export function quarantineAskPage(frame: Frame, message: Quarantined, action: 'enqueue' | 'accept'): string {
  const { say } = frame;
  return askPage(frame, {
    title: say(`${action}Ask`),
    current: 'quarantineTitle',
    body: html`<p>${say(`${action}What`)}</p><dl class="facts"><dt>${say('server')}</dt><dd>${message.server}</dd><dt>${say('message')}</dt><dd>${messageOf(message)}</dd><dt>${say('flow')}</dt><dd>${message.emailFlow}</dd><dt>${say('since')}</dt><dd>${since(frame, Date.parse(message.at))}</dd><dt>${say('reason')}</dt><dd>${reasonOf(frame, message)}</dd></dl>`,
    action: `/portal/quarantine/${action}`,
    fields: { key: message.messageKey },
    yes: say(action),
    danger: false,
    back: '/portal/quarantine',
  });
}
