// Replies that wait for a person, are in doubt, or have failed: what is known of each, without subject and text; release and drop ask first.

import type { FastifyInstance } from 'fastify';
import { MailroomError } from '../../domain/errors.ts';
import { masked, maskedText } from '../masked.ts';
import type { PortalDeps, PortalReply, ReplyTab } from './deps.ts';
import { timelineUrl } from './find-page.ts';
import { namesOf } from './findings.ts';
import { formOf, needs, queryOf, seeOther, send, type Visits } from './gate.ts';
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
import { countIn, type Word } from './words.ts';
import { errorIn } from './words-errors.ts';

const REPLIES_PER_PAGE = 20;

const TABS = [
  ['held', 'repliesHeld'],
  ['uncertain', 'repliesUncertain'],
  ['rejected', 'repliesRejected'],
] as const satisfies readonly (readonly [ReplyTab, Word])[];

const EMPTY = {
  held: ['noneHeld', 'noneHeldHelp'],
  uncertain: ['noneUncertain', 'noneUncertainHelp'],
  rejected: ['noneRejected', 'noneRejectedHelp'],
} as const satisfies Record<ReplyTab, readonly [Word, Word]>;

const KINDS = { held: 'warn', uncertain: 'warn', rejected: 'bad' } as const;

const tabOf = (text: string | undefined): ReplyTab => TABS.find(([state]) => state === text)?.[0] ?? 'held';

interface RepliesView {
  tab: ReplyTab;
  counts: Readonly<Record<ReplyTab, number>>;
  replies: readonly Shown[];
  /** From 1. */
  at: number;
  done: Done | undefined;
}

function repliesPage(frame: Frame, { tab, counts, replies, at, done }: RepliesView): string {
  const { say, language } = frame;
  const number = new Intl.NumberFormat(language);
  const pages = Math.max(1, Math.ceil(counts[tab] / REPLIES_PER_PAGE));
  const [nothing, nothingHelp] = EMPTY[tab];
  return page(
    frame,
    say('repliesTitle'),
    'repliesTitle',
    html`<h1>${say('repliesTitle')}</h1><p class="lead">${say('repliesLead')}</p>${doneNote(frame, done)}
<div data-live="replies"><ul class="tabs">${TABS.map(([state, word]) => html`<li><a href="/portal/replies?state=${state}"${state === tab && html` aria-current="page"`}>${say(word)} (${number.format(counts[state])})</a></li>`)}</ul>
${replies.map((reply) => card(frame, tab, reply))}
${
  replies.length === 0
    ? html`<div class="card empty"><h2>${say(nothing)}</h2><p>${say(nothingHelp)}</p></div>`
    : pager(frame, {
        at,
        pages,
        total: counts[tab],
        word: 'entries',
        url: (next) => `/portal/replies?state=${tab}&page=${next}`,
      })
}</div>`,
  );
}

/** A reply with what the placeholders of a hint mean at its server. */
type Shown = PortalReply & { names?: Readonly<Record<string, unknown>> };

function facts(frame: Frame, reply: Shown): Html {
  const { say } = frame;
  const shown = frameMay(frame, 'addresses:read');
  const recipients = shown ? reply.to : reply.to.map(masked);
  const to =
    recipients.length > 4
      ? `${recipients.slice(0, 3).join(', ')} + ${countIn(frame.language, 'more', recipients.length - 3)}`
      : recipients.join(', ');
  const failure = reply.failure && {
    ...reply.failure,
    ...errorIn(frame.language, reply.failure.code, { ...reply.names, from: reply.from }),
  };
  return html`<dl class="facts"><dt>${say('server')}</dt><dd>${reply.server}</dd><dt>${say('from')}</dt><dd>${reply.from ?? '–'}</dd><dt>${say('to')}</dt><dd>${to || '–'}</dd><dt>${say('since')}</dt><dd>${since(frame, reply.stateAt)}</dd><dt>${say('handedIn')}</dt><dd>${since(frame, reply.createdAt)}</dd><dt>${say('attempts')}</dt><dd>${reply.attempts}</dd>${
    failure !== undefined &&
    html`<dt>${say('reason')}</dt><dd class="wide"><strong>${failure.title}</strong> ${failure.hint} <code>${failure.code}</code>${failure.said !== undefined && html` <q>${shown ? failure.said : maskedText(failure.said)}</q>`}</dd>`
  }${answeredBy(frame, reply)}</dl>`;
}

