// Error catalogue, section message.
import { section } from './entry.ts';

export const messageErrors = section({});
