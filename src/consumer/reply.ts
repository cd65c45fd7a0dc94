// A reply to a message: fields that the draft does not have come from the message. The job is an ordinary BullMQ job.
import type { Queue } from 'bullmq';
import type { Message } from '../contract/message.ts';
import { REPLY_JOB, repliesQueue, replyJobId } from '../contract/names.ts';
import { REPLY_SCHEMA, type Reply, type ReplyInput, replySchema } from '../contract/reply.ts';
import { answering, mayNotAutoRespond } from './answering.ts';

/** A reply; only the SMTP server and a text are required. */
export type ReplyDraft = Partial<Omit<ReplyInput, 'schema' | 'server'>> & { server: string };

/** @throws ZodError that names the fields of the draft that are wrong */
export function draftReply(message: Message, draft: ReplyDraft): Reply & { server: string } {
  const defaults: Omit<ReplyInput, 'server'> = {
    schema: REPLY_SCHEMA,
    // Deterministic: a job that runs twice writes one reply.
    replyId: `re-${message.messageKey}`,
    ...answering(message),
  };
  const reply = replySchema.parse({ ...defaults, ...draft });
  // The draft cannot override this: an automatic reply to such a message is refused, a person's reply is sent.
  const answers = mayNotAutoRespond(message) ? { ...reply.answers, automatic: true } : reply.answers;
  return { ...reply, answers, server: draft.server };
}

/** Seconds that ended reply jobs are kept: longer than the journal, so that adding one again meets the other. */
const KEEP_SECONDS = 10 * 86_400;

export async function addReply(queueOf: (name: string) => Queue, reply: Reply & { server: string }): Promise<void> {
  const delay = reply.notBefore === undefined ? 0 : Math.max(0, Date.parse(reply.notBefore) - Date.now());
  await queueOf(repliesQueue(reply.server)).add(REPLY_JOB, reply, {
    jobId: replyJobId(reply.replyId),
    // 1 is first; people before machines (docs/consumer.md).
    priority: (reply.automatic ? 100 : 0) + { high: 1, normal: 10, low: 20 }[reply.priority],
    removeOnComplete: { age: KEEP_SECONDS },
    removeOnFail: { age: KEEP_SECONDS },
    ...(delay > 0 ? { delay } : {}),
  });
}
