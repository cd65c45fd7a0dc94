// The small pure parts of the inbound side: placement, blind time, turns of sign-ins, replacement text, fingerprints.
import { describe, expect, it } from 'vitest';
import { blindTime } from '../../../src/inbound/blind-time.ts';
import { signInTurn } from '../../../src/inbound/connect-mailbox.ts';
import { fingerprintOf, isReplacementText } from '../../../src/inbound/fingerprint.ts';
import { preferredReplica } from '../../../src/inbound/placement.ts';

describe('placement', () => {
  const ids = Array.from({ length: 600 }, (_, i) => `mailbox-${i}`);
  const place = (replicas: string[]) => new Map(ids.map((id) => [id, preferredReplica(id, replicas)]));

  it('spreads mailboxes evenly and moves only what it must', () => {
    const two = place(['a', 'b']);
    const three = place(['a', 'b', 'c']);
    const share = [...three.values()].filter((replica) => replica === 'c').length;
    expect(share).toBeGreaterThan(150);
    expect(share).toBeLessThan(250);
    for (const id of ids) if (three.get(id) !== 'c') expect(three.get(id)).toBe(two.get(id));
  });

  it('does not depend on the order of the replicas', () => {
    expect(place(['a', 'b', 'c'])).toEqual(place(['c', 'a', 'b']));
    expect(preferredReplica('x', [])).toBeUndefined();
  });
});

describe('blind time', () => {
  it('lasts from the last proof before a loss to the first one after it', () => {
    let now = 0;
    const blind = blindTime(() => now);
    now = 500;
    blind.proven();
    expect(blind.totalMs()).toBe(500);
    now = 60_500;
    blind.proven();
    now = 90_500; // dead for 30 s before anyone noticed
    blind.lost();
    now = 91_500;
    expect(blind.totalMs()).toBe(500 + 31_000);
    blind.proven();
    now = 200_000;
    expect(blind.totalMs()).toBe(31_500);
    expect(blind.lastProvenAt()).toBe(91_500);
  });
});

describe('the turn of a sign-in', () => {
  it('is at once when its slot is now', async () => {
    await signInTurn(async () => 0, 'tenant', new AbortController().signal);
  });

  it('waits for the slot, and stops waiting on an abort', async () => {
    const abort = new AbortController();
    const waiting = signInTurn(async () => 3_600_000, 'tenant', abort.signal);
    abort.abort();
    await expect(waiting).rejects.toThrow('aborted');
  });
});

describe('replacement text of Exchange', () => {
  const text =
    'The server could not display this.\r\nRetrieval using the IMAP4 protocol failed for the following message: 4711\r\n';
  it.each([
    ['the replacement', `Subject: Retrieval using the IMAP4 protocol failed\r\n\r\n${text}`, true],
    ['a customer who quotes it', `Received: from mx\r\nSubject: strange\r\n\r\n${text}`, false],
    ['a long mail that contains it', `Subject: x\r\n\r\n${text}${'x'.repeat(9_000)}`, false],
    ['an ordinary mail', 'Subject: hello\r\n\r\nhi', false],
  ])('%s', (_name, raw, expected) => {
    expect(isReplacementText(Buffer.from(raw))).toBe(expected);
  });
});

describe('fingerprint', () => {
  const at = new Date('2026-11-23T10:00:30Z');
  const raw = 'Message-ID: <a@b>\r\nDate: Mon, 23 Nov 2026 10:00:00 +0000\r\nFrom: "K" <k@x>\r\n';
  const print = (text: string, date = at, size = 1_000) => fingerprintOf(Buffer.from(text), date, size);

  it('is the same for the whole mail, for its head alone, and for re-rendered sizes and arrival times', () => {
    expect(print(`${raw}Subject: s\r\n\r\nbody`)).toBe(print(`${raw}\r\n`, new Date(0), 3_000));
    expect(print(raw.replaceAll('\r\n', '\n'))).toBe(print(raw));
    expect(print(raw.replace('Message-ID: ', 'Message-Id:\r\n  '))).toBe(print(raw));
  });

  it('distinguishes mails without Message-ID by minute and size class', () => {
    const bare = raw.replace(/^Message-ID.*\r\n/, '');
    expect(print(bare)).not.toBe(print(bare, new Date(at.getTime() + 120_000)));
    expect(print(bare, at, 1_000)).toBe(print(bare, at, 1_100));
    expect(print(bare)).not.toBe(print(raw));
  });
});
