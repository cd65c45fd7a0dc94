// The checklist after the wizard: delegated sign-in, the test of both servers, and one mail there and back.
import { type CheckStep, passed } from '../../domain/doctor.ts';
import { MailroomError } from '../../domain/errors.ts';
import type { EmailServerView } from '../api/email-servers.ts';
import { CONNECT, connectedUrl } from './connect-page.ts';
import type { PortalDeps, RoundTrip } from './deps.ts';
import { namesOf, stateBadge, testLog } from './findings.ts';
import { LIST, type RequestContext, type Routes, seeOther, send, shownError } from './gate.ts';
import { type Html, html } from './html.ts';
import { errorNote, type Frame, page, type ShownError } from './layout.ts';
import { linkTo } from './list-page.ts';
import { csrfField, hiddenField, hiddenFields, quote } from './parts.ts';
import { sendLines, wantsLines } from './test-page.ts';
import { errorIn } from './words-errors.ts';

interface Pair {
  imap: EmailServerView;
  smtp: EmailServerView;
}

interface ConnectedState extends Pair {
  /** Delegated servers that nobody has signed in for. */
  unsigned: readonly string[];
  delegated: boolean;
  tested?: readonly CheckStep[];
  trip?: RoundTrip;
  to?: string;
  failed?: ShownError;
}

const sharedAddress = ({ definition }: EmailServerView): string => {
  const { user, aliases } = definition;
  return String(user ?? '').includes('@') ? String(user) : String([aliases].flat()[0] ?? '');
};

function connectedPage(frame: Frame, state: ConnectedState): string {
  const { say } = frame;
  const { imap, smtp, unsigned, delegated, tested, trip } = state;
  const names = { imap: imap.name, smtp: smtp.name };
  const both = hiddenFields(names);
  /** @param live name of the part that is refreshed; absent: the script of the test updates it */
  const mark = (done: boolean, live?: string) =>
    html`<span class="mark" aria-hidden="true"${live !== undefined && html` data-live="mark-${live}"`}>${done ? '✓' : '○'}</span>`;
  const signIns = unsigned.map(
    (name) =>
      html`<form method="post" action="${LIST}/sign-in">${csrfField(frame)}${both}${hiddenField('name', name)}<button class="main">${say('consent')}: ${name}</button></form>`,
  );
  return page(
    { ...frame, ...(state.failed === undefined ? {} : { failed: true }) },
    say('connectDone'),
    'emailServers',
    html`<h1>${say('connectDone')}</h1><p class="lead">${say('connectDoneLead')}</p>${state.failed !== undefined && errorNote(frame, state.failed, state.failed.title)}
<div class="card" data-live="pair"><ul class="plain-list">${[imap, smtp].map((one) => html`<li class="wrap"><a href="${linkTo('edit', one.name)}">${one.name}</a> ${stateBadge(frame, one.live.state)}</li>`)}</ul></div>
<ol class="checklist card">${
      delegated &&
      html`<li>${mark(unsigned.length === 0, 'sign-in')}<div><strong>${say('consent')}</strong>${unsigned.length > 0 && html`<p class="help">${say('consentHelp')}</p><div class="buttons">${signIns}</div>`}</div></li>`
    }<li>${mark(tested !== undefined && passed(tested))}<div><strong>${say('nextTest')}</strong><form method="post" action="${CONNECT}/test">${csrfField(frame)}${both}<p class="buttons"><button class="plain" name="_action" value="test">${say('testBoth')}</button></p>${testLog(frame, tested)}</form></div></li>
<li>${mark(trip?.arrived === true, 'trip')}<div><strong>${say('nextTrip')}</strong><p class="help">${say('tripHelp')}</p>${tripForm(frame, state, both)}${trip !== undefined && tripNote(frame, state, trip)}</div></li>
<li>${mark(trip?.arrived === true, 'end')}<div><a href="/portal">${say('nextFinish')}</a></div></li></ol>`,
  );
}

function tripForm(frame: Frame, { imap, to }: ConnectedState, both: Html): Html {
  const { say } = frame;
  return html`<form method="post" action="${CONNECT}/trip">${csrfField(frame)}${both}<p><label for="to">${say('tripTo')}</label><input id="to" name="to" type="text" inputmode="email" autocomplete="off" spellcheck="false" value="${to ?? sharedAddress(imap)}"></p><p class="buttons"><button class="plain">${say('tripSend')}</button></p></form>`;
}

