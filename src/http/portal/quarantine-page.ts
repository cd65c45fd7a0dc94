// Messages in quarantine, by mailbox: why and since when, the raw mail to download; read again and mark as settled ask first.

import type { FastifyInstance } from 'fastify';
import { MailroomError } from '../../domain/errors.ts';
import type { Quarantined } from '../api/quarantine.ts';
import { rawDownload, sendDownload } from '../downloads.ts';
import type { PortalDeps } from './deps.ts';
import { timelineUrl } from './find-page.ts';
import { formOf, needs, queryOf, seeOther, send, streams, type Visits } from './gate.ts';
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

interface QuarantineView {
  messages: readonly Quarantined[];
  /** From 1. */
  at: number;
  done: Done | undefined;
}

function quarantinePage(frame: Frame, { messages, at, done }: QuarantineView): string {
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
  return html`<tr><th scope="row" class="wrap"><a href="${timelineUrl('message', messageKey)}">${messageOf(message)}</a></th><td data-label="${say('when')}"><div>${since(frame, Date.parse(message.at))}</div></td><td class="wrap" data-label="${say('reason')}"><div>${reasonOf(frame, message)}</div></td><td data-label="${say('raw')}"><div>${raw}</div></td><td>${frameMay(frame, 'quarantine:release') && html`<div class="buttons">${size !== undefined && HAS_CONTENT.includes(reason) && ask('enqueue')}${ask('accept')}</div>`}</td></tr>`;
}

function quarantineAskPage(frame: Frame, message: Quarantined, action: 'enqueue' | 'accept'): string {
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

export function addQuarantine(
  portal: FastifyInstance,
  { operations, blobs, emit }: Pick<PortalDeps, 'operations' | 'blobs' | 'emit'>,
  visits: Visits,
): void {
  async function asked(messageKey: string) {
    const found = (await operations.quarantined()).find((one) => one.messageKey === messageKey);
    if (found === undefined) throw new MailroomError('MESSAGE_NOT_QUARANTINED');
    return found;
  }

  portal.get('/portal/quarantine', needs('quarantine:read'), async (request, reply) => {
    const query = queryOf(request);
    const view = {
      messages: await operations.quarantined(),
      at: pageOf(query.page),
      done: doneOf(visits.session(request), query),
    };
    return send(reply, quarantinePage(visits.frame(request), view));
  });
  portal.get('/portal/quarantine/raw', streams('quarantine:read'), async (request, reply) => {
    const { key = '' } = queryOf(request);
    const raw = await operations.quarantinedRaw(key);
    if (raw === undefined) throw new MailroomError('MESSAGE_NOT_QUARANTINED');
    return sendDownload({ request, reply }, emit, rawDownload(key, raw, blobs));
  });
  for (const action of ['enqueue', 'accept'] as const) {
    portal.get(`/portal/quarantine/${action}`, needs('quarantine:release'), async (request, reply) =>
      send(reply, quarantineAskPage(visits.frame(request), await asked(queryOf(request).key ?? ''), action)),
    );
    portal.post(`/portal/quarantine/${action}`, needs('quarantine:release'), async (request, reply) => {
      const decide = action === 'enqueue' ? operations.enqueueAgain : operations.acceptQuarantined;
      const { server, uid } = await decide(formOf(request).get('key') ?? '', visits.who(request));
      return seeOther(
        reply,
        doneUrl(visits.session(request), '/portal/quarantine', `${action}Done`, `${server}, UID ${uid}`),
      );
    });
  }
}
