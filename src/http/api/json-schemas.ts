// The public contracts as JSON Schema (2020-12), from their zod sources: served under /v1/schemas and published with the package. Pure.
import { z } from 'zod';
import { MAILBOX_EVENT_SCHEMA, mailboxEventSchema } from '../../contract/mailbox-event.ts';
import { MESSAGE_SCHEMA, messageSchema } from '../../contract/message.ts';
import { OUTCOME_SCHEMA, outcomeSchema } from '../../contract/outcome.ts';
import { REPLY_SCHEMA, replySchema } from '../../contract/reply.ts';
import { RESULT_SCHEMA, resultSchema } from '../../contract/result.ts';

const sources = {
  'message-1': { title: MESSAGE_SCHEMA, schema: messageSchema },
  'reply-1': { title: REPLY_SCHEMA, schema: replySchema },
  'mailbox-event-1': { title: MAILBOX_EVENT_SCHEMA, schema: mailboxEventSchema },
  'outcome-1': { title: OUTCOME_SCHEMA, schema: outcomeSchema },
  'result-1': { title: RESULT_SCHEMA, schema: resultSchema },
} as const satisfies Record<string, { title: string; schema: z.ZodType }>;

/**
 * Schemas by file name. `io: 'input'`: defaults may be left out, and fields that a newer minor version adds are allowed
 * (no `additionalProperties: false`), which is what lets an old consumer read a newer message.
 */
export function contractSchemas(): Record<keyof typeof sources, Record<string, unknown>> {
  const made = Object.entries(sources).map(([name, { title, schema }]) => [
    name,
    { $id: `urn:mailroom:schema:${name}`, title, ...z.toJSONSchema(schema, { io: 'input' }) },
  ]);
  return Object.fromEntries(made) as Record<keyof typeof sources, Record<string, unknown>>;
}
