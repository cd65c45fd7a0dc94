// The pure parts of the sandbox's IMAP: reading arguments, folder names, sets, MIME trees, dates.
import { describe, expect, it } from 'vitest';
import { headerFields, parseAddresses } from '../../../src/sandbox/addresses.ts';
import { imapEnvelope } from '../../../src/sandbox/imap/envelope.ts';
import { imapDate, parseImapDate } from '../../../src/sandbox/imap/fetch-items.ts';
import { compactSet, resolveSet } from '../../../src/sandbox/imap/sequence.ts';
import { bodyStructure, findPart, parsePart } from '../../../src/sandbox/imap/structure.ts';
import { parseTokens, quote, type Token } from '../../../src/sandbox/imap/tokens.ts';
import { decodeUtf7, encodeUtf7 } from '../../../src/sandbox/imap/utf7.ts';
import { lowerBound, type StoredMessage } from '../../../src/sandbox/store.ts';

const show = (token: Token): unknown =>
  token.kind === 'atom'
    ? token.text
    : token.kind === 'string'
      ? `"${token.bytes.toString('latin1')}"`
      : token.items.map(show);

describe('arguments', () => {
  it.each([
    ['1:* (UID FLAGS)', ['1:*', ['UID', 'FLAGS']]],
    ['BODY.PEEK[HEADER.FIELDS (From To)]<0.100>', ['BODY.PEEK[HEADER.FIELDS (From To)]<0.100>']],
    ['"a \\"b\\" \\\\c" ()', ['"a "b" \\c"', []]],
    ['NOT (OR SEEN (UID 1,2))', ['NOT', ['OR', 'SEEN', ['UID', '1,2']]]],
    ['', []],
  ])('%s', (text, expected) => {
    expect(parseTokens([text]).map(show)).toEqual(expected);
  });
  it('reads literals as strings', () => {
    expect(parseTokens(['x ', Buffer.from('a b'), ' (y ', Buffer.from(''), ')']).map(show)).toEqual([
      'x',
      '"a b"',
      ['y', '""'],
    ]);
  });
  it.each(['(', ')', '"open', 'BODY[TEXT'])('refuses %s', (text) => {
    expect(() => parseTokens([text])).toThrow(SyntaxError);
  });
  it('quotes a string, or sends a literal', () => {
    expect(quote('a"b\\')).toBe('"a\\"b\\\\"');
    expect(quote('ü\xfc'.slice(1))).toBe('{1}\r\n\xfc');
    expect(quote(undefined)).toBe('NIL');
  });
});

describe('folder names', () => {
  it.each([
    ['Gesendete Elemente', 'Gesendete Elemente'],
    ['Entwürfe', 'Entw&APw-rfe'],
    ['R&D', 'R&-D'],
    ['台北', '&U,BTFw-'],
    ['~peter/mail/台北/日本語', '~peter/mail/&U,BTFw-/&ZeVnLIqe-'],
  ])('%s is %s', (name, encoded) => {
    expect(encodeUtf7(name)).toBe(encoded);
    expect(decodeUtf7(encoded)).toBe(name);
  });
});

describe('sets', () => {
  const view = [2, 5, 6, 9].map(
    (uid): StoredMessage => ({ uid, flags: new Set(), internalDate: new Date(0), raw: Buffer.alloc(0) }),
  );
  const uids = (text: string, byUid: boolean) => {
    const found = resolveSet(view, text, byUid);
    return found === 'invalid' ? found : found.map(({ message }) => message.uid);
  };
  it.each([
    ['1:*', true, [2, 5, 6, 9]],
    ['7:*', true, [9]],
    ['100:*', true, [9]],
    ['6,2,5:6', true, [2, 5, 6]],
    ['3:4', true, []],
    ['2:3', false, [5, 6]],
    ['*', false, [9]],
    ['5', false, 'invalid'],
    ['0', false, 'invalid'],
    ['a', true, 'invalid'],
    ['1:', true, 'invalid'],
  ])('%s by UID: %s', (text, byUid, expected) => {
    expect(uids(text, byUid)).toEqual(expected);
  });
  it('refuse * in an empty folder, as Exchange does', () => {
    expect(resolveSet([], '*', false)).toBe('invalid');
    expect(resolveSet([], '1:*', true)).toEqual([]);
  });
  it('are written compactly', () => {
    expect(compactSet([1, 2, 3, 7, 9, 10])).toBe('1:3,7,9:10');
    expect(compactSet([])).toBe('');
  });
  it('yield positions', () => {
    expect([1, 2, 6, 7, 10].map((uid) => lowerBound(view, uid))).toEqual([0, 0, 2, 3, 4]);
  });
});