/** Who, where a mail in Sent tells it, and when. */
function answeredBy(frame: Frame, { answeredElsewhere: answered }: PortalReply): Html | false {
  const { say } = frame;
  if (answered === undefined) return false;
  const who = answered.who === undefined ? say('unknownColleague') : answered.who;
  const shown = frameMay(frame, 'addresses:read') || answered.who === undefined ? who : masked(who);
  return html`<dt>${say('answeredBy')}</dt><dd>${shown}${answered.at !== undefined && html`, ${since(frame, Date.parse(answered.at))}`}</dd>`;
}

function evidence(frame: Frame, { evidence: lines }: PortalReply): Html {
  if (lines.length === 0) return html`<p class="dim">${frame.say('noEvidence')}</p>`;
  const shown = frameMay(frame, 'addresses:read') ? lines : lines.map(maskedText);
  return html`<ol class="fix mono">${shown.map((line) => html`<li class="wrap">${line}</li>`)}</ol>`;
}

function card(frame: Frame, tab: ReplyTab, reply: Shown): Html {
  const { say } = frame;
  const decide = (action: string) => `/portal/replies/${action}?id=${encodeURIComponent(reply.replyId)}`;
  return html`<article class="card"><div class="bar"><h2 class="wrap"><span class="badge ${KINDS[tab]}">${say(`state-${tab}`)}</span> ${frameMay(frame, 'find:read') ? html`<a href="${timelineUrl('reply', reply.replyId)}"><code>${reply.replyId}</code></a>` : html`<code>${reply.replyId}</code>`}</h2>${
    reply.state === 'held' &&
    frameMay(frame, 'replies:release') &&
    html`<div class="buttons"><a class="button small" href="${decide('release')}" aria-label="${say('release')}: ${reply.replyId}">${say('release')}</a><a class="button small" href="${decide('drop')}" aria-label="${say('drop')}: ${reply.replyId}">${say('drop')}</a></div>`
  }</div>${facts(frame, reply)}<details><summary>${say('evidence')}</summary>${evidence(frame, reply)}</details></article>`;
}

function decidePage(frame: Frame, reply: Shown, action: 'release' | 'drop'): string {
  const { say } = frame;
  return askPage(frame, {
    title: say(action === 'release' ? 'releaseAsk' : 'dropAsk'),
    current: 'repliesTitle',
    body: html`<p class="note warn">${say(action === 'release' ? 'releaseWhat' : 'dropWhat')}</p><p class="wrap"><code>${reply.replyId}</code></p>${facts(frame, reply)}<h2>${say('evidence')}</h2>${evidence(frame, reply)}`,
    action: `/portal/replies/${action}`,
    fields: { id: reply.replyId },
    yes: say(action),
    danger: action === 'drop',
    back: '/portal/replies',
  });
}

export function addReplies(
  portal: FastifyInstance,
  { replies, servers }: Pick<PortalDeps, 'replies' | 'servers'>,
  visits: Visits,
): void {
  async function held(replyId: string) {
    const reply = await replies.read(replyId);
    if (reply === undefined) throw new MailroomError('REPLY_UNKNOWN');
    if (reply.state !== 'held') throw new MailroomError('REPLY_NOT_HELD');
    return (await named([reply]))[0] ?? reply;
  }

  async function named(all: readonly PortalReply[]): Promise<readonly Shown[]> {
    if (!all.some(({ failure }) => failure !== undefined)) return all;
    const names = new Map((await servers.list()).map((view) => [view.name, namesOf(view)]));
    return all.map((one) => ({ ...one, names: names.get(one.server) ?? {} }));
  }

  portal.get('/portal/replies', needs('replies:read'), async (request, reply) => {
    const query = queryOf(request);
    const tab = tabOf(query.state);
    const counts = await replies.counts();
    const last = Math.max(1, Math.ceil(counts[tab] / REPLIES_PER_PAGE));
    const at = Math.min(pageOf(query.page), last);
    const shown = await replies.list(tab, { limit: REPLIES_PER_PAGE, offset: (at - 1) * REPLIES_PER_PAGE });
    const view = { tab, counts, replies: await named(shown), at, done: doneOf(visits.session(request), query) };
    return send(reply, repliesPage(visits.frame(request), view));
  });
  for (const action of ['release', 'drop'] as const) {
    portal.get(`/portal/replies/${action}`, needs('replies:release'), async (request, reply) =>
      send(reply, decidePage(visits.frame(request), await held(queryOf(request).id ?? ''), action)),
    );
    portal.post(`/portal/replies/${action}`, needs('replies:release'), async (request, reply) => {
      const by = visits.who(request);
      const { replyId } = await replies[action](formOf(request).get('id') ?? '', by);
      return seeOther(
        reply,
        doneUrl(
          visits.session(request),
          '/portal/replies',
          action === 'release' ? 'releasedDone' : 'droppedDone',
          replyId,
        ),
      );
    });
  }
}
