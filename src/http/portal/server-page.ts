// One email server as it runs: state, connection, sign-in, consumers, the last 24 hours, recent errors with what to do, a trace for a while, and its log,
// which a page with script shows as it grows.
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { MailroomError } from '../../domain/errors.ts';
import { type ServerEvent, serverLogBounds } from '../../domain/server-log.ts';
import { eventDefinitions } from '../../telemetry/events/index.ts';
import type { EmailServerView } from '../api/email-servers.ts';
import type { HistoryView } from '../api/history.ts';
import type { PortalDeps, ServerActivity } from './deps.ts';
import { timelineUrl } from './find-page.ts';
import { namesOf, problemsOf, stateBadge } from './findings.ts';
import { formOf, LIST, needs, queryOf, type RequestContext, seeOther, send } from './gate.ts';
import { historyFigures, historyUrl } from './history-page.ts';
import { type Html, html } from './html.ts';
import {
  csrfField,
  type Done,
  doneNote,
  doneOf,
  doneUrl,
  exactTime,
  type Frame,
  frameMay,
  page,
  since,
} from './layout.ts';
import { linkTo } from './list-page.ts';
import { dayMeter, minuteMeter } from './pace-view.ts';
import { countIn, durationIn, type Word } from './words.ts';
import { errorIn } from './words-errors.ts';

interface ServerPage {
  /** All that is kept, not only the newest. */
  isWhole: boolean;
  view: EmailServerView;
  activity: ServerActivity;
  history: HistoryView;
  done: Done | undefined;
}

/** For how long a trace runs, minutes. */
const TRACE_MINUTES = 15;
/** Entries before the rest is asked for: a page stays light. */
const FAULT_ROWS = 10;
const LOG_ROWS = 50;
const TRACES = ['commands', 'answers', 'debug'] as const;

function factsOf(frame: Frame, { view, activity }: ServerPage): Html {
  const { say, language } = frame;
  const { live, definition, enabled } = view;
  const isImap = view.serverType === 'IMAP';
  const fact = (word: Word, value: Html | string | false | undefined) =>
    value !== false && value !== undefined && html`<dt>${say(word)}</dt><dd class="wrap">${value}</dd>`;
  const holder =
    activity.holder === undefined
      ? say('watchedByNobody')
      : html`<code>${activity.holder}</code>${activity.isHere && html` (${say('thisReplica')})`}`;
  const token =
    activity.tokenEndsAt === undefined
      ? say('tokenNone')
      : html`${exactTime(frame, activity.tokenEndsAt)} <span class="dim">${say('tokenRenewed')}</span>`;
  const consumers = activity.flows.map(
    ({ emailFlow, consumers: count, waiting }) =>
      html`<div><a href="${historyUrl(`flow:${emailFlow}`)}">${emailFlow}</a>: ${count ?? say('consumersUnknown')} <span class="dim">· ${new Intl.NumberFormat(language).format(waiting)} ${say('waitingIn')}</span></div>`,
  );
  return html`<dl class="facts">${fact('state', html`${stateBadge(frame, live.state)}${live.since !== undefined && html` <span class="dim">${say('since')} ${since(frame, live.since)}</span>`}`)}
${fact(isImap ? 'mailbox' : 'userHead', `${String(definition.user ?? '')} · ${String(definition.host ?? '')}:${String(definition.port ?? '')}`)}
${isImap && enabled && fact('watchedBy', holder)}${!isImap && fact('connectionHead', say('connectionSmtp'))}
${fact('lastProven', live.lastProvenAt === undefined ? undefined : since(frame, live.lastProvenAt))}
${fact('lastMessage', live.lastMessageAt === undefined ? undefined : since(frame, live.lastMessageAt))}
${fact('blind', live.blindSeconds === undefined ? undefined : durationIn(language, live.blindSeconds))}
${fact('waiting', live.waiting === undefined ? undefined : String(live.waiting))}
${live.pace !== undefined && html`${fact('paceMinute', minuteMeter(frame, live.pace))}${fact('paceDay', dayMeter(frame, live.pace))}`}
${definition.authenticationType === 'OAuth2' && fact('tokenEnds', token)}
${activity.signIn !== undefined && fact('signInEnds', html`${say('signInBy', { person: activity.signIn.person })} ${exactTime(frame, activity.signIn.endsAt)}`)}
${consumers.length > 0 && fact('consumersOf', html`${consumers}`)}</dl>`;
}

