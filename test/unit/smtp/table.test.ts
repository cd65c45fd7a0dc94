// The SMTP rows of docs/exchange-online.md §9, one for one: each has a fault in the sandbox (whose texts are judged here; the journeys over the wire
// stand in test/integration/outbound/exchange.test.ts), and class and action are those of the row.
import { expect, it } from 'vitest';
import { classifySubmission, enhancedCodeIn, type Phase } from '../../../src/adapters/smtp/errors.ts';
import type { Action } from '../../../src/domain/catalogue/entry.ts';
import { FAULTS } from '../../../src/sandbox/faults.ts';
import { SMTP_REPLIES, type SmtpReplyName } from '../../../src/sandbox/smtp/replies.ts';

interface Row {
  /** As in the table. */
  pattern: string;
  cls: string;
  action: Action;
  /** Minutes to wait, at least and at most. */
  wait?: [number, number];
  faults: SmtpReplyName[];
  /** What the pattern says beyond the faults. */
  also?: [Phase, string][];
}

const MINUTE = 60_000;
const table: Row[] = [
  {
    pattern: '535 5.7.139 … SmtpClientAuthentication is disabled for the Tenant',
    cls: 'permission',
    action: 'pause-server',
    faults: ['smtpAuthDisabledTenant'],
  },
  {
    pattern: '… disabled for the Mailbox',
    cls: 'permission',
    action: 'pause-server',
    faults: ['smtpAuthDisabledMailbox'],
  },
  {
    pattern: '535 5.7.139 … basic authentication is disabled / 550 5.7.30',
    cls: 'auth',
    action: 'pause-server',
    faults: ['basicAuthDisabled', 'basicAuthRetired'],
  },
  {
    pattern: '535 5.7.139 … security defaults policy',
    cls: 'permission',
    action: 'pause-server',
    faults: ['securityDefaults'],
  },
  {
    pattern: '535 5.7.139 … did not meet the criteria',
    cls: 'permission',
    action: 'pause-server',
    faults: ['criteriaNotMet'],
  },
  // New token, one more try, then pause: the submitter turns the second one into pause-server.
  { pattern: '535 5.7.3', cls: 'auth', action: 'renew-token', faults: ['authUnsuccessful'] },
  {
    pattern: '535 5.7.139 … the user credentials were incorrect',
    cls: 'auth',
    action: 'renew-token',
    faults: ['credentialsIncorrect'],
  },
  { pattern: '550 5.7.68 Direct Send', cls: 'permission', action: 'pause-server', faults: ['directSendRefused'] },
  { pattern: '530 5.7.57', cls: 'permission', action: 'pause-server', faults: ['notAuthenticated'] },
  {
    pattern: '5.7.60 … permissions to send as this sender',
    cls: 'permission',
    action: 'fail',
    faults: ['sendAsRefused'],
  },
  {
    pattern: '554 5.2.252 SendAsDenied, 554 5.2.0 STOREDRV…SendAsDenied',
    cls: 'permission',
    action: 'retry',
    wait: [1, 5],
    faults: ['sendAsDenied', 'sendAsDeniedStore'],
  },
  {
    pattern: '432 4.3.2 Concurrent connections limit / sender thread limit exceeded',
    cls: 'throttle',
    action: 'back-off',
    wait: [0.5, 1],
    faults: ['concurrentConnections', 'senderThreadLimit'],
  },
  {
    pattern: '4.7.5xx / 451 4.7.500 … busy',
    cls: 'throttle',
    action: 'back-off',
    wait: [1, 60],
    faults: ['serverBusy'],
    also: [
      ['connect', '421 4.7.550 Access denied, please try again later'],
      ['rcpt', '451 4.7.599 busy'],
    ],
  },
  {
    pattern: '554 5.2.0 …SubmissionQuotaExceeded, 5.1.90, 5.2.2 submission quota',
    cls: 'throttle',
    action: 'hold',
    wait: [60, 1_440],
    faults: ['submissionQuotaExceeded', 'recipientQuota', 'submissionQuota'],
  },
  {
    pattern: '554 5.2.2 … mailbox full / QuotaExceeded',
    cls: 'permanent',
    action: 'pause-server',
    faults: ['mailboxFull'],
    also: [['answer', '554 5.2.2 mailbox full']],
  },
  { pattern: '554 5.2.0 …OutboundSpam', cls: 'permanent', action: 'pause-server', faults: ['outboundSpam'] },
  {
    pattern: '550 5.1.8 … bad outbound sender',
    cls: 'permanent',
    action: 'pause-server',
    faults: ['badOutboundSender'],
  },
  {
    pattern: '5.7.705, 5.7.708, 5.7.750, 5.7.50[1-3]',
    cls: 'permanent',
    action: 'pause-server',
    faults: ['tenantBlocked705', 'tenantBlocked708', 'tenantBlocked750', 'tenantSpam501'],
    also: [
      ['mail', '550 5.7.502 banned sender'],
      ['rcpt', '550 5.7.503 banned'],
    ],
  },
  {
    pattern: '5.7.232, 5.7.233, 5.7.236',
    cls: 'throttle',
    action: 'hold',
    wait: [60, 1_440],
    faults: ['tenantLimit232', 'tenantLimit233', 'tenantLimit236'],
  },
  {
    pattern: '451 4.7.0 … PRX[456]',
    cls: 'transient',
    action: 'retry',
    wait: [0.1, 60],
    faults: ['proxyFailure'],
    also: [
      ['auth', '451 4.7.0 Temporary server error. Please try again later. PRX5'],
      ['mail', '451 4.7.0 Temporary server error. Please try again later. PRX6'],
    ],
  },
  {
    pattern: '451 4.3.2 … ATTR17, 451 4.4.0, 452 4.3.1, 421 4.3.2, 554 4.3.2',
    cls: 'transient',
    action: 'retry',
    wait: [0.1, 60],
    faults: [
      'attribution',
      'dnsFailure',
      'insufficientResources',
      'serviceNotAvailable',
      'serviceNotActive',
      'storeTransient',
    ],
  },
  {
    pattern: '450 4.7.3 … queue quota',
    cls: 'throttle',
    action: 'back-off',
    wait: [1, 60],
    faults: ['queueQuota'],
  },
  // Transient before DATA, ambiguous after it.
  {
    pattern: '421 4.4.2 Connection dropped (after DATA)',
    cls: 'ambiguous',
    action: 'settle',
    faults: ['connectionDropped'],
  },
  {
    pattern: '421 4.4.2 Connection dropped (before DATA)',
    cls: 'transient',
    action: 'retry',
    faults: [],
    also: [
      ['mail', '421 4.4.2 Connection dropped'],
      ['data', '421 4.4.2 Connection dropped'],
    ],
  },
  { pattern: '552|550 5.3.4', cls: 'size', action: 'fail', faults: ['tooLarge', 'tooLargeAfterDot'] },
  { pattern: '5.5.3 too many recipients', cls: 'size', action: 'fail', faults: ['tooManyRecipients'] },
  {
    pattern: '452 4.5.3 too many recipients',
    cls: 'transient',
    action: 'retry',
    wait: [1, 60],
    faults: ['tooManyRecipientsNow'],
  },
  { pattern: '5.6.11 bare LF', cls: 'permanent', action: 'fail', faults: ['bareLineFeed'] },
  { pattern: '5.1.20, 5.7.512', cls: 'permanent', action: 'fail', faults: ['multipleFrom', 'fromInvalid'] },
  {
    pattern: '5.4.14/5.4.6, 5.7.128',
    cls: 'permanent',
    action: 'fail',
    faults: ['loop', 'loopExternal', 'rulesLoop'],
  },
  {
    pattern: '554 5.2.121/122',
    cls: 'throttle',
    action: 'back-off',
    wait: [60, 60],
    faults: ['recipientRate', 'recipientRateTotal'],
  },
  { pattern: '501 5.5.4 Invalid domain name', cls: 'invalid', action: 'pause-server', faults: ['invalidDomain'] },
  {
    pattern: '550 5.1.1, 5.1.10, 5.4.1 (RCPT or NDR)',
    cls: 'permanent',
    action: 'fail',
    faults: ['userUnknown', 'recipientNotFound', 'recipientDenied'],
  },
];

