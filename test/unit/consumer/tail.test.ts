// What `mailroom tail` shows of a message: readable, and harmless to the terminal.
import { expect, it } from 'vitest';
import { messageLines, tail } from '../../../src/cli/tail.ts';
import type { Message } from '../../../src/contract/message.ts';
import { message } from '../http/fixtures.ts';

it('shows sender, subject, attachments and special properties', () => {
  const shown = messageLines({
    ...message,
    replyText: 'Where is\n my parcel? ',
    automatic: { kind: 'auto-reply', evidence: [], mayAutoRespond: false },
    warnings: [{ code: 'charset-repaired' }, { code: 'charset-repaired' }],
  });
  expect(shown.split('\n')).toEqual([
    '2026-11-23T10:00:00.000Z  Service IMAP (INBOX 7)  m-abc-1-7',
    '  From:    Kim <kim@example.org>',
    '  To:      service@example.com',
    '  Subject: Rechnung',
    '  Where is my parcel?',
    '  + Rechnung "Nr. 7" – 日本%.pdf (application/pdf, 1000 bytes)',
    '  + note.txt (application/pdf, 36 bytes)',
    '  [auto-reply; 2 warnings: charset-repaired]',
  ]);
});

it('shows control characters and direction overrides instead of obeying them', () => {
  const shown = messageLines({ ...message, subject: '\u001b]0;pwned\u0007\u202egpj.exe\r\nnext', attachments: [] });
  expect(shown).toContain('Subject: \\u001b]0;pwned\\u0007\\u202egpj.exe\\u000d\\u000anext');
});

it('writes text or JSON lines until it is ended, then stops watching', async () => {
  for (const json of [false, true]) {
    const lines: string[] = [];
    let end: () => void = () => {};
    const until = new Promise<void>((resolve) => {
      end = resolve;
    });
    let closed = false;
    const follow = async (_flow: string, onMessage: (arrived: Message) => void) => {
      queueMicrotask(() => {
        onMessage(message);
        end();
      });
      return {
        close: async () => {
          closed = true;
        },
      };
    };
    await tail({ emailFlow: 'Service', json, follow, write: (line) => void lines.push(line), until });
    expect(closed).toBe(true);
    if (json) expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([message]);
    else expect(lines.sort()[0]).toContain('m-abc-1-7');
  }
});
