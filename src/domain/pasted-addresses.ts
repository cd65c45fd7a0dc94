// What people paste into a field for mail addresses: `Support <support@…>; mailto:…`, lines of a table, Outlook's "Last, First <…>". The strict parser
// reads each piece; pieces that it refuses are named. Pure, linear.
import { percentDecoded, trimInvisible } from '../lib/text.ts';
import { type MailboxAddress, parseAddress } from './address.ts';

/** An address, or a piece that is not one. */
type Pasted = MailboxAddress | { refused: string };

/** Where pieces end. Quotes and angle brackets hold a piece together, up to the end of its line. */
function split(text: string, separators: string): string[] {
  const parts: string[] = [];
  let from = 0;
  let quoted = false;
  let angle = false;
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at] as string;
    if (char === '\n' || char === '\r') quoted = angle = false;
    else if (char === '\\' && quoted) at += 1;
    else if (char === '"') quoted = !quoted;
    else if (char === '<' && !quoted) angle = true;
    else if (char === '>' && !quoted) angle = false;
    if (quoted || angle || !separators.includes(char)) continue;
    parts.push(text.slice(from, at));
    from = at + 1;
  }
  return [...parts, text.slice(from)].map(trimInvisible).filter((part) => part !== '');
}

/** `mailto:a@b?subject=…` → `a@b` (RFC 6068), percent-encoding undone where it can be. */
function withoutScheme(address: string): string {
  const [, spec] = /^mailto:([^?]*)/i.exec(address) ?? [];
  return spec === undefined ? address : percentDecoded(spec);
}

/** Without what surrounds an address in a sentence or in Outlook: `'a@b'`, `a@b.` */
const bare = (piece: string): string => piece.replace(/\.$/, '').replace(/^'(.*)'$/, '$1');

function read(piece: string): Pasted {
  const [, name, spec] = /^([^<>]*)<([^<>]*)>$/.exec(piece) ?? [];
  const text = spec === undefined ? withoutScheme(bare(piece)) : `${name}<${withoutScheme(trimInvisible(spec))}>`;
  const parsed = parseAddress(text);
  return parsed.ok ? parsed.value : { refused: piece };
}

/** One line or entry between semicolons: commas separate, but not within "Last, First <a@b>", as Outlook writes it. */
function ofChunk(chunk: string): Pasted[] {
  const parts = split(chunk, ',');
  const [last = '', rest = ''] = parts;
  const named = /^([^<>"@]+)<([^<>]*)>$/.exec(rest);
  if (parts.length === 2 && named !== null && !/[@<>"]/.test(last)) {
    const parsed = parseAddress({
      name: `${last}, ${named[1]?.trim()}`,
      address: withoutScheme(trimInvisible(named[2] ?? '')),
    });
    return [parsed.ok ? parsed.value : { refused: chunk }];
  }
  return parts.flatMap((part) => {
    const words = part.split(/\s+/);
    const apart = words.length > 1 && !/[<>"]/.test(part) && words.every((word) => word.includes('@'));
    return apart ? words.map(read) : [read(part)];
  });
}

/** In their written order, without duplicates; an address keeps its first display name. */
export function pastedAddresses(text: string): Pasted[] {
  const found = split(text, ';\n\r\t').flatMap(ofChunk);
  const byNormal = new Map<string, Pasted>();
  for (const one of found) {
    const key = 'refused' in one ? `refused ${one.refused}` : one.normal;
    const known = byNormal.get(key);
    if (known === undefined) byNormal.set(key, one);
    else if ('name' in known && 'name' in one && known.name === '') byNormal.set(key, { ...known, name: one.name });
  }
  return [...byNormal.values()];
}
