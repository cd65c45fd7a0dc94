// What needs attention: nothing only when nothing does; each thing by its code, with what to do in both languages and an alert that exists.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type AttentionFacts, attentionOf } from '../../../src/domain/attention.ts';
import { type AttentionCode, attentionRows, attentionText } from '../../../src/domain/attention-words.ts';

const NOW = Date.UTC(2026, 10, 30, 12);
const MINUTE = 60_000;
const DAY = 1_440 * MINUTE;

const imap = {
  name: 'In',
  serverType: 'IMAP',
  enabled: true,
  valid: true,
  live: { state: 'idle' },
  findings: [],
} as const;
const smtp = { ...imap, name: 'Out', serverType: 'SMTP', live: { state: 'sending' } } as const;
const flow = { emailFlow: 'Support', servers: ['In'], waiting: 3, oldestAt: NOW - MINUTE, jobs: {}, consumers: 1 };
const well: AttentionFacts = {
  redis: undefined,
  blobs: undefined,
  unfit: false,
  durabilityLost: false,
  damagedKeys: 0,
  replicas: 1,
  quarantined: 0,
  replies: { held: 0, uncertain: 0, retrying: 0, failed: 0 },
  gone: [],
  flows: [flow],
  servers: [imap, smtp],
  silenceMs: 3 * DAY,
  signInEnds: new Map([['In', NOW + 60 * DAY]]),
};
const replies = (more: Partial<AttentionFacts['replies']>) => ({ replies: { ...well.replies, ...more } });
const flows = (more: Partial<AttentionFacts['flows'][number]>) => ({ flows: [{ ...flow, ...more }] });
const live = (server: typeof imap | typeof smtp, state: AttentionFacts['servers'][number]['live']) => ({
  servers: [imap, smtp].map((one) => (one === server ? { ...server, live: state } : one)),
});
const sent = (recipients: number, recipientsLimitAt?: number) =>
  live(smtp, { state: 'sending', pace: { recipients, recipientsPerDay: 10_000, recipientsLimitAt } });
const finding = (code: string, severity: 'warning' | 'note' = 'warning') => ({
  servers: [{ ...imap, findings: [{ code, severity }] }, smtp],
});

