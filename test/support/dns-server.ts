// A DNS server on loopback that knows what it is given; everything else is NXDOMAIN. UDP, and what does not fit is refused rather than cut.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { type Answer, decode, encode } from 'dns-packet';

/** Name → type → values; a value that is an Error code (`SERVFAIL`), or `silent`: no answer at all. */
export type Zone = Readonly<
  Record<string, { TXT?: readonly string[]; MX?: readonly string[]; CNAME?: string; fails?: 'SERVFAIL' | 'silent' }>
>;

interface DnsServer {
  /** As in `outbound.dnsServers`. */
  readonly address: string;
  /** Every question so far: `TXT contoso.com`. */
  readonly asked: readonly string[];
  stop(): Promise<void>;
}

const RCODE = { SERVFAIL: 2, NXDOMAIN: 3 };

export async function startDnsServer(zone: Zone): Promise<DnsServer> {
  const socket = createSocket('udp4');
  const asked: string[] = [];
  socket.on('message', (bytes, from) => {
    const query = decode(bytes);
    const [question] = query.questions ?? [];
    if (question === undefined) return;
    const { type } = question;
    let name = question.name.toLowerCase();
    asked.push(`${type} ${name}`);
    const answers: Answer[] = [];
    for (let alias = zone[name]?.CNAME; alias !== undefined; alias = zone[name]?.CNAME) {
      answers.push({ type: 'CNAME', name, ttl: 60, data: alias });
      name = alias;
    }
    const entry = zone[name];
    if (entry?.fails === 'silent') return;
    if (type === 'TXT')
      for (const text of entry?.TXT ?? []) {
        // A string of TXT has at most 255 bytes; longer records have several.
        const parts = text.match(/.{1,200}/gs) ?? [''];
        answers.push({ type: 'TXT', name, ttl: 60, data: parts });
      }
    if (type === 'MX')
      for (const [i, exchange] of (entry?.MX ?? []).entries())
        answers.push({ type: 'MX', name, ttl: 60, data: { preference: (i + 1) * 10, exchange } });
    const rcode = entry?.fails === 'SERVFAIL' ? RCODE.SERVFAIL : entry === undefined ? RCODE.NXDOMAIN : 0;
    socket.send(
      encode({ type: 'response', id: query.id ?? 0, flags: 0x180 | rcode, questions: query.questions ?? [], answers }),
      from.port,
      from.address,
    );
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return {
    address: `127.0.0.1:${(socket.address() as AddressInfo).port}`,
    asked,
    stop: () => new Promise((resolve) => socket.close(() => resolve())),
  };
}
