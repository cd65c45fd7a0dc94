// Find over HTTP: messages and replies by id, conversation or address, and what became of one of them. Neither subject nor text.
import { z } from 'zod';
import { type Timeline, timelineSteps } from '../../domain/timeline.ts';
import { problemAnswer as problem } from '../problem.ts';
import { get, type Route } from '../routes.ts';

const foundSchema = z.object({
  kind: z.enum(['message', 'reply']),
  id: z.string().describe('messageKey or replyId'),
  matchedBy: z.enum(['messageKey', 'replyId', 'messageId', 'address', 'conversation']),
  server: z.string(),
  emailFlow: z.string().optional(),
  state: z.string().optional().describe('Of a reply'),
  at: z.number().describe('Epoch milliseconds: arrival of a message, or when the reply was handed in'),
});
export type FoundView = z.infer<typeof foundSchema>;

const reachSchema = z
  .object({
    messageDays: z.number().describe('A message, after it was taken by its consumer'),
    messageIdDays: z.number().describe('The Message-ID of a message'),
    replyDays: z.number().describe('A reply, after it ended'),
    addressDays: z.number().describe('Addresses and conversations, at most'),
  })
  .describe('Days that each can be found');
export type Reach = z.infer<typeof reachSchema>;

const answerSchema = z.object({
  results: z.array(foundSchema).describe('Newest first, at most 100'),
  reach: reachSchema,
  addressesSince: z
    .number()
    .optional()
    .describe('Epoch milliseconds: the bounded index holds nothing older for this address'),
});
type FindAnswer = z.infer<typeof answerSchema>;

const timelineSchema = z.object({
  kind: z.enum(['message', 'reply']),
  id: z.string(),
  state: z.string().describe('Of the job or of the reply'),
  server: z.string(),
  emailFlow: z.string().optional(),
  mailbox: z.string().optional(),
  folder: z.string().optional(),
  uid: z.int().optional(),
  messageId: z.string().optional(),
  serverMessageId: z.string().optional(),
  conversation: z.string().optional(),
  from: z.string().optional(),
  to: z.array(z.string()).optional(),
  attempts: z.int().optional(),
  siblings: z.array(z.string()).optional().describe('messageKeys of copies in other mailboxes'),
  events: z
    .array(
      z.object({
        at: z.number().optional().describe('Epoch milliseconds'),
        step: z.enum(timelineSteps),
        code: z.string().optional(),
        said: z.string().optional().describe('Words of the server or the consumer, or a line of evidence'),
        who: z.string().optional(),
      }),
    )
    .describe('Oldest first'),
});

export interface FindApi {
  find(query: string): Promise<FindAnswer>;
  /** @throws MailroomError MESSAGE_UNKNOWN */
  messageTimeline(messageKey: string): Promise<Timeline>;
  /** @throws MailroomError REPLY_UNKNOWN */
  replyTimeline(replyId: string): Promise<Timeline>;
}

/** Longest text that is searched for: a Message-ID on one line (RFC 5322 §2.1.1). */
export const LONGEST_QUERY = 998;

export function findRoutes(api: FindApi): Route[] {
  const read = { tag: 'Operation', permission: 'find:read' } as const;
  return [
    get('/v1/find', {
      ...read,
      operationId: 'find',
      summary: 'Messages and replies by Message-ID, messageKey, replyId, conversation or address',
      query: z.strictObject({ q: z.string().trim().min(1).max(LONGEST_QUERY).describe('The whole id or address') }),
      answers: { 200: { description: 'What was found, and how far back that is', schema: answerSchema } },
      handle: ({ query }) => api.find(query.q),
    }),
    get('/v1/timeline/messages/:key', {
      ...read,
      operationId: 'getMessageTimeline',
      summary: 'What became of a message: arrived, enqueued, taken, failed, quarantined, answered',
      params: { key: 'messageKey' },
      answers: { 200: { description: 'Timeline', schema: timelineSchema }, 404: problem('MESSAGE_UNKNOWN') },
      handle: ({ params }) => api.messageTimeline(params.key),
    }),
    get('/v1/timeline/replies/:replyId', {
      ...read,
      operationId: 'getReplyTimeline',
      summary: 'What became of a reply: queued, submitted, accepted or refused, bounced, with the server’s words',
      params: { replyId: 'replyId, percent-encoded UTF-8' },
      answers: { 200: { description: 'Timeline', schema: timelineSchema }, 404: problem('REPLY_UNKNOWN') },
      handle: ({ params }) => api.replyTimeline(params.replyId),
    }),
  ];
}
