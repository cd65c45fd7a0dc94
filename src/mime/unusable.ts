// Warnings about parts that cannot be shown, so that agents know why they see nothing.
import type { Leaf } from './classify.ts';
import type { Warn } from './header-fields.ts';

/** Warnings by media type: content elsewhere (RFC 2046 §5.2.2, §5.2.3) or encrypted (RFC 3156 §4). */
const types: ReadonlyMap<string, string> = new Map([
  ['message/partial', 'message-partial'],
  ['message/external-body', 'external-body'],
  ['application/pgp-encrypted', 'encrypted'],
]);

/** Warns of each such part, and of those with an unknown transfer encoding. */
export function warnOfUnusable(leaves: readonly Leaf[], warn: Warn): void {
  for (const { type, part, encodingUnknown } of leaves) {
    const code = types.get(type);
    if (code !== undefined) warn(code, `part ${part.path}`);
    if (encodingUnknown) warn('transfer-encoding-unknown', `part ${part.path}`);
  }
}

/** Inline OpenPGP (RFC 9580 §6.2), within the first 2,000 characters of a text. */
export const isPgpText = (text: string): boolean =>
  text.includes('BEGIN PGP') && /^-----BEGIN PGP MESSAGE-----/m.test(text.slice(0, 2000));
