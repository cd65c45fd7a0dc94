// Faults on command: the list of the active ones (fault-table.ts describes them all). Servers call `take` where a fault applies, and listen for those
// that strike at once.
import { FAULTS } from './fault-table.ts';
import { BOUNCES, type BounceName } from './smtp/bounces.ts';
import { SMTP_REPLIES, type SmtpReplyName } from './smtp/replies.ts';

export { FAULTS };
export type FaultName = keyof typeof FAULTS;

/** One fault to switch on. Without `times` and `forMilliseconds` it lasts until it is cleared. */
export interface Fault {
  name: FaultName;
  /** Address whose sessions, messages or submissions it affects; all when missing. */
  mailbox?: string;
  /** How often it strikes before it ends. */
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

/** Where a server is when it calls `take`; a fault strikes when nothing that it names differs. */
type Circumstances = Partial<Pick<Fault, 'mailbox' | 'uid' | 'folder' | 'at' | 'command' | 'recipient' | 'client'>>;

export interface ActiveFault extends Fault {
  id: string;
  /** How often it has struck. */
  struck: number;
}

export type Faults = ReturnType<typeof createFaults>;

/** @param now the clock of forMilliseconds @throws {RangeError} from set, on an unknown name or reply. */
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
      const { name, reply, bounce, mailbox, forMilliseconds = Number.POSITIVE_INFINITY } = fault;
      known('fault', FAULTS, name);
      known('SMTP reply', SMTP_REPLIES, reply);
      known('bounce', BOUNCES, bounce);
      counter += 1;
      const entry: ActiveFault & { until: number } = {
        ...DEFAULTS[name],
        ...(reply && SMTP_REPLIES[reply]),
        ...fault,
        ...(mailbox ? { mailbox: mailbox.toLowerCase() } : {}),
        id: `f${counter}`,
        struck: 0,
        until: now() + forMilliseconds,
      };
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
    /** For faults that strike at once. @returns the un-subscriber */
    onSet(listener: (fault: ActiveFault) => void): () => void {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    /** True when no fault is active (the fast path of FETCH). */
    get none(): boolean {
      return active.size === 0;
    },
  };
}

/** Where faults strike that do not say it. */
const DEFAULTS: Readonly<Partial<Record<FaultName, { at: string }>>> = {
  smtpReply: { at: 'afterDot' },
  stallSmtp: { at: 'afterDot' },
  slowSmtp: { at: 'afterDot' },
  dropBeforeData: { at: 'rcpt' },
  serverUnavailable15: { at: 'select' },
  aadsts: { at: 'token' },
};

function known(what: string, table: object, name: string | undefined): void {
  if (name !== undefined && !Object.hasOwn(table, name)) throw new RangeError(`No ${what} is called ${name}`);
}

const NARROWING = ['mailbox', 'uid', 'folder', 'at', 'command', 'recipient', 'client'] as const;

function strikes(fault: Fault, circumstances: Circumstances): boolean {
  return NARROWING.every((key) => {
    const wanted = fault[key];
    const given = circumstances[key];
    return wanted === undefined || given === undefined || String(wanted).toLowerCase() === String(given).toLowerCase();
  });
}
