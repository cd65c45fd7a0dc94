// The replies as the API, the portal and the CLI see them: submit, look up, list, release, drop, and the permitted senders of a flow.
import type { Reply, ReplyInput } from '../contract/reply.ts';
import type { Result } from '../contract/result.ts';
import { type EmailServer, isSmtp } from '../domain/email-server.ts';
import { MailroomError } from '../domain/errors.ts';
import type { ReplyState } from '../domain/reply-journal.ts';
import type { Pace } from '../domain/reply-pace.ts';
import type { Tracing } from '../telemetry/tracing.ts';
import { priorityOf } from './deliver.ts';
import { type SenderChoice, sendersOfFlow } from './flow-senders.ts';
import { dropHeld, releaseHeld } from './held-replies.ts';
import type { OutboundDeps, Pauses, ReplyLimits } from './ports.ts';
import { createReplyView } from './reply-view.ts';
import { resultOf } from './results.ts';
import { submitReply } from './submit-reply.ts';
import { cancelReply } from './withdraw.ts';

export interface Replies {
  /**
   * Checks a reply and puts it on its server's queue; submitting the same replyId again returns its state.
   * @throws MailroomError REPLY_MALFORMED, REPLY_ID_REUSED, SMTP_SERVER_UNKNOWN, SMTP_SERVER_DISABLED, and the refusals of the From policy
   */
  submitReply(input: ReplyInput | unknown): Promise<Result>;
  /** Undefined for an unknown replyId. */
  getReply(replyId: string): Promise<Result | undefined>;
  /** At most `limit` of each state, newest first by when they came into it. */
  listReplies(states: readonly (ReplyState | 'failed')[], limit?: number): Promise<Result[]>;
  /** The journal's lines about a reply, for a person who must decide. */
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
  limits?: ReplyLimits;
  /** Undefined: no traces are written. */
  tracing?: Tracing | undefined;
}

export function createReplies(given: RepliesDeps): Replies {
  const smtpServers = () => given.allServers().filter(isSmtp);
  const deps = { ...given, smtpServers };
  const { view, outlook } = createReplyView(deps);
  const { journal, queues } = deps;

  /** Removed servers have queues, too. */
  async function queueNames(): Promise<string[]> {
    const names = smtpServers().map(({ name }) => name);
    return [...new Set([...names, ...(await deps.register.gone()).map(({ name }) => name)])];
  }

  async function getReply(replyId: string): Promise<Result | undefined> {
    const entry = await journal.read(replyId);
    const result = entry === undefined ? undefined : await view(entry);
    if (result !== undefined) return result;
    // Added to the queue by a backend and not begun yet, or refused as malformed: only the job has its state.
    for (const name of await queueNames()) {
      const found = await queues.find(name, replyId);
      if (found === undefined) continue;
      if (found.result !== undefined) return found.result;
      if (found.ended) await queues.again(name, replyId, found.payload, { priority: 1 });
      return resultOf({ replyId, server: name, state: 'queued' }, await outlook(name, found));
    }
    return undefined;
  }

  return {
    submitReply: (input) => submitReply({ ...deps, view }, input),
    getReply,
    async listReplies(states, limit) {
      const lists = await Promise.all(states.map((one) => journal.list(one === 'failed' ? 'rejected' : one, limit)));
      const newestFirst = lists.flat().sort((left, right) => right.updatedAt - left.updatedAt);
      return newestFirst.map((entry) => resultOf(entry));
    },
    evidenceOf: async (replyId) => (await journal.read(replyId))?.evidence ?? [],
    releaseHeld: (replyId, by = 'a person') => releaseHeld(deps, replyId, by),
    dropHeld: (replyId, by = 'a person') => dropHeld(deps, replyId, by),
    cancelReply: (replyId, by = 'its backend') => cancelReply(deps, replyId, by, queueNames),
    async raisePriority(replyId, priority) {
      const result = await getReply(replyId);
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
      return (await getReply(replyId)) ?? result;
    },
    sendersOfFlow: (emailFlow) => sendersOfFlow(deps.allServers(), emailFlow),
  };
}
