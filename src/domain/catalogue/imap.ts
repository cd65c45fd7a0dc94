// Error catalogue, section imap.
import { section } from './entry.ts';

export const imapErrors = section({});
