// Error catalogue, section reply.
import { section } from './entry.ts';

export const replyErrors = section({});