describe('MIME trees', () => {
  const raw = Buffer.from(
    'Content-Type: multipart/mixed; boundary="a b"\r\n\r\npreamble\r\n--a b\r\n\r\nplain\r\n--a b-not\r\n--a b\r\nContent-Type: multipart/alternative; boundary=c\r\n\r\n--c\r\nContent-Type: text/html; charset="utf-8"\r\n\r\n<p>\r\n--c--\r\n--a b\r\nContent-Type: message/rfc822\r\nContent-Disposition: attachment; filename="x;\\"y.eml"\r\n\r\nSubject: inner\r\n\r\nbody\r\nmore\r\n--a b--\r\nepilogue',
  );
  const root = parsePart(raw);
  it('are split at boundary lines only', () => {
    expect(root.parts.map((part) => `${part.type}/${part.subtype}`)).toEqual([
      'text/plain',
      'multipart/alternative',
      'message/rfc822',
    ]);
    expect(findPart(root, [1])?.body.toString()).toBe('plain\r\n--a b-not');
    expect(findPart(root, [2, 1])?.body.toString()).toBe('<p>');
    expect(findPart(root, [3, 1])?.body.toString()).toBe('body\r\nmore');
    expect(findPart(root, [4])).toBeUndefined();
  });
  it('describe themselves', () => {
    expect(bodyStructure(root, true)).toBe(
      '(("TEXT" "PLAIN" ("charset" "us-ascii") NIL NIL "7bit" 16 1 NIL NIL NIL NIL)(("TEXT" "HTML" ("charset" "utf-8") NIL NIL "7bit" 3 0 NIL NIL NIL NIL) "ALTERNATIVE" ("boundary" "c") NIL NIL NIL)("MESSAGE" "RFC822" NIL NIL NIL "7bit" 28 (NIL "inner" NIL NIL NIL NIL NIL NIL NIL NIL) ("TEXT" "PLAIN" ("charset" "us-ascii") NIL NIL "7bit" 10 1 NIL NIL NIL NIL) 3 NIL ("attachment" ("filename" "x;\\"y.eml")) NIL NIL) "MIXED" ("boundary" "a b") NIL NIL NIL)',
    );
  });
});

describe('headers', () => {
  it('are unfolded, and their addresses read', () => {
    const fields = headerFields(
      Buffer.from(
        'From: "Doe, \\"J\\"" <j@x.example>\r\nTo: team: a@x.example, B <b@y.example>;,\r\n c@z.example (C)\r\nSubject: a\r\n b\r\n\r\nFrom: not me',
      ),
    );
    expect(fields.map(([name]) => name)).toEqual(['from', 'to', 'subject']);
    expect(parseAddresses(fields[0]?.[1] ?? '')).toEqual([{ name: 'Doe, "J"', address: 'j@x.example' }]);
    expect(parseAddresses(fields[1]?.[1] ?? '').map(({ address }) => address)).toEqual([
      'a@x.example',
      'b@y.example',
      'c@z.example',
    ]);
    expect(imapEnvelope(fields)).toContain('"a b" (("Doe, \\"J\\"" NIL "j" "x.example"))');
  });
});

describe('dates', () => {
  it.each([
    ['23-Nov-2026 09:08:07 +0000', '2026-11-23T09:08:07.000Z'],
    [' 1-Jan-2026 00:30:00 +0100', '2025-12-31T23:30:00.000Z'],
    ['1-Feb-2026', '2026-02-01T00:00:00.000Z'],
  ])('%s', (text, iso) => {
    expect(parseImapDate(text)?.toISOString()).toBe(iso);
  });
  it('are written as RFC 3501 requires', () => {
    expect(imapDate(new Date('2026-01-02T03:04:05Z'))).toBe(' 2-Jan-2026 03:04:05 +0000');
    expect(parseImapDate('32 Foo')).toBeUndefined();
  });
});