const LEVELS = { error: 'bad', warn: 'warn', info: '', debug: '' } as const;

/** Ids lead to their timeline, for those who may see it. */
function idOf(frame: Frame, { messageKey, replyId }: ServerEvent): Html | false {
  const [kind, id] = replyId === undefined ? (['message', messageKey] as const) : (['reply', replyId] as const);
  if (id === undefined) return false;
  return frameMay(frame, 'find:read')
    ? html` <a href="${timelineUrl(kind, id)}">${id}</a>`
    : html` <span class="dim">${id}</span>`;
}

const messageOf = (event: string): string =>
  Object.hasOwn(eventDefinitions, event) ? eventDefinitions[event as keyof typeof eventDefinitions].message : '';

function tracedLine({ say }: Frame, { kind, reason }: ServerEvent): Html {
  return html`<code>${kind === 'client' ? '→' : '←'}<span class="hidden"> ${say(kind === 'client' ? 'tracedFrom_client' : 'tracedFrom_server')}</span> ${reason}</code>`;
}

function eventCell(frame: Frame, one: ServerEvent): Html {
  const { language } = frame;
  if (/Traced$/.test(one.event)) return tracedLine(frame, one);
  const numbers = (['uid', 'count', 'attempts'] as const).flatMap((name) =>
    one[name] === undefined ? [] : `${name} ${one[name]}`,
  );
  const times = [one.durationMs, one.delayMs].flatMap((ms) =>
    ms === undefined ? [] : durationIn(language, ms / 1000),
  );
  const details = [one.code, one.reason, one.kind, ...numbers, ...times].filter((text) => text !== undefined);
  return html`<span lang="en">${messageOf(one.event)}</span>${details.length > 0 && html` <span class="dim">${details.join(' · ')}</span>`}${idOf(frame, one)}${one.said !== undefined && html` <q lang="en">${one.said}</q>`}`;
}

function table(frame: Frame, label: string, heads: readonly Word[], rows: readonly Html[]): Html {
  return html`<div class="table stack"><table class="rows w-log" aria-label="${label}"><thead><tr>${heads.map((head) => html`<th scope="col">${frame.say(head)}</th>`)}</tr></thead><tbody>${rows}</tbody></table></div>`;
}

const restOf = ({ language }: Frame, { name }: EmailServerView, count: number, place: string): Html | false =>
  count > 0 &&
  html`<p><a href="${linkTo('status', name)}&amp;all=true#${place}">${countIn(language, 'more', count)}</a></p>`;

const eventHead = (event: ServerEvent): Html =>
  html`<th scope="row" class="wrap"><span class="badge ${LEVELS[event.level]}">${event.event}</span></th>`;

function faultTable(frame: Frame, { view, activity, isWhole }: ServerPage): Html {
  const { faults } = activity;
  const { say } = frame;
  if (faults.length === 0) return html`<p class="card dim">${say('faultsNone')}</p>`;
  const shown = isWhole ? faults : faults.slice(0, FAULT_ROWS);
  const rows = shown.map((one) => {
    const { title, hint } =
      one.code === undefined ? { title: '', hint: '' } : errorIn(frame.language, one.code, namesOf(view));
    const why =
      hint === ''
        ? eventCell(frame, one)
        : html`<p><code>${one.code}</code> ${title}${idOf(frame, one)}</p>${one.said !== undefined && html`<p>${say('serverSaid')} <q lang="en">${one.said}</q></p>`}<p><strong>${say('whatToDo')}</strong> ${hint}</p>`;
    return html`<tr><td data-label="${say('when')}"><div>${exactTime(frame, one.at)}</div></td>${eventHead(one)}<td class="wrap" data-label="${say('details')}"><div>${why}</div></td></tr>`;
  });
  const all = table(frame, say('faultsTitle'), ['when', 'eventHead', 'details'], rows);
  return html`${all}${restOf(frame, view, faults.length - shown.length, 'faults')}`;
}

function logTable(frame: Frame, { view, activity: { log }, isWhole }: ServerPage): Html {
  const { say } = frame;
  if (log.length === 0) return html`<p class="card dim">${say('logNone')}</p>`;
  const shown = isWhole ? log : log.slice(0, LOG_ROWS);
  const rows = shown.map(
    (one) =>
      html`<tr><td data-label="${say('when')}"><div>${exactTime(frame, one.at)}</div></td>${eventHead(one)}<td class="wrap" data-label="${say('details')}"><div>${eventCell(frame, one)}</div></td><td class="wrap dim" data-label="${say('replicaHead')}"><div>${one.replica}</div></td></tr>`,
  );
  const all = table(frame, say('logTitle'), ['when', 'eventHead', 'details', 'replicaHead'], rows);
  return html`${all}${restOf(frame, view, log.length - shown.length, 'log')}`;
}

