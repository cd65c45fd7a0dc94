// Status of one email server: state, connection, sign-in, consumers, the last 24 hours, recent errors with their remedies, a temporary trace, and its
// log, which the script keeps up to date.
import { MailroomError } from '../../domain/errors.ts';
import { type ServerEvent, serverLogBounds } from '../../domain/server-log.ts';
import { eventDefinitions } from '../../telemetry/events/index.ts';
import type { EmailServerView } from '../api/email-servers.ts';
import type { HistoryView } from '../api/history.ts';
import type { PortalDeps, ServerActivity } from './deps.ts';
import { doneNote } from './done.ts';
import { timelineUrl } from './find-page.ts';
import { dayMeter, minuteMeter, namesOf, problemsOf, stateBadge } from './findings.ts';
import { LIST, type Query, type Routes, serverNamed } from './gate.ts';
import { historyFigures, historyUrl } from './history-page.ts';
import { type Html, html } from './html.ts';
import { type Frame, frameMay, page } from './layout.ts';
import { linkTo } from './list-page.ts';
import { crumb, csrfField, exactTime, factList, quote, section, selectField, serverSaid, sinceIf } from './parts.ts';
import { type Column, table } from './table.ts';
import { countIn, durationIn } from './words.ts';
import { errorIn } from './words-errors.ts';

interface ServerPage {
  /** All entries, not only the newest. */
  isWhole: boolean;
  view: EmailServerView;
  activity: ServerActivity;
  history: HistoryView;
}

/** Duration of a trace, minutes. */
const TRACE_MINUTES = 15;
/** Entries shown at first, so that the page stays light. */
const FAULT_ROWS = 10;
const LOG_ROWS = 50;
const TRACES = ['commands', 'answers', 'debug'] as const;

function factsOf(frame: Frame, { view, activity }: ServerPage): Html {
  const { say, language, number } = frame;
  const { live, definition, enabled } = view;
  const { holder, tokenEndsAt, signIn, flows } = activity;
  const isImap = view.serverType === 'IMAP';
  const watchedBy =
    holder === undefined
      ? say('watchedByNobody')
      : html`<code>${holder}</code>${activity.isHere && html` (${say('thisReplica')})`}`;
  const token =
    tokenEndsAt === undefined
      ? say('tokenNone')
      : html`${exactTime(frame, tokenEndsAt)} <span class="dim">${say('tokenRenewed')}</span>`;
  const consumers = flows.map(
    ({ emailFlow, consumers: count, waiting }) =>
      html`<div><a href="${historyUrl(`flow:${emailFlow}`)}">${emailFlow}</a>: ${count ?? say('consumersUnknown')} <span class="dim">· ${number(waiting)} ${say('waitingIn')}</span></div>`,
  );
  return factList(frame, [
    [
      'state',
      html`${stateBadge(frame, live.state)}${live.since !== undefined && html` <span class="dim">${say('since')} ${exactTime(frame, live.since)}</span>`}`,
    ],
    [
      isImap ? 'mailbox' : 'userHead',
      `${String(definition.user ?? '')} · ${String(definition.host ?? '')}:${String(definition.port ?? '')}`,
    ],
    ['watchedBy', isImap && enabled && watchedBy],
    ['connection', !isImap && say('connectionSmtp')],
    ['lastProven', sinceIf(frame, live.lastProvenAt)],
    ['lastMessage', sinceIf(frame, live.lastMessageAt)],
    ['blind', live.blindSeconds === undefined ? undefined : durationIn(language, live.blindSeconds)],
    ['waiting', live.waiting],
    ['paceMinute', minuteMeter(frame, live.pace)],
    ['paceDay', dayMeter(frame, live.pace)],
    ['tokenEnds', definition.authenticationType === 'OAuth2' && token],
    ['signInEnds', signIn && html`${say('signInBy', { person: signIn.person })} ${exactTime(frame, signIn.endsAt)}`],
    ['consumers', consumers.length > 0 && html`${consumers}`],
  ]);
}

const LEVELS = { error: 'bad', warn: 'warn', info: '', debug: '' } as const;

/** The id, as a link to its timeline if the person may open it. */
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
  return html`<span lang="en">${messageOf(one.event)}</span>${details.length > 0 && html` <span class="dim">${details.join(' · ')}</span>`}${idOf(frame, one)}${one.said !== undefined && html` ${quote(one.said)}`}`;
}

interface EventTable {
  id: 'faults' | 'log';
  events: readonly ServerEvent[];
  /** Entries shown at first. */
  rows: number;
  none: string;
  columns: readonly Column<ServerEvent>[];
}

function eventTable(
  frame: Frame,
  { view, isWhole }: ServerPage,
  { id, events, rows, none, columns }: EventTable,
): Html {
  if (events.length === 0) return html`<p class="card dim">${none}</p>`;
  const entries = isWhole ? events : events.slice(0, rows);
  const rest = events.length - entries.length;
  return html`${table(frame, { label: { id }, columns, entries })}${
    rest > 0 &&
    html`<p><a href="${linkTo('status', view.name)}&amp;all=true#${id}">${countIn(frame.language, 'more', rest)}</a></p>`
  }`;
}

