// The replies as the API, the portal and the CLI see them: submit, look up, list, release, drop, and the permitted senders of a flow.
import { parseReply, REPLY_SCHEMA, type Reply, type ReplyInput } from '../contract/reply.ts';
import type { Result } from '../contract/result.ts';
import { normalAddress } from '../domain/address.ts';
import { type EmailServer, isImap, isSmtp, type SmtpServer, sameName } from '../domain/email-server.ts';
import { MailroomError } from '../domain/errors.ts';
import { addressesOfFlow, flowsOf } from '../domain/flow-by-recipient.ts';
import { expiryOf, type JournalEntry, type ReplyState, replyDigest, settledStates } from '../domain/reply-journal.ts';
import type { Pace } from '../domain/reply-pace.ts';
import { permittedFrom, resolveSender } from '../domain/sender-policy.ts';
import type { Tracing } from '../telemetry/tracing.ts';
import { checkHeaders, readRecipients } from './compose.ts';
import { priorityOf } from './deliver.ts';
import { describeProblems } from './malformed.ts';
import type { OutboundDeps, Pauses, ReplyLimits } from './ports.ts';
import { traceSend } from './reply-trace.ts';
import { createReplyView } from './reply-view.ts';
import { failureOf, readReply, resultOf } from './results.ts';
import { cancelReply } from './withdraw.ts';

interface SenderChoice {
  address: string;
  displayName: string;
  /** SMTP email server to name in the reply. */
  server: string;
  /** The From of a reply that names none. */
  default: boolean;
}

export interface Replies {
  /**
   * Checks a reply and puts it on its server's queue; submitting the same replyId again returns its state.
   * @throws MailroomError REPLY_MALFORMED, REPLY_ID_REUSED, SMTP_SERVER_UNKNOWN, SMTP_SERVER_DISABLED, and the refusals of the From policy
   */
  submitReply(input: ReplyInput | unknown): Promise<Result>;
  /** Undefined for an unknown replyId. */
  getReply(replyId: string): Promise<Result | undefined>;
  listReplies(state: ReplyState | 'failed', limit?: number): Promise<Result[]>;
  /** The journal's own lines about a reply, for a person who must decide. */
  evidenceOf(replyId: string): Promise<string[]>;
  /** A person decided: send it again. @throws MailroomError REPLY_UNKNOWN, REPLY_NOT_HELD */
  releaseHeld(replyId: string, by?: string): Promise<Result>;
  /** A person decided: never send it. @throws MailroomError REPLY_UNKNOWN, REPLY_NOT_HELD */
  dropHeld(replyId: string, by?: string): Promise<Result>;
  /**
   * Its backend no longer wants it sent.
   * @throws MailroomError REPLY_UNKNOWN, REPLY_TOO_LATE once DATA may have begun
   */
  cancelReply(replyId: string, by?: string): Promise<Result>;
  /** Moves a waiting reply before others; a lower priority changes nothing. @throws MailroomError REPLY_UNKNOWN, REPLY_TOO_LATE */
  raisePriority(replyId: string, priority: Reply['priority']): Promise<Result>;
  /** From drop-down of an email flow: every permitted From of the enabled SMTP servers, the flow's shared addresses first. */
  sendersOfFlow(emailFlow: string): SenderChoice[];
}

interface RepliesDeps extends Pick<OutboundDeps, 'journal' | 'queues' | 'blobs' | 'emit' | 'register'> {
  /** All email servers: IMAP for the flows' shared addresses, SMTP for the senders. */
  allServers: () => readonly EmailServer[];
  pauses: Pick<Pauses, 'read'>;
  pace: Pick<Pace, 'waitMs'>;
  now?: () => number;
  limits?: ReplyLimits;
  /** Undefined: no traces are written. */
  tracing?: Tracing | undefined;
}

