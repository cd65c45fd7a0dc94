// Automatic mail and what decided it.
import { describe, expect, it } from 'vitest';
import { detectAutomatic } from '../../../src/domain/automatic.ts';

function detect(
  headers: Record<string, string>,
  rest: { subject?: string; from?: string; report?: 'bounce' | 'receipt' } = {},
) {
  const map = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  return detectAutomatic({
    headers: {
      first: (name) => map.get(name),
      all: (name) => {
        const value = map.get(name);
        return value === undefined ? [] : [value];
      },
    },
    subject: rest.subject ?? 'Question',
    from: rest.from ?? 'person@customer.example',
    contentType: 'text/plain',
    ...(rest.report === undefined ? {} : { report: { kind: rest.report, source: 'RFC 3464' } }),
  });
}

describe('automatic mail', () => {
  it.each([
    ['a person', {}, {}, 'none', true],
    ['RFC 3834', { 'Auto-Submitted': 'auto-replied' }, {}, 'auto-reply', false],
    ['RFC 3834 with a parameter', { 'Auto-Submitted': 'auto-replied; owner-email="a@b"' }, {}, 'auto-reply', false],
    ['auto-submitted no', { 'Auto-Submitted': 'no' }, {}, 'none', true],
    ['auto-generated', { 'Auto-Submitted': 'auto-generated' }, {}, 'bulk', false],
    [
      'out of office of Exchange',
      { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All', 'In-Reply-To': '<a@b>' },
      { subject: 'Automatische Antwort: Frage' },
      'auto-reply',
      false,
    ],
    [
      'out of office of Exchange, by its references alone',
      { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All', References: '<a@b>' },
      {},
      'auto-reply',
      false,
    ],
    [
      'the same that answers nothing',
      { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
      {},
      'bulk',
      false,
    ],
    ['X-Autoreply', { 'X-Autoreply': 'yes' }, {}, 'auto-reply', false],
    ['weak subject alone', {}, { subject: 'Abwesenheit nächste Woche' }, 'none', false],
    [
      'weak subject with a null sender',
      { 'Return-Path': '<>' },
      { subject: 'Abwesenheitsnotiz: Frage' },
      'auto-reply',
      false,
    ],
    [
      'somebody is out of the office, in Notes',
      { 'Return-Path': '<>' },
      { subject: 'AUTO: Jane Doe is out of the office (returning 05.11.2026)' },
      'auto-reply',
      false,
    ],
    [
      'the same words in the middle',
      { 'X-Auto-Response-Suppress': 'All' },
      { subject: 'Jane Doe ist im Urlaub' },
      'auto-reply',
      false,
    ],
    ['the same words by a person', {}, { subject: 'My colleague is out of the office' }, 'none', false],
    ['iCloud', { 'X-Apple-Action': 'vacation' }, {}, 'auto-reply', false],
    [
      'a customer’s mail that a rule of another mailbox redirects to us',
      { 'X-MS-Exchange-Inbox-Rules-Loop': 'old-shared@shop.example' },
      {},
      'none',
      true,
    ],
    [
      'an answer by a rule',
      { 'X-MS-Exchange-Inbox-Rules-Loop': 'j@x.example' },
      { subject: 'Automatische Antwort: Frage' },
      'auto-reply',
      false,
    ],
    ['a web form through Amazon SES', { 'Feedback-ID': '1.eu-west-1.x=:AmazonSES' }, {}, 'none', true],
    ['a campaign', { 'Feedback-ID': 'c1:shop:news:esp' }, {}, 'bulk', false],
    ['list', { 'List-Id': '<l.example>' }, {}, 'list', false],
    ['a list with a comment first', { 'List-Id': '(Our list) <l.example>' }, {}, 'list', false],
    [
      'brackets around a subject',
      { Precedence: 'junk' },
      { subject: '[Automatische Antwort] Ticket' },
      'auto-reply',
      false,
    ],
    [
      'quotes around a subject',
      { 'Return-Path': '<>' },
      { subject: '"Out of office": back on Monday' },
      'auto-reply',
      false,
    ],
    ['a quoted precedence', { Precedence: '"bulk" (newsletter)' }, {}, 'bulk', false],
    [
      'suppress nothing',
      { 'X-Auto-Response-Suppress': 'None' },
      { subject: 'Automatic reply unwanted' },
      'none',
      false,
    ],
    ['suppress something', { 'X-Auto-Response-Suppress': 'OOF, AutoReply' }, {}, 'none', false],
    ['auto-submitted no, with a comment', { 'Auto-Submitted': 'No (RFC 3834)' }, {}, 'none', true],
    ['auto-submitted no, with a parameter', { 'Auto-Submitted': 'no; owner="x"' }, {}, 'none', true],
    ['auto-submitted none', { 'Auto-Submitted': 'none' }, {}, 'none', true],
    ['first-class', { Precedence: 'first-class' }, {}, 'none', true],
    ['an empty list', { 'List-Id': '<>', 'List-Unsubscribe': '<>', 'Mailing-List': '' }, {}, 'none', true],
    ['no responder', { 'X-Autoreply': 'No', 'X-Autorespond': 'false', 'X-Vacation': '0' }, {}, 'none', true],
    ['no loop', { 'X-Loop': 'none' }, {}, 'none', true],
    ['no campaign', { 'X-Campaign-Id': 'null', 'Feedback-ID': ':::' }, {}, 'none', true],
    [
      'a person who answers an automatic reply',
      { 'In-Reply-To': '<a@b>' },
      { subject: 'AW: Automatische Antwort: Ticket' },
      'none',
      false,
    ],
    [
      'an automatic reply recognised by its form',
      { 'In-Reply-To': '<a@b>' },
      { subject: 'Automatic reply: Ticket' },
      'auto-reply',
      false,
    ],
    ['bulk', { Precedence: 'bulk' }, {}, 'bulk', false],
    ['newsletter', { 'List-Unsubscribe': '<mailto:u@x.example>' }, {}, 'bulk', false],
    ['no-reply', {}, { from: 'no-reply@shop.example' }, 'none', false],
    ['sent by a gateway like this one', { 'X-Mailroom-Reply-Id': 'r-1' }, {}, 'none', false],
    ['suppression asked', { 'X-Auto-Response-Suppress': 'OOF, AutoReply' }, {}, 'none', false],
    ['null sender', { 'Return-Path': '<>' }, {}, 'none', false],
    ['bounce', { 'Return-Path': '<>' }, { report: 'bounce' as const }, 'bounce', false],
    ['read receipt', {}, { report: 'receipt' as const }, 'receipt', false],
    [
      'challenge',
      { 'Auto-Submitted': 'auto-replied', 'Return-Path': '<>' },
      { subject: 'Please confirm your message' },
      'challenge',
      false,
    ],
  ])('%s', (_name, headers, rest, kind, mayAutoRespond) => {
    const result = detect(headers as Record<string, string>, rest);
    expect(result).toMatchObject({ kind, mayAutoRespond });
    if (kind !== 'none') expect(result.evidence.length).toBeGreaterThan(0);
  });
});
