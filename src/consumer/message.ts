// Reads job data as an old consumer should: known fields must be valid, unknown ones pass. Pure.
import { MESSAGE_SCHEMA, type Message, messageSchema } from '../contract/message.ts';
import { checkJobData } from './jobs.ts';

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
  checkJobData(jobData, MESSAGE_SCHEMA, messageSchema);
  return jobData as Message;
}
