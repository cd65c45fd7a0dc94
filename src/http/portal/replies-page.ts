// Replies by state, those that wait for a person first; without subject and text. Sending again and dropping ask for confirmation.

import { MailroomError } from '../../domain/errors.ts';
import type { EmailServerView } from '../api/email-servers.ts';
import { masked, maskedText } from '../masked.ts';
import { addBulk, backOf, bulkBox, MOST_AT_ONCE } from './bulk.ts';
import type { PortalDeps, PortalReply } from './deps.ts';
import { filterFor, pageAt, queryText, wantedOf } from './filter.ts';
import { timelineUrl } from './find-page.ts';
import { namesOf } from './findings.ts';
import type { Routes } from './gate.ts';
import { type Html, html } from './html.ts';
import { askPage, type Frame, frameMay } from './layout.ts';
import { listView } from './list-view.ts';
import { type Fact, factList, pageOf, since } from './parts.ts';
import type { Column } from './table.ts';
import { countIn, type Word } from './words.ts';
import { errorIn } from './words-errors.ts';

const REPLIES_PER_PAGE = 20;

/** States that need a person come first. */
const TABS = ['held', 'uncertain', 'rejected', 'prepared', 'queued', 'accepted', 'dropped'] as const;
type Tab = (typeof TABS)[number];

const EMPTY: Readonly<Partial<Record<Tab, readonly [Word, Word]>>> = {
  held: ['noneHeld', 'noneHeldHelp'],
  uncertain: ['noneUncertain', 'noneUncertainHelp'],
  rejected: ['noneRejected', 'noneRejectedHelp'],
};

const ACTS = ['release', 'drop'] as const;
type Act = (typeof ACTS)[number];

const PATH = '/portal/replies';
const tabOf = (text: string | undefined): Tab => TABS.find((state) => state === text) ?? 'held';

/** A reply with the values for the placeholders of a hint. */
type Shown = PortalReply & { names: Readonly<Record<string, unknown>> };

function shownIn(views: readonly EmailServerView[]): (reply: PortalReply) => Shown {
  const names = new Map(views.map((view) => [view.name, namesOf(view)]));
  // When the server was deleted, the reply still has its name.
  return (one) => ({ ...one, names: names.get(one.server) ?? { server: one.server, user: one.from } });
}

function recipientsOf(frame: Frame, { to }: Shown): string {
  const recipients = frameMay(frame, 'addresses:read') ? to : to.map(masked);
  return recipients.length > 4
    ? `${recipients.slice(0, 3).join(', ')} + ${countIn(frame.language, 'more', recipients.length - 3)}`
    : recipients.join(', ') || '–';
}

/** The failure with its remedy, and who answered in Outlook. */
function reasonFacts(frame: Frame, { failure, names, from, answeredElsewhere: answered }: Shown): Fact[] {
  const canSee = frameMay(frame, 'addresses:read');
  const facts: Fact[] = [];
  if (failure !== undefined) {
    const { title, hint } = errorIn(frame.language, failure.code, { ...names, from });
    const said = failure.said === undefined || canSee ? failure.said : maskedText(failure.said);
    const reason = html`<strong>${title}</strong> ${hint} <code>${failure.code}</code>${said !== undefined && html` <q>${said}</q>`}`;
    facts.push(['reason', reason, 'wide']);
  }
  if (answered !== undefined) {
    const { who, at } = answered;
    const shown = who === undefined ? frame.say('unknownColleague') : canSee ? who : masked(who);
    facts.push(['answeredBy', html`${shown}${at !== undefined && html`, ${since(frame, Date.parse(at))}`}`]);
  }
  return facts;
}

function evidence(frame: Frame, { evidence: lines }: PortalReply): Html {
  if (lines.length === 0) return html`<p class="dim">${frame.say('noEvidence')}</p>`;
  const shown = frameMay(frame, 'addresses:read') ? lines : lines.map(maskedText);
  return html`<ol class="fix mono">${shown.map((line) => html`<li class="wrap">${line}</li>`)}</ol>`;
}

/** @param back path and query of the list */
function columnsOf(frame: Frame, canMark: boolean, back: string): Column<Shown>[] {
  const { say } = frame;
  const canDecide = frameMay(frame, 'replies:release');
  const decide = (action: Act, replyId: string) =>
    html`<a class="button small" href="${PATH}/${action}?id=${encodeURIComponent(replyId)}&back=${encodeURIComponent(back)}" aria-label="${say(action)}: ${replyId}">${say(action)}</a>`;
  return [
    {
      word: 'replyId',
      by: 'reply',
      width: 16,
      isName: true,
      cell({ replyId }) {
        const id = html`<code>${replyId}</code>`;
        return html`${canMark && bulkBox(frame, replyId, replyId)}${frameMay(frame, 'find:read') ? html`<a href="${timelineUrl('reply', replyId)}">${id}</a>` : id}`;
      },
    },
    {
      word: 'server',
      by: 'server',
      width: 16,
      cell: ({ server, from }) => html`${server}<div class="dim">${from}</div>`,
    },
    { word: 'to', by: 'to', width: 18, cell: (reply) => recipientsOf(frame, reply) },
    { word: 'since', by: 'when', width: 10, cell: ({ stateAt }) => since(frame, stateAt) },
    {
      word: 'handedIn',
      by: 'received',
      width: 10,
      cell: ({ createdAt, attempts }) =>
        html`${since(frame, createdAt)}<div class="dim">${say('attempts')}: ${attempts}</div>`,
    },
    { word: 'errorCode', by: 'code', cell: ({ failure }) => failure && html`<code>${failure.code}</code>` },
    {
      width: 16,
      cell: ({ replyId, state }) =>
        state === 'held' &&
        canDecide &&
        html`<div class="buttons">${decide('release', replyId)}${decide('drop', replyId)}</div>`,
    },
  ];
}