function traceForm(frame: Frame, { view: { name }, activity: { logSwitch } }: ServerPage): Html {
  const { say } = frame;
  const isOn = logSwitch !== undefined;
  const what = logSwitch?.trace ?? 'debug';
  return html`<section aria-labelledby="trace"><h2 id="trace">${say('traceTitle')}</h2><form class="card" method="post" action="${linkTo('trace', name)}">${csrfField(frame)}<p>${say('traceLead', { minutes: TRACE_MINUTES })}</p>${
    isOn
      ? html`<p class="buttons"><span>${say('traceRuns')} ${exactTime(frame, logSwitch.until)}: <strong>${say(`trace-${what}`)}</strong></span><button class="plain" name="what" value="off">${say('traceStop')}</button></p>`
      : html`<div class="filter"><div><label for="what">${say('traceWhat')}</label><select id="what" name="what">${TRACES.map((one) => html`<option value="${one}">${say(`trace-${one}`)}</option>`)}</select></div><button class="plain">${say('traceStart')}</button></div>`
  }</form></section>`;
}

function serverPage(frame: Frame, given: ServerPage): string {
  const { say } = frame;
  const { view, history, done } = given;
  const { name } = view;
  const problems = problemsOf(frame, view);
  const title = `${say('serverStatus')}: ${name}`;
  return page(
    frame,
    title,
    'emailServers',
    html`<p class="crumb"><a href="${LIST}">← ${say('back')}</a></p><h1 class="wrap">${name}</h1>
<p class="buttons">${frameMay(frame, 'email-servers:test') && html`<a class="button small" href="${linkTo('test', name)}">${say('test')}</a>`}<a class="button small" href="${linkTo('edit', name)}">${say('toDefinition')}</a><a class="button small" href="${historyUrl(`server:${name}`)}">${say('moreHistory')}</a></p>${doneNote(frame, done)}
<div data-live="server" data-server="${name}"><div class="card">${factsOf(frame, given)}</div>${problems}
${history.since !== undefined && html`<section aria-labelledby="day"><h2 id="day">${say('lastDay')}</h2>${historyFigures(frame, history, '24h')}</section>`}
<section aria-labelledby="faults"><h2 id="faults">${say('faultsTitle')}</h2>${faultTable(frame, given)}</section></div>
${frameMay(frame, 'log-level:write') && traceForm(frame, given)}
<section aria-labelledby="log"><h2 id="log">${say('logTitle')}</h2><p class="lead">${say('logLead', { ...serverLogBounds.log })}</p><div data-live="log">${logTable(frame, given)}</div></section>`,
  );
}

export function addServerStatus(
  portal: FastifyInstance,
  { servers, operations, activity }: Pick<PortalDeps, 'servers' | 'operations' | 'activity'>,
  requestContext: RequestContext,
): void {
  async function asked(request: FastifyRequest): Promise<EmailServerView> {
    const view = await servers.get(queryOf(request).name ?? '');
    if (view === undefined || !view.valid) throw new MailroomError('EMAIL_SERVER_NOT_FOUND');
    return view;
  }
  portal.get(`${LIST}/status`, needs('email-servers:read'), async (request, reply) => {
    const view = await asked(request);
    const [own, history] = await Promise.all([
      activity(view.name),
      operations.history({ period: '24h', server: view.name }),
    ]);
    const query = queryOf(request);
    const done = doneOf(requestContext.session(request), query);
    const isWhole = query.all === 'true';
    return send(reply, serverPage(requestContext.frame(request), { view, activity: own, history, done, isWhole }));
  });
  portal.post(`${LIST}/trace`, needs('log-level:write'), async (request, reply) => {
    const { name: server } = await asked(request);
    const what = TRACES.find((one) => one === formOf(request).get('what'));
    const wanted = what === undefined ? {} : what === 'debug' ? { level: what } : { trace: what };
    await operations.switchLog({ server, ...wanted }, TRACE_MINUTES);
    const done = what === undefined ? 'traceOffDone' : 'traceOnDone';
    return seeOther(reply, doneUrl(requestContext.session(request), linkTo('status', server), done, server));
  });
}