const table: [string, Partial<AttentionFacts>, AttentionCode[]][] = [
  ['no findings', {}, []],
  ['Redis refuses writes', { redis: 'REDIS_OUT_OF_MEMORY' }, ['REDIS_TROUBLE']],
  ['Redis would evict jobs', { unfit: true }, ['REDIS_UNFIT']],
  ['Redis lost its append-only file', { durabilityLost: true }, ['REDIS_DURABILITY_LOST']],
  ['blobs', { blobs: 'BLOB_STORE_FULL' }, ['BLOB_STORE_TROUBLE']],
  ['damaged keys', { damagedKeys: 1 }, ['REDIS_KEYS_DAMAGED']],
  ['nobody fetches', { replicas: 0 }, ['NO_REPLICA']],
  ['no replica fetches, and none should', { replicas: 0, servers: [smtp, { ...imap, enabled: false }] }, []],
  ['held', replies({ held: 302 }), ['REPLIES_HELD']],
  ['uncertain', replies({ uncertain: 1 }), ['REPLIES_UNCERTAIN']],
  ['tried again', replies({ retrying: 2 }), ['REPLIES_RETRYING']],
  ['failed', replies({ failed: 1 }), ['REPLIES_FAILED']],
  ['quarantined', { quarantined: 303 }, ['MESSAGES_QUARANTINED']],
  ['replies of a removed server', { gone: [{ server: 'X', waiting: 4 }] }, ['REPLIES_WITHOUT_SERVER']],
  ['no consumer', flows({ waiting: 301, consumers: 0 }), ['FLOW_WITHOUT_CONSUMER']],
  ['no consumer, and nothing waits', flows({ waiting: 0, oldestAt: undefined, consumers: 0 }), []],
  ['an old backlog', flows({ oldestAt: NOW - 16 * MINUTE }), ['FLOW_BEHIND']],
  ['an old backlog, consumers unknown', flows({ oldestAt: NOW - 16 * MINUTE, consumers: undefined }), ['FLOW_BEHIND']],
  ['failed jobs', flows({ waiting: 0, oldestAt: undefined, jobs: { failed: 2 } }), ['FLOW_JOBS_FAILED']],
  ['a flow without a server', flows({ servers: [] }), ['FLOW_WITHOUT_SERVER']],
  ['an unreadable queue', flows({ problem: 'WRONGTYPE' }), ['FLOW_UNREADABLE']],
  ['an invalid server', { servers: [imap, smtp, { ...imap, name: 'Bad', valid: false }] }, ['SERVER_INVALID']],
  ['not connected', live(imap, { state: 'backing-off', reason: 'IMAP_AUTH_FAILED' }), ['MAILBOX_NOT_WATCHED']],
  ['not watched yet', live(imap, { state: 'unknown' }), ['MAILBOX_NOT_WATCHED']],
  ['silent', live(imap, { state: 'idle', lastMessageAt: NOW - 3 * DAY }), ['MAILBOX_SILENT']],
  ['silent, and nobody asked', { ...live(imap, { state: 'idle', lastMessageAt: 1 }), silenceMs: 0 }, []],
  ['an hour before the silence', live(imap, { state: 'idle', lastMessageAt: NOW - 71 * 60 * MINUTE }), []],
  ['silent and not connected', live(imap, { state: 'backing-off', lastMessageAt: 1 }), ['MAILBOX_NOT_WATCHED']],
  ['an SMTP server without replies', live(smtp, { state: 'sending', lastMessageAt: 1 }), []],
  ['recipients near their limit', sent(8_000), ['RECIPIENTS_NEAR_LIMIT']],
  ['few recipients, and many an hour', sent(3_000, NOW + 110 * MINUTE), ['RECIPIENTS_LIMIT_AHEAD']],
  ['few recipients, and the limit is far', sent(3_000, NOW + 200 * MINUTE), []],
  ['no recipients left', sent(10_000, NOW), ['RECIPIENTS_LIMIT_REACHED']],
  ['connecting', live(imap, { state: 'connecting' }), []],
  ['back-pressure', live(imap, { state: 'paused', reason: 'flow-backlog' }), ['FETCHING_PAUSED']],
  ['unproven', live(smtp, { state: 'unproven' }), ['SMTP_UNPROVEN']],
  ['paused', live(smtp, { state: 'paused', pausedBy: 'Kim' }), ['SMTP_PAUSED']],
  ['retrying', live(smtp, { state: 'retrying', code: 'SMTP_UNREACHABLE' }), ['SMTP_RETRYING']],
  ['sign-in needed', live(smtp, { state: 'sign-in-needed', code: 'OAUTH_SIGN_IN_NEEDED' }), ['SIGN_IN_NEEDED']],
  ['a disabled server', { servers: [imap, { ...smtp, enabled: false, live: { state: 'disabled' } }] }, []],
  ['a secret that expires', finding('CLIENT_SECRET_ENDS'), ['CREDENTIAL_ENDS']],
  ['a warning', finding('TLS_DISABLED'), ['SERVER_WARNING']],
  ['a note', finding('DEVICE_CODE_MAY_BE_BLOCKED', 'note'), []],
  ['a sign-in that expires', { signInEnds: new Map([['In', NOW + 3 * DAY]]) }, ['SIGN_IN_ENDS']],
];

describe('attention', () => {
  it.each(table)('%s', (_, facts, codes) => {
    const found = attentionOf({ ...well, ...facts }, NOW);
    expect(found.map(({ code }) => code)).toEqual(codes);
    for (const { code, parameters, link } of found) {
      expect(link).toMatch(/^\/portal/);
      for (const language of ['en', 'de'] as const) {
        const { title, hint } = attentionText(code, parameters, language);
        expect(`${title} ${hint}`).not.toContain('{');
      }
    }
  });

  it('has a row here for every code', () => {
    const known = new Set(table.flatMap(([, , codes]) => codes));
    expect(Object.keys(attentionRows).filter((code) => !known.has(code as AttentionCode))).toEqual([]);
  });

  it('lists the most urgent first, with numbers in the reader’s format', () => {
    const found = attentionOf({ ...well, quarantined: 5_000, ...replies({ uncertain: 1, held: 5_000 }) }, NOW);
    expect(found.map(({ code }) => code)).toEqual(['REPLIES_HELD', 'MESSAGES_QUARANTINED', 'REPLIES_UNCERTAIN']);
    expect(attentionText('REPLIES_HELD', { count: 5_000 }, 'de').title).toContain('5.000');
  });

  it.each(['ops/prometheus', 'ops/helm/mailroom/files'])('names alerts that %s has', (folder) => {
    const rules = readFileSync(new URL(`../../../${folder}/mailroom.rules.yaml`, import.meta.url), 'utf8');
    const alerts = Object.values(attentionRows).flatMap((row) => ('alert' in row ? [row.alert] : []));
    expect(alerts.filter((alert) => !rules.includes(`alert: ${alert}\n`))).toEqual([]);
  });
});
