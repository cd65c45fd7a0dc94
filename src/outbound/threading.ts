// Outlook's thread headers (MS-OXOMSG §2.2.1.2, §2.2.1.3): Thread-Topic is the subject without prefixes, Thread-Index a 22-byte head and
// 5 bytes a reply. Outlook groups wrongly without them. Pure but for the random bytes passed in.

const PREFIX = /^(?:re|aw|antw|fw|fwd|wg|sv|vs|tr|rv|res|odp|r)\s{0,9}(?:\[\d{1,9}\])?\s{0,9}:/i;

/** Subject without reply and forward prefixes. */
export function threadTopic(subject: string): string {
  let topic = subject.trim();
  for (let prefix = PREFIX.exec(topic); prefix !== null; prefix = PREFIX.exec(topic))
    topic = topic.slice(prefix[0].length).trimStart();
  return topic;
}

/** FILETIME: 100 ns since 1601. */
const fileTime = (date: Date) => (BigInt(date.getTime()) + 11_644_473_600_000n) * 10_000n;

/**
 * The index of a reply: the parent's with five bytes more, or a new head when there is no valid parent.
 * @param parent base64 as received
 */
export function threadIndex(parent: string | undefined, date: Date, random: (size: number) => Buffer): string {
  const known = parent === undefined ? undefined : Buffer.from(parent.replace(/\s+/g, ''), 'base64');
  if (known === undefined || known.length < 22 || (known.length - 22) % 5 !== 0) {
    const head = Buffer.alloc(22);
    head[0] = 1;
    // Bits 55…16 of the FILETIME: five bytes after the reserved one.
    const time = fileTime(date) >> 16n;
    for (let i = 0; i < 5; i++) head[5 - i] = Number((time >> BigInt(8 * i)) & 0xffn);
    random(16).copy(head, 6);
    return head.toString('base64');
  }
  // Outlook stops growing long threads as well; 200 levels are 1 KB.
  if (known.length >= 22 + 5 * 200) return known.toString('base64');
  const delta = fileTime(date) - (BigInt(known.readUIntBE(0, 6)) << 16n);
  const positive = delta < 0n ? -delta : delta;
  // One bit says which unit the 31 bits of difference have: bits 48…18 (under 1.7 years) or 53…23.
  const large = positive >> 49n !== 0n;
  const bits = Number((positive >> (large ? 23n : 18n)) & 0x7fffffffn);
  const block = Buffer.alloc(5);
  block.writeUInt32BE((bits | (large ? 0x80000000 : 0)) >>> 0, 0);
  block[4] = random(1)[0] ?? 0;
  return Buffer.concat([known, block]).toString('base64');
}
