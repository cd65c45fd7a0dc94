// A message too large to hold in memory: streamed from the mailbox to the blob store, then parsed from there (up to the server's maximum
// size), or enqueued with its headers and the reference only.
import type { ImapServer } from '../domain/email-server.ts';
import { limited } from '../domain/limited.ts';
import type { Received } from './message.ts';
import type { FetchedMessage, InboundPorts, Mailbox } from './ports.ts';

/** One at a time in this process: a thousand mailboxes with a large mail each are to need the memory of one. */
const alone = limited(1);

/** @param message its source holds the first 64 KiB */
export async function receiveLarge(
  ports: Pick<InboundPorts, 'blobs' | 'parseLarge' | 'parseHeadersOnly' | 'emit'>,
  server: ImapServer,
  mailbox: Mailbox,
  message: FetchedMessage,
): Promise<Received> {
  const { uid, internalDate, size } = message;
  const raw = await ports.blobs.putStream(await mailbox.download(uid));
  if (raw.size <= server.maxMessageSize) {
    const parsed = await alone(async () => {
      const whole = Buffer.allocUnsafeSlow(raw.size);
      let at = 0;
      for await (const chunk of ports.blobs.read(raw.blob)) {
        whole.set(chunk, at);
        at += chunk.length;
      }
      return ports.parseLarge(whole.subarray(0, at));
    });
    return { uid, internalDate, size, raw, parsed };
  }
  ports.emit('MessageTooLarge', { server: server.name, uid, bytes: raw.size });
  const parsed = await ports.parseHeadersOnly(message.source ?? Buffer.alloc(0));
  return {
    uid,
    internalDate,
    size,
    raw,
    parsed: { ...parsed, parse: 'headers-only', warnings: [...parsed.warnings, { code: 'message-too-large' }] },
  };
}