function moreOf(frame: Frame, reply: Shown): Html {
  const facts = reasonFacts(frame, reply);
  return html`${facts.length > 0 && factList(frame, facts)}<details><summary>${frame.say('evidence')}</summary>${evidence(frame, reply)}</details>`;
}

function decidePage(frame: Frame, reply: Shown, action: Act, back: string): string {
  const { say } = frame;
  const facts = factList(frame, [
    ['server', reply.server],
    ['from', reply.from ?? '–'],
    ['to', recipientsOf(frame, reply)],
    ['since', since(frame, reply.stateAt)],
    ['handedIn', since(frame, reply.createdAt)],
    ['attempts', reply.attempts],
    ...reasonFacts(frame, reply),
  ]);
  return askPage(frame, {
    title: say(`${action}Ask`),
    current: 'repliesTitle',
    body: html`<p class="note warn">${say(`${action}What`)}</p><p class="wrap"><code>${reply.replyId}</code></p>${facts}<h2>${say('evidence')}</h2>${evidence(frame, reply)}`,
    action: `${PATH}/${action}`,
    fields: { id: reply.replyId, back },
    yes: say(action),
    danger: action === 'drop',
    back,
  });
}

export function addReplies(routes: Routes, { replies, servers }: Pick<PortalDeps, 'replies' | 'servers'>): void {
  async function held(replyId: string) {
    const reply = await replies.read(replyId);
    if (reply === undefined) throw new MailroomError('REPLY_UNKNOWN');
    if (reply.state !== 'held') throw new MailroomError('REPLY_NOT_HELD');
    return shownIn(await servers.list())(reply);
  }

  routes.get(PATH, 'replies:read', async ({ frame, query }) => {
    const { say } = frame;
    const tab = tabOf(query.state);
    const filter = filterFor(frame, query);
    const [counts, views, { entries, ...found }] = await Promise.all([
      replies.counts(),
      servers.list(),
      pageAt(pageOf(query.page), REPLIES_PER_PAGE, (page) => replies.list(tab, wantedOf(filter, 'code'), page)),
    ]);
    const canMark = tab === 'held' && frameMay(frame, 'replies:release');
    return listView(frame, {
      ...found,
      entries: entries.map(shownIn(views)),
      path: PATH,
      title: 'repliesTitle',
      lead: 'repliesLead',
      live: 'replies',
      perPage: REPLIES_PER_PAGE,
      tabs: {
        current: tab,
        all: TABS.map((state) => ({
          state,
          text: `${say(`state-${state}`)} (${frame.number(counts[state])})`,
          url: `${PATH}?${queryText(filter, { state })}`,
        })),
        live: 'tabs',
      },
      filter,
      fields: {
        servers: views.filter(({ serverType }) => serverType === 'SMTP').map(({ name }) => name),
        codeLabel: 'errorCode',
        person: frameMay(frame, 'addresses:read') && 'to',
      },
      columns: (back) => columnsOf(frame, canMark, back),
      more: (one) => moreOf(frame, one),
      none: EMPTY[tab] ?? ['nothing'],
      acts: canMark && ACTS.map((act) => [act, say(act)]),
    });
  });
  for (const action of ACTS) {
    routes.get(`${PATH}/${action}`, 'replies:release', async ({ frame, query: { id = '', back } }) =>
      decidePage(frame, await held(id), action, backOf(back, PATH)),
    );
    routes.post(`${PATH}/${action}`, 'replies:release', async ({ form, by, done }) => {
      const { replyId } = await replies[action](form.get('id') ?? '', by);
      const what = action === 'release' ? 'releasedDone' : 'droppedDone';
      return done(backOf(form.get('back'), PATH), what, replyId);
    });
  }
  addBulk(routes, {
    path: PATH,
    current: 'repliesTitle',
    access: 'replies:release',
    acts: ACTS,
    idsOf: (filter, until) => replies.ids('held', wantedOf(filter, 'code', until), MOST_AT_ONCE),
    question: ({ say }, act) => ({
      act: say(act),
      what: html`<p class="note warn">${say(`${act}What`)}</p>`,
      danger: act === 'drop',
    }),
    decide: (act, replyId, by) => replies[act](replyId, by),
  });
}
