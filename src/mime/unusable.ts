// Parts that are there and cannot be used as they are: the desk is to know why it sees nothing.
import type { Leaf } from './classify.ts';
import { unfold } from './encoded-words.ts';
import type { Warn } from './header-fields.ts';
import { field } from './walk.ts';

/** Media types whose content is elsewhere (RFC 2046 §5.2.2, §5.2.3) or encrypted (RFC 3156 §4). */
const types: Readonly<Record<string, string>> = {
  'message/partial': 'message-partial',
  'message/external-body': 'external-body',
  'application/pgp-encrypted': 'encrypted',
};

/** Transfer encodings that mean something to us, and those that mean nothing is encoded; see transferEncoding. */
const KNOWN_ENCODING =
  /^["'\s]*(?:7-?bit|8-?bit|binary|quoted|q-?p|base-?64|(?:x-)?uu|none|identity|plain|ascii|us-ascii|utf-?8|$)/i;

/** Warns once of each such part: by the code of its kind, or `transfer-encoding-unknown`. */
export function warnOfUnusable(leaves: readonly Leaf[], warn: Warn): void {
  for (const { type, part } of leaves) {
    const code = Object.hasOwn(types, type) ? types[type] : undefined;
    if (code !== undefined) warn(code, `part ${part.path}`);
    const encoding = field(part.header.fields, 'content-transfer-encoding');
    if (encoding !== undefined && !KNOWN_ENCODING.test(unfold(encoding).slice(0, 100)))
      warn('transfer-encoding-unknown', `part ${part.path}`);
  }
}

/** Inline OpenPGP (RFC 9580 §6.2), within the first 2,000 characters of a text. */
export const isPgpText = (text: string): boolean =>
  text.includes('BEGIN PGP') && /^-----BEGIN PGP MESSAGE-----/m.test(text.slice(0, 2000));
