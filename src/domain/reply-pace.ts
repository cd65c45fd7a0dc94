// Port of the pace of a sending mailbox, as outbound uses it; adapters/redis/pace.ts keeps it for all replicas.
import { DAY_MS, HOUR_MS } from '../lib/time.ts';

/** Longest wait that an answer may ask for, ms: for one reply, and for everything on the server. */
export const LONGEST_ASKED_MS = { reply: HOUR_MS, server: DAY_MS };
/** Waits are stretched by up to this share, so that replicas do not return at the same moment. */
export const STRETCH = 1 / 4;
/** The longest wait that there is, ms. An end later than this comes from a clock that was ahead. */
export const LONGEST_WAIT_MS = LONGEST_ASKED_MS.server * (1 + STRETCH);
/** Longest sleep of a waiting job, ms: whether its reply is due is decided by the journal. */
export const LONGEST_SLEEP_MS = HOUR_MS;

/** `wanted`: renewed, but a sender that has no connection waits for one. */
export type SlotAnswer = 'taken' | 'wanted' | 'full';

/** What was sent recently, by Redis' clock. */
export interface PaceUsed {
  /** Epoch ms. */
  now: number;
  /** Submissions of the last minute. */
  minute: number;
  /** Hour since the epoch → recipients. */
  hours: ReadonlyMap<number, number>;
}

export interface Pace {
  /** One submission. The same token is granted once and remains granted. */
  acquire(input: {
    mailbox: string;
    token: string;
    perMinute: number;
    recipients: number;
    recipientsPerDay: number;
  }): Promise<{ granted: true } | { granted: false; waitMs: number; reason: 'minute' | 'day' | 'asked' }>;
  /** The server asked for a slower pace: nothing is granted for this many ms, on any replica. The longest wait applies. */
  wait(input: { mailbox: string; ms: number }): Promise<void>;
  /** The rest of {@link wait} in ms; 0: none. */
  waitMs(mailbox: string): Promise<number>;
  /** Moves a granted submission to the present time, because its mail is sent only now. */
  stamp(input: { mailbox: string; token: string }): Promise<void>;
  /** Returns the grant of a submission that never reached the server. */
  refund(input: { mailbox: string; token: string; recipients: number }): Promise<void>;
  used(mailbox: string): Promise<PaceUsed>;
  /** The mailbox is near its limit of recipients. @returns whether this is new */
  noteNear(mailbox: string): Promise<boolean>;
  /** It no longer is: the next {@link noteNear} is new again. */
  noteFar(mailbox: string): Promise<void>;
  /** A connection; taking it again renews it. @param hasNone the caller has no other, so the holders must release one */
  takeSlot(input: {
    mailbox: string;
    slot: string;
    limit: number;
    ttlMs: number;
    hasNone: boolean;
  }): Promise<SlotAnswer>;
  freeSlot(input: { mailbox: string; slot: string }): Promise<void>;
  /** Loop protection: the budget of automatic replies that is used up, if any. */
  automaticBudget(input: {
    token: string;
    /** Each recipient. */
    correspondents: readonly string[];
    conversation: string;
    perCorrespondent: number;
    perConversation: number;
    windowMs: number;
  }): Promise<'correspondent' | 'conversation' | undefined>;
}

/** Identity of a sending mailbox: two server definitions with the same User at the same host share one pace. */
export const sendingMailbox = (server: { user: string; host: string }) =>
  `${server.user.normalize('NFC').toLowerCase()} at ${server.host.toLowerCase()}`;
