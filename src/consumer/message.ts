// Job data as a message, in the way an old consumer should read: what it knows must be right, what it does not know passes. Pure.
import { MESSAGE_SCHEMA, type Message, messageSchema } from '../contract/message.ts';

/**
 * The job data itself, unchanged, fields of newer versions included.
 * @throws Error that names the fields that are wrong, or the contract that this consumer does not know
 */
export function readMessage(jobData: unknown): Message {
  const schema = typeof jobData === 'object' && jobData !== null && 'schema' in jobData ? jobData.schema : undefined;
  if (schema !== MESSAGE_SCHEMA) {
    throw new Error(
      `not a ${MESSAGE_SCHEMA} but ${JSON.stringify(schema)}: this consumer is too old, or the queue is another's`,
    );
  }
  const parsed = messageSchema.safeParse(jobData);
  if (!parsed.success) {
    const problems = parsed.error.issues.slice(0, 10).map(({ path, message }) => `${path.join('.')}: ${message}`);
    throw new Error(`not a valid ${MESSAGE_SCHEMA}: ${problems.join('; ')}`);
  }
  return jobData as Message;
}
