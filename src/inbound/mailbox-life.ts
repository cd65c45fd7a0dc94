// The life of one watched mailbox as a state machine. Pure except for jitter. supervise.ts carries out the moves, watch-mailbox.ts does the work over a
// connection.
//
//   state         entered when                                         what it does
//   connecting    the lease was taken, or a back-off is over           reads the ledger, gets a token, waits its turn, signs in, opens the folder
//   connected     the folder is open, over a first connection          checks that messages can be moved where afterQueued wants them
//                 or a replacement with a newer token
//   catching-up   the check has passed; mail was announced; a poll     settles the start point, then fetches and commits the UIDs without an outcome,
//                 found UIDs without an outcome; a pause is over       one FETCH after another
//   idle          every UID has an outcome, or waits for a later try   waits in IDLE, and polls at each probe interval
//   paused        Redis, the blob store or the email flow accepts      keeps its connection and tries again; without one (the ledger could not be
//                 no work; `reason` names it                           read), waits and connects
//   backing-off   the connection failed for any other reason           waits as long as the error requires (retry.ts), or until it is woken
//   stopped       the definition changed or was removed, the lease     nothing; final
//                 was lost or handed over, the process stops
//
// `failed` and `stopped` may happen in any state. Failures in a row are counted until a connection has lived for minutes, a replacement is open, or
// the mailbox is woken because the fault may be gone.
import { codeOfError, MailroomError } from '../domain/errors.ts';
import type { EventName } from '../telemetry/events/index.ts';
import type { EventFields } from '../telemetry/events.ts';
import type { MailboxState } from './mailbox-status.ts';
import { type Hold, holdAfter, pauseReasonOf } from './pause.ts';
import type { InboundSettings, PauseReason } from './ports.ts';
import { isNormalEnd, retryOf } from './retry.ts';

export interface Life {
  readonly state: MailboxState;
  /** Why it is paused, backing off or stopped. */
  readonly reason: string;
  /** Failed tries in a row. */
  readonly attempt: number;
  /** There is no connection, and none is tried for this long, ms. */
  readonly restMs?: number;
  /** The next sign-in needs another token: the latest one was refused. */
  readonly renew?: boolean;
  /** Paused because a store refuses writes. */
  readonly hold?: Hold | undefined;
}

export type Happened =
  | { what: 'opened' | 'renewed'; emailFlow: string; uidValidity: string }
  | { what: 'checked' | 'announced' | 'unsettled' | 'took' | 'caught-up' | 'interrupted' }
  /** Redis or the email flow is full. */
  | { what: 'pressed'; reason: PauseReason }
  /** A store refused a write. @param at monotonic ms */
  | { what: 'refused'; reason: PauseReason; error: Error; at: number }
  /** @param livedMs of the connection; 0: there was none @param searching the failure was a step in the search for one message (isolation.ts) */
  | { what: 'failed'; error: Error; livedMs: number; searching: boolean }
  | { what: 'rested'; woken: boolean }
  | { what: 'stopped'; reason: string };

export interface Rules {
  settings: Pick<InboundSettings, 'backoff' | 'slowCapMs' | 'passwordCapMs' | 'provenMs'>;
  oauth: boolean;
  random: () => number;
}

export const BEGINNING: Life = { state: 'connecting', reason: '', attempt: 0 };

/** The one place that moves a mailbox from state to state. */
export function nextLife(life: Life, happened: Happened, rules: Rules): Life {
  const { attempt } = life;
  if (life.state === 'stopped') return life;
  switch (happened.what) {
    case 'opened':
      return { state: 'connected', reason: '', attempt };
    case 'renewed':
      return { state: 'connected', reason: '', attempt: 0 };
    case 'checked':
    case 'announced':
    case 'unsettled':
    case 'took':
      return { state: 'catching-up', reason: '', attempt };
    case 'caught-up':
      return { state: 'idle', reason: '', attempt };
    case 'interrupted':
      return life;
    case 'pressed':
      return { state: 'paused', reason: happened.reason, attempt, hold: life.hold };
    case 'refused':
      return { state: 'paused', reason: happened.reason, attempt, hold: holdAfter(life.hold, happened) };
    case 'failed':
      return afterFailure(life, happened, rules);
    case 'rested': {
      const { restMs: _over, ...rest } = life;
      const tries = happened.woken ? 0 : attempt;
      return life.state === 'paused' ? { ...rest, attempt: tries } : { ...rest, ...BEGINNING, attempt: tries };
    }
    case 'stopped':
      return { state: 'stopped', reason: happened.reason, attempt };
  }
}

function afterFailure(
  life: Life,
  { error, livedMs, searching }: Happened & { what: 'failed' },
  { settings, oauth, random }: Rules,
): Life {
  const attempt = isNormalEnd(error, livedMs) ? 0 : searching || livedMs >= settings.provenMs ? 1 : life.attempt + 1;
  const { delayMs: restMs, renew } = retryOf({ error, attempt, livedMs, searching, oauth }, settings, random);
  const reason = pauseReasonOf(error);
  return reason === undefined
    ? { state: 'backing-off', reason: codeOfError(error), attempt, restMs, renew }
    : { state: 'paused', reason, attempt, restMs, renew };
}

/** Failures not caused by the connection. */
const LEDGER_EVENTS: Readonly<Record<string, EventName>> = {
  LEASE_LOST: 'LedgerReloaded',
  LEDGER_STALE: 'LedgerReloaded',
  LEDGER_SET_BACK: 'LedgerSetBack',
};

/** The events of a move; the caller adds the name of the server. */
export function eventsOf(from: Life, to: Life, happened: Happened): [name: EventName, fields: EventFields][] {
  const events: [EventName, EventFields][] = [];
  if (from.state === 'stopped') return events;
  if (to.state === 'paused') {
    const error = happened.what === 'failed' ? happened.error : to.hold?.error;
    if (from.state !== 'paused' || from.reason !== to.reason)
      events.push(['MailboxPaused', { reason: to.reason, ...(error === undefined ? {} : { err: error }) }]);
  } else if (from.state === 'paused') events.push(['MailboxResumed', {}]);
  if (happened.what === 'opened' || happened.what === 'renewed') {
    const { what, emailFlow, uidValidity } = happened;
    events.push([
      what === 'opened' ? 'MailboxConnected' : 'MailboxRenewed',
      { emailFlow, uidValidity, attempts: from.attempt },
    ]);
  }
  if (happened.what === 'failed' && to.state === 'backing-off')
    events.push([
      LEDGER_EVENTS[to.reason] ?? 'MailboxDisconnected',
      { err: happened.error, attempts: to.attempt, delayMs: to.restMs ?? 0, ...hintOf(happened.error) },
    ]);
  if (happened.what === 'stopped') events.push(['MailboxStopped', { reason: happened.reason }]);
  return events;
}

export const hintOf = (error: unknown): { hint?: string } =>
  error instanceof MailroomError ? { hint: error.hint } : {};
