// Whether the server tells of new mail (IDLE, RFC 2177), or has to be asked.
import type { ImapFlow } from 'imapflow';

/** Milliseconds between two NOOPs where it has to be asked: new mail is seen within that time. */
export const POLL_MS = 15_000;

/** False too after the server refused IDLE though it offers it: imapflow notes that. */
export const offersIdle = (client: ImapFlow): boolean =>
  client.capabilities.has('IDLE') && (client as unknown as { skipIdle?: boolean }).skipIdle !== true;