function tripNote(frame: Frame, { imap, smtp }: ConnectedState, trip: RoundTrip): Html {
  const { say, language } = frame;
  const flow = String(imap.definition.emailFlow ?? '');
  const sent = trip.state === 'accepted';
  const failed = ['rejected', 'held', 'dropped'].includes(trip.state);
  const { title, hint } = errorIn(language, trip.code ?? '', { ...namesOf(smtp), from: sharedAddress(imap) });
  const lines = [
    html`<li>${failed ? '✕' : '✓'} ${say(failed ? 'trip-failed' : sent ? 'trip-accepted' : 'trip-queued')}${trip.code !== undefined && html`: ${title} ${hint} <code>${trip.code}</code>`}${trip.said !== undefined && html` ${quote(trip.said)}`}</li>`,
    ...(failed
      ? []
      : [html`<li>${trip.arrived ? '✓' : '…'} ${say(trip.arrived ? 'trip-arrived' : 'trip-wait', { flow })}</li>`]),
  ];
  return html`<div data-live="trip" class="note ${failed ? 'bad' : trip.arrived ? 'ok' : ''}" role="status"><ul class="plain-list">${lines}</ul>${!failed && !trip.arrived && html`<p><a href="${connectedUrl({ imap, smtp }, trip.id)}">${say('lookAgain')}</a></p>`}</div>`;
}

type ConnectedDeps = Pick<PortalDeps, 'servers' | 'operations' | 'signedIn' | 'roundTrips'>;

export function addConnected({ get, post }: Routes, deps: ConnectedDeps): void {
  const { servers, operations, roundTrips } = deps;

  /** @throws MailroomError EMAIL_SERVER_NOT_FOUND */
  async function pairOf(given: { imap?: string | null | undefined; smtp?: string | null | undefined }): Promise<Pair> {
    const all = await servers.list();
    const named = (name: string, type: string) => all.find((view) => view.name === name && view.serverType === type);
    const imap = named(given.imap ?? '', 'IMAP');
    const smtp = named(given.smtp ?? '', 'SMTP');
    if (imap === undefined || smtp === undefined) throw new MailroomError('EMAIL_SERVER_NOT_FOUND');
    return { imap, smtp };
  }
  async function stateOf(pair: Pair, more: Partial<ConnectedState> = {}): Promise<ConnectedState> {
    const delegated = [pair.imap, pair.smtp].filter(({ definition }) => definition.signIn === 'delegated');
    const signed = await Promise.all(delegated.map(({ name }) => deps.signedIn(name)));
    const unsigned = delegated.filter((_, index) => signed[index] === undefined).map(({ name }) => name);
    return { ...pair, unsigned, delegated: delegated.length > 0, ...more };
  }
  const posted = ({ form }: RequestContext) => pairOf({ imap: form.get('imap'), smtp: form.get('smtp') });

  get(`${CONNECT}/servers`, 'email-servers:write', async ({ frame, query }) => {
    const pair = await pairOf(query);
    const flow = String(pair.imap.definition.emailFlow ?? '');
    const trip = query.trip === undefined ? {} : { trip: await roundTrips.look(query.trip, flow) };
    return connectedPage(frame, await stateOf(pair, trip));
  });
  post(`${CONNECT}/test`, { access: 'email-servers:write', stream: true }, async (context) => {
    const pair = await posted(context);
    const run = await Promise.all([pair.imap, pair.smtp].map(({ name }) => operations.test(name)));
    async function* both(): AsyncGenerator<CheckStep> {
      for (const steps of run) yield* steps;
    }
    if (wantsLines(context)) return sendLines(context, 'IMAP', both());
    return connectedPage(context.frame, await stateOf(pair, { tested: await Array.fromAsync(both()) }));
  });
  post(`${CONNECT}/trip`, 'email-servers:write', async (context) => {
    const { form, frame, reply, by } = context;
    const pair = await posted(context);
    const to = (form.get('to') ?? '').trim();
    try {
      const mail = { server: pair.smtp.name, from: sharedAddress(pair.imap), to, language: frame.language };
      return seeOther(reply, connectedUrl(pair, await roundTrips.send(mail, by)));
    } catch (error) {
      if (!(error instanceof MailroomError)) throw error;
      const failed = shownError(error, frame.language);
      return send(reply, connectedPage(frame, await stateOf(pair, { failed, to })), 422);
    }
  });
}