const eventColumns = (frame: Frame): Column<ServerEvent>[] => [
  { word: 'when', width: 'time', cell: ({ at }) => exactTime(frame, at) },
  {
    word: 'eventHead',
    width: 20,
    isName: true,
    cell: ({ level, event }) =>
      html`<span class="badge wrap ${LEVELS[level]}">${event.split(/(?=[A-Z])/).map((word) => html`<wbr>${word}`)}</span>`,
  },
];

/** An error with its remedy; an event without a hint is shown as in the log. */
function faultCell(frame: Frame, view: EmailServerView, one: ServerEvent): Html {
  const { say } = frame;
  const { title, hint } = errorIn(frame.language, one.code ?? '', namesOf(view));
  if (hint === '') return eventCell(frame, one);
  return html`<p><code>${one.code}</code> ${title}${idOf(frame, one)}</p>${serverSaid(frame, one.said)}<p><strong>${say('whatToDo')}</strong> ${hint}</p>`;
}

function traceForm(frame: Frame, { view: { name }, activity: { logSwitch } }: ServerPage): Html {
  const { say } = frame;
  const isOn = logSwitch !== undefined;
  const what = logSwitch?.trace ?? 'debug';
  const choices = TRACES.map((one) => [one, say(`trace-${one}`)] as const);
  const form = html`<form class="card" method="post" action="${linkTo('trace', name)}">${csrfField(frame)}<p>${say('traceLead', { minutes: TRACE_MINUTES })}</p>${
    isOn
      ? html`<p class="buttons"><span>${say('traceRuns')} ${exactTime(frame, logSwitch.until)}: <strong>${say(`trace-${what}`)}</strong></span><button class="plain" name="what" value="off">${say('traceStop')}</button></p>`
      : html`<div class="filter"><div>${selectField('what', say('what'), choices)}</div><button class="plain">${say('traceStart')}</button></div>`
  }</form>`;
  return section('trace', say('traceTitle'), form);
}

function serverPage(frame: Frame, given: ServerPage): string {
  const { say } = frame;
  const { view, history, activity } = given;
  const { name } = view;
  const faults = eventTable(frame, given, {
    id: 'faults',
    events: activity.faults,
    rows: FAULT_ROWS,
    none: say('faultsNone'),
    columns: [...eventColumns(frame), { word: 'details', cell: (one) => faultCell(frame, view, one) }],
  });
  const log = eventTable(frame, given, {
    id: 'log',
    events: activity.log,
    rows: LOG_ROWS,
    none: say('logNone'),
    columns: [
      ...eventColumns(frame),
      { word: 'details', cell: (one) => eventCell(frame, one) },
      { word: 'replicaHead', width: 12, css: 'dim', cell: ({ replica }) => replica },
    ],
  });
  const logLead = html`<p class="lead">${say('logLead', { ...serverLogBounds.log })}</p>`;
  return page(
    frame,
    `${say('serverStatus')}: ${name}`,
    'emailServers',
    html`${crumb(LIST, say('emailServers'))}<h1 class="wrap">${name}</h1>
<p class="buttons">${frameMay(frame, 'email-servers:test') && html`<a class="button small" href="${linkTo('test', name)}">${say('test')}</a>`}<a class="button small" href="${linkTo('edit', name)}">${say('toDefinition')}</a><a class="button small" href="${historyUrl(`server:${name}`)}">${say('moreHistory')}</a></p>${doneNote(frame)}
<div data-live="server" data-server="${name}"><div class="card">${factsOf(frame, given)}</div>${problemsOf(frame, view)}
${history.since !== undefined && section('day', say('lastDay'), historyFigures(frame, history, '24h'))}
${section('faults', say('faultsTitle'), faults)}</div>
${frameMay(frame, 'log-level:write') && traceForm(frame, given)}
${section('log', say('logTitle'), html`${logLead}<div data-live="log">${log}</div>`)}`,
  );
}

export function addServerStatus(
  { get, post }: Routes,
  { servers, operations, activity }: Pick<PortalDeps, 'servers' | 'operations' | 'activity'>,
): void {
  async function validServer({ name }: Query): Promise<EmailServerView> {
    const view = await serverNamed(servers, name);
    if (!view.valid) throw new MailroomError('EMAIL_SERVER_NOT_FOUND');
    return view;
  }
  get(`${LIST}/status`, 'email-servers:read', async ({ frame, query }) => {
    const view = await validServer(query);
    const [own, history] = await Promise.all([
      activity(view.name),
      operations.history({ period: '24h', server: view.name }),
    ]);
    return serverPage(frame, { view, activity: own, history, isWhole: query.all === 'true' });
  });
  post(`${LIST}/trace`, 'log-level:write', async ({ query, form, done }) => {
    const { name: server } = await validServer(query);
    const what = TRACES.find((one) => one === form.get('what'));
    const wanted = what === undefined ? {} : what === 'debug' ? { level: what } : { trace: what };
    await operations.switchLog({ server, ...wanted }, TRACE_MINUTES);
    return done(linkTo('status', server), what === undefined ? 'traceOffDone' : 'traceOnDone', server);
  });
}
