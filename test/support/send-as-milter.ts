// A milter that judges the header From, as Exchange Online does at the end of DATA: 554 5.2.252 SendAsDenied. Speaks the sendmail milter
// protocol version 6 (libmilter/mfdef.h) as far as Postfix needs it: packets of 4 bytes length, 1 byte command, payload.
import { chmodSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';

export interface SendAsMilter {
  stop(): Promise<void>;
}

const ACCEPT = 'a';
const CONTINUE = 'c';
const REPLY_CODE = 'y';
const OPTIONS = 'O';

/** Steps we do not want to hear of (SMFIP_NOCONNECT, NOHELO, NORCPT, NOBODY, NOUNKNOWN, NODATA): fewer round trips. */
const NOT_WANTED = 0x01 | 0x02 | 0x08 | 0x10 | 0x100 | 0x200;

export function startSendAsMilter(
  path: string,
  permitted: (who: string, from: string) => boolean,
): Promise<SendAsMilter> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    serve(socket, permitted);
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => {
      chmodSync(path, 0o777);
      resolve({
        stop: () =>
          new Promise((stopped) => {
            server.close(() => {
              rmSync(path, { force: true });
              stopped();
            });
            for (const socket of sockets) socket.destroy();
          }),
      });
    });
  });
}

function serve(socket: Socket, permitted: (who: string, from: string) => boolean): void {
  let pending = Buffer.alloc(0);
  let who = '';
  let froms: string[] = [];
  const answer = (command: string, payload = Buffer.alloc(0)) => {
    const packet = Buffer.alloc(5 + payload.length);
    packet.writeUInt32BE(1 + payload.length, 0);
    packet.write(command, 4, 'latin1');
    payload.copy(packet, 5);
    socket.write(packet);
  };
  const step = (command: string, payload: Buffer) => {
    const strings = () => payload.toString('latin1').split('\0');
    if (command === 'O') {
      const offer = Buffer.alloc(12);
      offer.writeUInt32BE(6, 0);
      offer.writeUInt32BE(0, 4);
      offer.writeUInt32BE(NOT_WANTED & payload.readUInt32BE(8), 8);
      answer(OPTIONS, offer);
    } else if (command === 'D') {
      // Macros: a command byte, then name and value pairs. {auth_authen} is the user that signed in.
      const pairs = payload.subarray(1).toString('latin1').split('\0');
      const at = pairs.indexOf('{auth_authen}');
      if (at >= 0) who = pairs[at + 1] ?? '';
    } else if (command === 'M') {
      froms = [];
      answer(CONTINUE);
    } else if (command === 'L') {
      const [name = '', value = ''] = strings();
      if (name.toLowerCase() === 'from') froms.push(value);
      answer(CONTINUE);
    } else if (command === 'E') {
      const from = addressOf(froms[0] ?? '');
      if (froms.length === 1 && permitted(who, from)) answer(ACCEPT);
      else
        answer(REPLY_CODE, Buffer.from(`554 5.2.252 SendAsDenied; ${who} not allowed to send as ${from}\0`, 'latin1'));
    } else if (command === 'Q') {
      socket.end();
    } else if (command !== 'A' && command !== 'K') {
      answer(CONTINUE);
    }
  };
  socket.on('data', (chunk) => {
    pending = Buffer.concat([pending, chunk]);
    while (pending.length >= 4) {
      const length = pending.readUInt32BE(0);
      if (pending.length < 4 + length) return;
      const packet = pending.subarray(4, 4 + length);
      pending = pending.subarray(4 + length);
      step(packet.subarray(0, 1).toString('latin1'), packet.subarray(1));
    }
  });
}

/** The addr-spec of a From header with one mailbox. */
const addressOf = (header: string) => (/<([^<>]*)>\s*$/.exec(header)?.[1] ?? header).trim();
