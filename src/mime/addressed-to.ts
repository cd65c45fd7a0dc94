// The addresses of ours that a mail was sent to: from the fields that people write, then from those that servers add on delivery. Plus addresses
// (RFC 5233) count as their base address. Pure.
import type { AddressedTo } from '../contract/message.ts';
import { normalAddress } from '../domain/address.ts';
import type { Headers } from './header-fields.ts';
import type { ParsedMessage } from './parsed-message.ts';

/** Fields in which servers name the recipient; those that precede the resolution of aliases come first. */
const DELIVERY = [
  'X-Original-To',
  'Delivered-To',
  'Envelope-To',
  'X-Envelope-To',
  'X-Delivered-To',
  'X-Rcpt-To',
  'X-Forwarded-To',
];
/** Values read per field, and addresses found in all. */
const MAX_VALUES = 20;
const MAX_FOUND = 20;

/** @param takenFor recipients that our servers name in their Received */
export function addressedTo(
  own: readonly string[],
  { to, cc }: Pick<ParsedMessage, 'to' | 'cc'>,
  headers: Headers,
  takenFor: readonly string[],
): AddressedTo[] {
  const ours = new Map(
    own.flatMap((address) => {
      const normal = normalAddress(address);
      return normal === undefined ? [] : [[normal, address] as const];
    }),
  );
  if (ours.size === 0) return [];
  const found = new Map<string, AddressedTo>();
  const look = (text: string, header: string): void => {
    const normal = normalAddress(text);
    if (normal === undefined || found.size >= MAX_FOUND || found.has(normal)) return;
    const exact = ours.get(normal);
    if (exact !== undefined) {
      found.set(normal, { address: exact, header });
      return;
    }
    const at = normal.lastIndexOf('@');
    const plus = normal.indexOf('+');
    if (plus < 1 || plus > at) return;
    const base = ours.get(normal.slice(0, plus) + normal.slice(at));
    // In the case in which it was written, as the backend interprets it.
    const written = text.slice(text.indexOf('+') + 1, text.lastIndexOf('@'));
    if (base !== undefined) found.set(normal, { address: base, tag: written, header });
  };
  for (const { address } of to) look(address, 'To');
  for (const { address } of cc) look(address, 'Cc');
  for (const name of DELIVERY)
    for (const value of headers.all(name.toLowerCase()).slice(0, MAX_VALUES))
      look(value.replace(/^<|>$/g, '').trim(), name);
  for (const address of takenFor.slice(0, MAX_VALUES)) look(address, 'Received');
  return [...found.values()];
}
