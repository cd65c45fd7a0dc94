// Faults on command: the list of what is switched on (fault-table.ts tells what there is).
// Servers ask `take` at the place a fault applies; faults that strike at once are listened to.
import { FAULTS } from './fault-table.ts';
import { BOUNCES, type BounceName } from './smtp/bounces.ts';
import { SMTP_REPLIES, type SmtpReplyName } from './smtp/replies.ts';

export { FAULTS };
export type FaultName = keyof typeof FAULTS;
export type SmtpStage = 'connect' | 'ehlo' | 'auth' | 'mail' | 'rcpt' | 'data' | 'afterDot';

/** One fault to switch on. Without `times` and `forMilliseconds` it lasts until it is cleared. */
export interface Fault {
  name: FaultName;
  /** Address whose sessions, messages or submissions it strikes; all when missing. */
  mailbox?: string;
  /** How often it strikes before it is gone. */
  times?: number;
  forMilliseconds?: number;
  uid?: number;
  folder?: string;
  at?: string;
  command?: string;
  reply?: SmtpReplyName;
  code?: number;
  text?: string;
  recipient?: string;
  milliseconds?: number;
  bytesPerSecond?: number;
  after?: number;
  by?: number;
  number?: number;
  status?: number;
  retryAfter?: number;
  client?: string;
  answer?: 'BAD' | 'NO';
  bye?: boolean;
  reset?: boolean;
  newSessions?: boolean;
  refuseOldTokens?: boolean;
  unaccepted?: boolean;
  keepOriginal?: boolean;
  bounce?: BounceName;
  delayedFirst?: boolean;
}

/** What a server knows at the moment it asks; a fault strikes when nothing it names differs. */
type Circumstances = Partial<Pick<Fault, 'mailbox' | 'uid' | 'folder' | 'at' | 'command' | 'recipient' | 'client'>>;

export interface ActiveFault extends Fault {
  id: string;
  /** How often it has struck. */
  struck: number;
}

export type Faults = ReturnType<typeof createFaults>;

/** The list of active faults. `now` steers forMilliseconds. @throws {RangeError} from set, on an unknown name or reply. */
export function createFaults(now: () => number = Date.now) {
  let counter = 0;
  const active = new Map<string, ActiveFault & { until: number }>();
  const listeners = new Set<(fault: ActiveFault) => void>();

  const find = (name: FaultName, circumstances: Circumstances) => {
    for (const fault of active.values()) {
      if (fault.name !== name) continue;
      if (now() >= fault.until) active.delete(fault.id);
      else if (strikes(fault, circumstances)) return fault;
    }
    return undefined;
  };

  return {
    /** Switches a fault on and returns its id. */
    set(fault: Fault): string {
      if (!Object.hasOwn(FAULTS, fault.name)) throw new RangeError(`No fault is called ${fault.name}`);
      const preset = fault.reply === undefined ? undefined : SMTP_REPLIES[fault.reply];
      if (fault.reply !== undefined && !preset) throw new RangeError(`No SMTP reply is called ${fault.reply}`);
      counter += 1;
      if (fault.bounce !== undefined && !Object.hasOwn(BOUNCES, fault.bounce))
        throw new RangeError(`No bounce is called ${fault.bounce}`);
      const entry: ActiveFault & { until: number } = {
        ...preset,
        ...fault,
        id: `f${counter}`,
        struck: 0,
        until: now() + (fault.forMilliseconds ?? Number.POSITIVE_INFINITY),
      };
      const at = DEFAULT_STAGE[fault.name];
      if (at) entry.at ??= at;
      if (fault.mailbox) entry.mailbox = fault.mailbox.toLowerCase();
      active.set(entry.id, entry);
      for (const listener of listeners) listener(entry);
      return entry.id;
    },
    /** Switches off the fault of this id, all of this name, or all. */
    clear(idOrName?: string): void {
      for (const fault of active.values())
        if (idOrName === undefined || fault.id === idOrName || fault.name === idOrName) active.delete(fault.id);
    },
    list(): ActiveFault[] {
      return [...active.values()].filter((fault) => now() < fault.until).map(({ until: _until, ...fault }) => fault);
    },
    /** The fault that strikes here and now, counted as one strike; undefined when there is none. */
    take(name: FaultName, circumstances: Circumstances = {}): ActiveFault | undefined {
      if (active.size === 0) return undefined;
      const fault = find(name, circumstances);
      if (!fault) return undefined;
      fault.struck += 1;
      if (fault.times !== undefined && fault.struck >= fault.times) active.delete(fault.id);
      return fault;
    },
    /** As take, without counting. */
    peek(name: FaultName, circumstances: Circumstances = {}): ActiveFault | undefined {
      return active.size === 0 ? undefined : find(name, circumstances);
    },
    /** Calls back for each fault switched on; for those that strike at once. Returns the un-subscriber. */
    onSet(listener: (fault: ActiveFault) => void): () => void {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    /** True when no fault is on at all (the fast path of FETCH). */
    get none(): boolean {
      return active.size === 0;
    },
  };
}

/** Stage of the SMTP faults that do not name one. */
const DEFAULT_STAGE: Partial<Record<FaultName, SmtpStage>> = {
  smtpReply: 'afterDot',
  stallSmtp: 'afterDot',
  slowSmtp: 'afterDot',
  dropBeforeData: 'rcpt',
};

const NARROWING = ['mailbox', 'uid', 'folder', 'at', 'command', 'recipient', 'client'] as const;

function strikes(fault: Fault, circumstances: Circumstances): boolean {
  return NARROWING.every((key) => {
    const wanted = fault[key];
    const given = circumstances[key];
    return wanted === undefined || given === undefined || String(wanted).toLowerCase() === String(given).toLowerCase();
  });
}
