// Delivers one mail by LMTP (RFC 2033), as a mail transfer agent would.
import { createConnection } from 'node:net';
import { createInterface } from 'node:readline';

/** @throws Error with the server's answer when it refuses. */
export async function deliverByLmtp(
  port: number,
  recipient: string,
  raw: string | Uint8Array,
  host = '127.0.0.1',
): Promise<void> {
  const socket = createConnection({ port, host });
  socket.setTimeout(30_000, () => socket.destroy(new Error('LMTP: no answer within 30 s')));
  const failed = new Promise<never>((_, reject) => {
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('LMTP: connection closed')));
  });
  failed.catch(() => undefined);
  const lines = createInterface({ input: socket, crlfDelay: Number.POSITIVE_INFINITY })[Symbol.asyncIterator]();
  const expect = async (code: string) => {
    for (;;) {
      const line = await Promise.race([lines.next(), failed]);
      if (line.done) throw new Error('LMTP: connection closed');
      if (!line.value.startsWith(code)) throw new Error(`LMTP: ${line.value}`);
      if (line.value[3] !== '-') return;
    }
  };
  const say = (line: string) => socket.write(`${line}\r\n`);
  try {
    await expect('220');
    say('LHLO localhost');
    await expect('250');
    say('MAIL FROM:<sender@customer.example>');
    await expect('250');
    say(`RCPT TO:<${recipient}>`);
    await expect('250');
    say('DATA');
    await expect('354');
    // Byte-wise (latin1), so that any content passes unchanged; line ends made CRLF, leading dots doubled.
    const text = (typeof raw === 'string' ? Buffer.from(raw) : Buffer.from(raw)).toString('latin1');
    const body = text.replace(/\r?\n/g, '\r\n').replace(/^\./gm, '..');
    socket.write(Buffer.from(body.endsWith('\r\n') ? `${body}.\r\n` : `${body}\r\n.\r\n`, 'latin1'));
    await expect('250');
    say('QUIT');
  } finally {
    socket.end();
    socket.destroySoon();
  }
}