export function createReplies(deps: RepliesDeps): Replies {
  const { journal, queues, limits } = deps;
  const now = deps.now ?? Date.now;
  const smtpServers = () => deps.allServers().filter(isSmtp);
  const { view, outlook } = createReplyView({ ...deps, smtpServers, now });

  function serverNamed(name: string | undefined): SmtpServer {
    const server = name === undefined ? undefined : smtpServers().find((one) => sameName(one.name, name));
    if (server === undefined) {
      throw new MailroomError('SMTP_SERVER_UNKNOWN', {
        field: 'server',
        message: name === undefined ? 'server is missing' : `No SMTP email server is named ${JSON.stringify(name)}`,
      });
    }
    if (!server.enabled) {
      throw new MailroomError('SMTP_SERVER_DISABLED', {
        field: 'server',
        message: `The SMTP email server ${server.name} is disabled`,
      });
    }
    return server;
  }

  const optionsOf = (reply: Reply) => ({
    priority: priorityOf(reply),
    delayMs: reply.notBefore === undefined ? 0 : Math.max(0, Date.parse(reply.notBefore) - now()),
  });

  /** The result of a submission is a promise: it is kept over a crash of Redis if Redis can confirm that it is on disk. */
  async function taken(replyId: string): Promise<Result> {
    await journal.onDisk();
    // Read after that: a Redis that crashed and came back in between also reports that everything is on disk.
    const entry = await journal.read(replyId);
    const result = entry === undefined ? undefined : await view(entry);
    if (result !== undefined) return result;
    throw new MailroomError('REDIS_UNREACHABLE', { message: 'Redis forgot this reply before it was on disk' });
  }

  /** Includes removed servers, which have queues too. */
  async function queueNames(): Promise<string[]> {
    const names = smtpServers().map(({ name }) => name);
    return [...new Set([...names, ...(await deps.register.gone()).map(({ name }) => name)])];
  }

  async function held(replyId: string): Promise<JournalEntry> {
    const entry = await journal.read(replyId);
    if (entry === undefined) throw new MailroomError('REPLY_UNKNOWN', { field: 'replyId' });
    if (entry.state !== 'held') {
      throw new MailroomError('REPLY_NOT_HELD', {
        field: 'replyId',
        message: `This reply is ${entry.state}, not held`,
      });
    }
    return entry;
  }

  async function sourceOf(entry: JournalEntry): Promise<unknown> {
    if (entry.source === undefined) throw new MailroomError('REPLY_UNKNOWN', { field: 'replyId' });
    return readReply(deps.blobs, entry.source);
  }

  async function moveHeld(replyId: string, to: 'prepared' | 'dropped', evidence: string): Promise<JournalEntry> {
    const entry = await held(replyId);
    const { offered, result } = entry;
    // The person who releases it has read why it is held: with a changed sender, they agree to that sender. An entry of an older version has no doubt.
    const doubted = entry.doubted === true || result?.failure?.code === 'REPLY_HELD';
    const dropped = { failure: failureOf('REPLY_DROPPED') };
    const change = {
      evidence,
      doubted,
      ...(to === 'dropped' ? { result: resultOf({ ...entry, state: to }, dropped) } : {}),
      ...(entry.rendered === undefined ? { preparations: 0 } : {}),
      ...(offered == null ? {} : { agreed: offered }),
      ...(result?.failure?.code === 'REPLY_ANSWERED_ELSEWHERE' ? { forced: true } : {}),
    };
    const { moved, state } = await journal.transition(replyId, { from: ['held'], to, change });
    if (!moved)
      throw new MailroomError('REPLY_NOT_HELD', { field: 'replyId', message: `This reply is ${state}, not held` });
    return { ...entry, ...(change.result === undefined ? {} : { result: change.result }), state: to };
  }

  return {
    async submitReply(input) {
      const given = typeof input === 'object' && input !== null ? { schema: REPLY_SCHEMA, ...input } : input;
      const parsed = parseReply(given);
      if ('issues' in parsed) {
        const { message, field } = describeProblems(parsed.issues, given);
        throw new MailroomError('REPLY_MALFORMED', { message, field });
      }
      const server = serverNamed(parsed.reply.server);
      const reply = { ...parsed.reply, server: server.name };
      const entry = await journal.read(reply.replyId);
      const digest = entry === undefined ? undefined : await journal.digestOf(reply.replyId);
      // Undefined: Redis has forgotten it between the two calls.
      if (entry !== undefined && digest !== undefined) {
        // Same content: the same reply, so the result is its state. Other content is refused by digest.
        if (digest !== replyDigest(reply)) throw new MailroomError('REPLY_ID_REUSED', { field: 'replyId' });
        if (settledStates.includes(entry.state)) return resultOf(entry);
        // Its job may be lost, or may have ended by a fault. A waiting or running job is unchanged.
        await queues.ensure(entry.server, reply.replyId, reply, optionsOf(reply));
        return taken(reply.replyId);
      }
      resolveSender(server, reply);
      readRecipients(reply, limits);
      checkHeaders(reply, limits);
      const made = { replyId: reply.replyId, digest: replyDigest(reply), server: server.name, ...expiryOf(reply) };
      if (!(await journal.admit(made))) {
        throw new MailroomError('REPLY_ID_REUSED', { field: 'replyId' });
      }
      await traceSend(deps.tracing, reply, (payload) =>
        queues.add(server.name, reply.replyId, payload, optionsOf(reply)),
      );
      const result = await taken(reply.replyId);
      deps.emit('ReplyQueued', { server: server.name, replyId: reply.replyId });
      return result;
    },

    async getReply(replyId) {
      const entry = await journal.read(replyId);
      const result = entry === undefined ? undefined : await view(entry);
      if (result !== undefined) return result;
      // Added to the queue by a backend and not begun yet, or refused as malformed: only the job knows.
      for (const name of await queueNames()) {
        const found = await queues.find(name, replyId);
        if (found === undefined) continue;
        if (found.result !== undefined) return found.result;
        if (found.ended) await queues.again(name, replyId, found.payload, { priority: 1 });
        return resultOf({ replyId, server: name, state: 'queued' }, await outlook(name, found));
      }
      return undefined;
    },

    async listReplies(state, limit) {
      const entries = await journal.list(state === 'failed' ? 'rejected' : state, limit);
      return entries.map((entry) => resultOf(entry));
    },

    async evidenceOf(replyId) {
      return (await journal.read(replyId))?.evidence ?? [];
    },

    async releaseHeld(replyId, by = 'a person') {
      const payload = await sourceOf(await held(replyId));
      const entry = await moveHeld(replyId, 'prepared', `${by} released it: sent again`);
      deps.emit('ReplyReleased', { server: entry.server, replyId, detail: { by } });
      await queues.again(entry.server, replyId, payload, { priority: 1 });
      return resultOf(entry);
    },

    async dropHeld(replyId, by = 'a person') {
      const entry = await moveHeld(replyId, 'dropped', `${by} dropped it`);
      deps.emit('ReplyDropped', { server: entry.server, replyId, detail: { by } });
      return resultOf(entry);
    },

    cancelReply: (replyId, by = 'its backend') => cancelReply(deps, replyId, by, queueNames),

    async raisePriority(replyId, priority) {
      const result = await this.getReply(replyId);
      if (result === undefined) throw new MailroomError('REPLY_UNKNOWN', { field: 'replyId' });
      const { state, server } = result;
      const job = await queues.find(server, replyId);
      const automatic = (job?.payload as { automatic?: unknown } | undefined)?.automatic === true;
      const waits = state === 'queued' || state === 'prepared';
      if (!waits || !(await queues.raise(server, replyId, priorityOf({ priority, automatic }))))
        throw new MailroomError('REPLY_TOO_LATE', {
          field: 'priority',
          message: `This reply is ${state} and at work or settled`,
        });
      return (await this.getReply(replyId)) ?? result;
    },

    sendersOfFlow: (emailFlow) => sendersOfFlow(deps.allServers(), emailFlow),
  };
}

/** Every permitted From of the enabled SMTP servers, the shared addresses of the flow first; the first of those is the default. */
function sendersOfFlow(servers: readonly EmailServer[], emailFlow: string): SenderChoice[] {
  const mailboxes = servers
    .filter(isImap)
    .filter((server) => server.enabled && flowsOf(server).some((one) => sameName(one, emailFlow)))
    .map((server) => addressesOfFlow(server, emailFlow).map(normalAddress));
  // The primary address of a mailbox goes before its aliases.
  const rank = (normal: string): number =>
    mailboxes.some(([first]) => first === normal) ? 2 : mailboxes.some((ours) => ours.includes(normal)) ? 1 : 0;
  const choices = servers
    .filter(isSmtp)
    .filter((server) => server.enabled)
    .flatMap((server) =>
      permittedFrom(server).map(({ address, normal }) => ({
        choice: { address, displayName: server.displayNames[normal] ?? '', server: server.name, default: false },
        rank: rank(normal),
      })),
    );
  choices.sort((a, b) => b.rank - a.rank);
  const first = choices[0];
  if (first !== undefined && first.rank > 0) first.choice.default = true;
  return choices.map(({ choice }) => choice);
}