const PHASES = { connect: 'connect', ehlo: 'connect', auth: 'auth', mail: 'mail', rcpt: 'rcpt', data: 'data' } as const;
const names = { user: 'u@contoso.com', from: 'f@contoso.com', server: 's', host: 'h', port: 587 };

it('every fault of the sandbox matches one row, and every row is tried', () => {
  const used = table.flatMap(({ faults }) => faults);
  expect([...used].sort()).toEqual(Object.keys(SMTP_REPLIES).sort());
  expect(table.filter(({ faults, also = [] }) => faults.length + also.length === 0)).toEqual([]);
});

it.each(table)('$pattern: $cls, $action', ({ cls, action, wait, faults, also = [] }) => {
  const said: [Phase, string][] = faults.map((name) => {
    const { at, code, text } = SMTP_REPLIES[name];
    return [at === 'afterDot' ? 'answer' : PHASES[at], `${code} ${text}`];
  });
  for (const [phase, text] of [...said, ...also]) {
    const verdict = classifySubmission(
      { phase, replyCode: Number(text.slice(0, 3)), enhancedCode: enhancedCodeIn(text), text },
      names,
    );
    expect({ text, class: verdict.class, action: verdict.action }).toEqual({ text, class: cls, action });
    expect(verdict.hint).not.toBe('');
    if (wait !== undefined) {
      expect(verdict.retryAfterMs).toBeGreaterThanOrEqual(wait[0] * MINUTE);
      expect(verdict.retryAfterMs).toBeLessThanOrEqual(wait[1] * MINUTE);
    }
  }
});

it('a broken connection, before DATA and after it began: the last two rows, and their faults', () => {
  for (const phase of ['connect', 'tls', 'auth', 'mail', 'rcpt', 'data'] as const)
    for (const nodeCode of ['ECONNECTION', 'ETIMEDOUT'])
      expect(classifySubmission({ phase, nodeCode }, names).action).toBe(phase === 'tls' ? 'pause-server' : 'retry');
  expect(classifySubmission({ phase: 'body', nodeCode: 'ECONNECTION' }, names)).toMatchObject({
    code: 'DELIVERY_UNCERTAIN',
    class: 'ambiguous',
    action: 'settle',
  });
  for (const name of ['dropBeforeData', 'dropInData', 'dropAfterDot', 'dropAfterDotUnaccepted', 'stallSmtp'])
    expect(FAULTS).toHaveProperty(name);
});
