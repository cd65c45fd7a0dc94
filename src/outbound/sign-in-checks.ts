// Signs in at each SMTP server without sending anything: after a start, after a change, and periodically, so that the state shown in the portal is
// proven. In order, a few at once, and by one of the replicas. An accepted reply proves the same.
import type { SmtpServer } from '../domain/email-server.ts';
import { asError, MailroomError } from '../domain/errors.ts';
import { type SignInNote, type SignInNotes, signInTarget } from '../domain/smtp-sign-in.ts';
import type { Emit } from '../telemetry/events.ts';

interface CheckDeps {
  notes: SignInNotes;
  /** Connects and signs in. `busy`: all connections of the mailbox are in use. @throws MailroomError */
  signIn(server: SmtpServer): Promise<'proven' | 'busy'>;
  emit: Emit;
  now: () => number;
}

export interface SignInChecks {
  /** A server's worker has started. @param changed its definition has changed: the earlier result is removed */
  started(server: SmtpServer, changed: boolean): Promise<void>;
  stopped(server: string): void;
  /** Its problem may be solved: checked at the next tick. */
  again(server: string): void;
  /** A reply was accepted. */
  accepted(server: SmtpServer): void;
  /** Begins the checks that are due. Never throws. */
  tick(): void;
}

const AT_ONCE = 4;
/** How long one replica's check excludes the others, ms. */
const EXCLUSIVE_MS = 60_000;
const FIRST_WAIT_MS = 60_000;
const LONGEST_WAIT_MS = 15 * 60_000;
/** Another replica's result is read after this many ms. */
const READ_AGAIN_MS = 5_000;
/** Acceptances are recorded at most this often, ms. */
const NOTE_MS = 60_000;
/** A server that sent nothing for this long is checked again, ms: passwords and permissions are removed silently. */
const PROVEN_FOR_MS = 6 * 3_600_000;

interface Watched {
  server: SmtpServer;
  target: string;
  dueAt: number;
  /** Consecutive failed checks. */
  failures: number;
  failing?: { code: string; since: number };
  notedAt: number;
  busy: boolean;
}

export function createSignInChecks({ notes, signIn, emit, now }: CheckDeps): SignInChecks {
  const watched = new Map<string, Watched>();
  let running = 0;

  function proven(one: Watched): void {
    one.failures = 0;
    delete one.failing;
    one.notedAt = now();
    one.dueAt = now() + PROVEN_FOR_MS;
  }

  /** @returns whether another replica's note settles the check */
  function adopt(one: Watched, note: SignInNote | undefined): boolean {
    if (note?.target !== one.target) return false;
    if (note.failure === undefined) proven(one);
    else {
      one.failing = note.failure;
      one.dueAt = Math.max(note.failure.nextAt, now() + READ_AGAIN_MS);
    }
    return true;
  }

  async function failed(one: Watched, thrown: unknown): Promise<void> {
    const error =
      thrown instanceof MailroomError
        ? thrown
        : new MailroomError('CHECK_STEP_FAILED', { message: asError(thrown).message });
    one.failures += 1;
    one.dueAt = now() + Math.min(FIRST_WAIT_MS * 2 ** Math.min(one.failures - 1, 8), LONGEST_WAIT_MS);
    const { code } = error;
    const said = error.remote?.text;
    const since = one.failing?.since ?? now();
    if (one.failing?.code !== code)
      emit('SmtpSignInFailed', { server: one.server.name, code, class: error.class, err: error });
    one.failing = { code, since };
    await notes.failed(one.server.name, one.target, {
      code,
      ...(said === undefined ? {} : { said: said.slice(0, 300) }),
      since,
      nextAt: one.dueAt,
    });
  }

  async function check(one: Watched): Promise<void> {
    const { name } = one.server;
    one.dueAt = now() + READ_AGAIN_MS;
    const note = await notes.read(name);
    const fresh = note?.failure === undefined && now() - (note?.provenAt ?? 0) < EXCLUSIVE_MS;
    if (fresh && adopt(one, note)) return;
    if (!(await notes.claim(name, EXCLUSIVE_MS))) return void adopt(one, note);
    try {
      const outcome = await signIn(one.server);
      if (outcome === 'busy') {
        one.dueAt = now() + EXCLUSIVE_MS;
        return;
      }
    } catch (thrown) {
      if (watched.get(name) === one) await failed(one, thrown);
      return;
    }
    if (watched.get(name) !== one) return; // its definition changed in the meantime
    const wasFailing = one.failing !== undefined;
    proven(one);
    await notes.succeeded(name, one.target);
    emit('SmtpSignInSucceeded', { server: name, detail: { wasFailing } });
  }

  return {
    async started(server, changed) {
      if (changed) await notes.forget(server.name);
      const target = signInTarget(server);
      watched.set(server.name, { server, target, dueAt: 0, failures: 0, notedAt: 0, busy: false });
    },
    stopped: (server) => void watched.delete(server),
    again(name) {
      const one = watched.get(name);
      if (one === undefined) return;
      one.dueAt = 0;
      notes.free(name).catch(() => {}); // Redis is away: its own event reports it
    },
    accepted(server) {
      const one = watched.get(server.name);
      if (one === undefined || (one.failing === undefined && now() - one.notedAt < NOTE_MS)) return;
      proven(one);
      notes.succeeded(server.name, one.target).catch(() => {}); // the next acceptance records it
    },
    tick() {
      for (const one of watched.values()) {
        if (running >= AT_ONCE) return;
        if (one.busy || one.dueAt > now()) continue;
        one.busy = true;
        running += 1;
        check(one)
          .catch(() => {}) // Redis is away: its own event reports it, and it is due again
          .finally(() => {
            one.busy = false;
            running -= 1;
          });
      }
    },
  };
}
