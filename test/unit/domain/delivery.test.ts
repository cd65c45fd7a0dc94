// What a reply's recipients are known to have got of it, after reports in any order, late, twice, forged.
import { describe, expect, it } from 'vitest';
import type { DeliveryStatus } from '../../../src/contract/message.ts';
import type { Delivery } from '../../../src/contract/result.ts';
import { catalogue, type ErrorCode } from '../../../src/domain/catalogue/index.ts';
import {
  bounceClassOf,
  type Deliveries,
  keyOf,
  learn,
  withDelivery,
  withHint,
  withLearnt,
} from '../../../src/domain/delivery.ts';

type Reported = DeliveryStatus['recipients'][number];
const KIM = 'kim@customer.example';
const LEE = 'lee@customer.example';
const LEARNT_AT = '2026-11-30T10:00:00.000Z';

const failed = (recipient = KIM, status = '5.1.1'): Reported => ({
  recipient,
  action: 'failed',
  permanent: true,
  status,
});
const delayed = (recipient = KIM): Reported => ({ recipient, action: 'delayed', permanent: false, status: '4.4.7' });
const delivered = (recipient = KIM): Reported => ({
  recipient,
  action: 'delivered',
  permanent: false,
  status: '2.0.0',
});
const relayed = (recipient = KIM): Reported => ({ recipient, action: 'relayed', permanent: false, status: '2.0.0' });
const receipt = (disposition: string, recipient = KIM): Reported => ({
  recipient,
  permanent: false,
  diagnostic: `manual-action/MDN-sent-manually; ${disposition}`,
});

interface Report {
  isReceipt?: boolean;
  recipients: Reported[];
}

/** What is known after these, and how many of them said something new. */
function reported(reports: readonly Report[], recipients = [KIM]): { known: Deliveries; news: number } {
  let known: Deliveries = {};
  let news = 0;
  for (const { recipients: said, isReceipt = false } of reports) {
    const learnt = learn(known, recipients, {
      deliveryStatus: { recipients: said },
      isReceipt,
      learntAt: LEARNT_AT,
    });
    known = withLearnt(known, learnt);
    if (learnt.length > 0) news += 1;
  }
  return { known, news };
}

const of = (known: Deliveries, address = KIM): Delivery => known[keyOf(address)]?.delivery ?? 'unknown';
const read = { isReceipt: true, recipients: [receipt('displayed')] };

describe('several reports about a reply', () => {
  it.each<[string, Report[], Delivery, number]>([
    ['none', [], 'unknown', 0],
    ['a delay', [{ recipients: [delayed()] }], 'delayed', 1],
    ['a second delay', [{ recipients: [delayed()] }, { recipients: [delayed()] }], 'delayed', 1],
    ['delayed, then bounced', [{ recipients: [delayed()] }, { recipients: [failed()] }], 'bounced', 2],
    ['a late delay after the bounce', [{ recipients: [failed()] }, { recipients: [delayed()] }], 'bounced', 1],
    ['delayed, then delivered', [{ recipients: [delayed()] }, { recipients: [delivered()] }], 'delivered', 2],
    ['a late delay after delivered', [{ recipients: [delivered()] }, { recipients: [delayed()] }], 'delivered', 1],
    ['a bounce twice', [{ recipients: [failed()] }, { recipients: [failed(KIM, '5.2.2')] }], 'bounced', 1],
    ['taken over, then bounced further on', [{ recipients: [delivered()] }, { recipients: [failed()] }], 'bounced', 2],
    ['bounced, and an older success', [{ recipients: [failed()] }, { recipients: [delivered()] }], 'bounced', 1],
    ['read, then bounced by a forwarding rule', [read, { recipients: [failed()] }], 'read', 1],
    ['bounced, then read all the same', [{ recipients: [failed()] }, read], 'read', 2],
    ['read twice', [read, read], 'read', 1],
    ['handed to a system without reports', [{ recipients: [relayed()] }], 'unknown', 0],
    ['deleted unread', [{ isReceipt: true, recipients: [receipt('deleted')] }], 'delivered', 1],
    ['bounced and delayed in one report', [{ recipients: [failed(), delayed()] }], 'bounced', 1],
    ['a bounce of somebody else', [{ recipients: [failed(LEE)] }], 'unknown', 0],
    ['the address in another spelling', [{ recipients: [failed('KIM@Customer.Example')] }], 'bounced', 1],
  ])('%s', (_, reports, delivery, news) => {
    const seen = reported(reports);
    expect([of(seen.known), seen.news]).toEqual([delivery, news]);
  });

  it('give the same result in any order of arrival', () => {
    const reports: Report[] = [
      { recipients: [delayed()] },
      { recipients: [delivered()] },
      { recipients: [failed()] },
      read,
    ];
    const orders = permutations(reports).map((order) => of(reported(order).known));
    expect(new Set(orders)).toEqual(new Set(['read']));
    const withoutRead = permutations(reports.slice(0, 3)).map((order) => of(reported(order).known));
    expect(new Set(withoutRead)).toEqual(new Set(['bounced']));
  });

  it('about one of three recipients do not affect the others', () => {
    const third = 'sam@customer.example';
    const { known } = reported([{ recipients: [failed(LEE)] }], [KIM, LEE, third]);
    expect([of(known, KIM), of(known, LEE), of(known, third)]).toEqual(['unknown', 'bounced', 'unknown']);
  });
});

function permutations<T>(list: readonly T[]): T[][] {
  if (list.length < 2) return [[...list]];
  return list.flatMap((one, i) => permutations(list.toSpliced(i, 1)).map((rest) => [one, ...rest]));
}

describe('the cause of a bounce', () => {
  it.each([
    ['5.1.1', 'smtp; 550 5.1.1 User unknown', 'address-unknown'],
    ['5.1.10', 'smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found', 'address-unknown'],
    ['5.4.1', 'smtp;550 5.4.1 Recipient address rejected: Access denied', 'address-unknown'],
    ['5.4.310', 'smtp;550 5.4.310 DNS domain nowhere.example does not exist', 'address-unknown'],
    ['5.2.1', 'smtp; 550 5.2.1 The email account that you tried to reach is inactive', 'address-unknown'],
    ['5.2.2', 'smtp;554 5.2.2 mailbox full', 'mailbox-full'],
    ['4.2.2', 'smtp; 452 4.2.2 over quota', 'mailbox-full'],
    ['5.3.4', 'smtp;552 5.3.4 Message size exceeds fixed limit', 'size'],
    ['5.2.3', 'smtp;550 5.2.3 RESOLVER.RST.RecipSizeLimit; message too large for this recipient', 'size'],
    ['5.7.1', 'smtp; 554 5.7.1 Service unavailable; client blocked using zen.spamhaus.org', 'blocked'],
    ['5.7.606', 'smtp;550 5.7.606 Access denied, banned sending IP [192.0.2.1]', 'blocked'],
    ['5.1.8', 'smtp;550 5.1.8 Access denied, bad outbound sender', 'blocked'],
    ['5.7.705', 'smtp;550 5.7.705 Access denied, tenant has exceeded threshold', 'blocked'],
    ['5.7.501', 'smtp;550 5.7.501 Access denied, spam abuse detected', 'blocked'],
    ['5.7.1', 'smtp; 550 5.7.1 message looks like spam', 'content'],
    ['5.6.0', 'smtp; 554 5.6.0 Corrupt message content', 'content'],
    ['5.7.26', 'smtp; 550 5.7.26 This mail has been blocked because the sender is unauthenticated', 'policy'],
    ['5.7.509', 'smtp;550 5.7.509 Access denied, sending domain does not pass DMARC verification', 'policy'],
    ['5.7.515', 'smtp;550 5.7.515 Access denied, sending domain does not meet the required level', 'policy'],
    ['5.7.68', 'smtp;550 5.7.68 TenantInboundAttribution; Direct Send not allowed', 'policy'],
    ['5.7.133', 'smtp;550 5.7.133 RESOLVER.RST.SenderNotAuthenticatedForGroup', 'policy'],
    ['5.7.233', 'smtp;550 5.7.233 your tenant exceeded its daily limit for external recipients', 'quota'],
    ['5.7.236', 'smtp;550 5.7.236 your tenant exceeded its limit for onmicrosoft.com', 'quota'],
    ['5.2.0', 'smtp;554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException', 'quota'],
    ['5.2.121', "smtp;554 5.2.121 Recipient's per hour message receive limit exceeded", 'quota'],
    ['5.7.54', 'smtp;550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain', 'relay'],
    ['5.7.1', 'smtp; 554 5.7.1 Relay access denied', 'relay'],
    ['4.4.7', 'smtp;550 4.4.7 QUEUE.Expired; message expired', 'relay'],
    ['5.4.14', 'smtp;554 5.4.14 Hop count exceeded - possible mail loop', 'relay'],
    ['5.0.0', 'smtp; 550 no', 'other'],
    [undefined, undefined, 'other'],
  ])('%s %s: %s', (status, diagnostic, expected) => {
    const given = { ...(status === undefined ? {} : { status }), ...(diagnostic === undefined ? {} : { diagnostic }) };
    expect(bounceClassOf(given)).toBe(expected);
  });

  it('is reported with its code, its words, and what to do', () => {
    const diagnostic = `smtp;550 5.1.1 <${KIM}> unknown, ask postmaster@elsewhere.example ${'x'.repeat(20)} ${'words '.repeat(200)}`;
    const [one] = learn({}, [KIM], {
      deliveryStatus: { recipients: [{ ...failed(), diagnostic }] },
      isReceipt: false,
      messageKey: 'm-1',
      learntAt: LEARNT_AT,
    });
    expect(one).toMatchObject({ address: KIM, delivery: 'bounced' });
    expect(one?.report).toMatchObject({
      class: 'address-unknown',
      code: 'BOUNCED_ADDRESS_UNKNOWN',
      status: '5.1.1',
      messageKey: 'm-1',
      learntAt: LEARNT_AT,
    });
    expect(withHint(one?.report ?? { learntAt: '' }).hint).toBe(catalogue.BOUNCED_ADDRESS_UNKNOWN.hint.en);
    expect(one?.report.text).toContain(KIM);
    expect(one?.report.text).not.toContain('postmaster@');
    expect(one?.report.text?.length).toBeLessThanOrEqual(300);
  });

  it('is reported as not lost yet for every delay', () => {
    const [one] = learn({}, [KIM], {
      deliveryStatus: { recipients: [{ ...delayed(), status: '4.2.2' }] },
      isReceipt: false,
      learntAt: LEARNT_AT,
    });
    expect(one?.report).toMatchObject({ class: 'mailbox-full', code: 'DELIVERY_DELAYED' });
    expect(catalogue[one?.report.code as ErrorCode].hint.de).not.toBe('');
  });
});

describe('a recipient of a reply', () => {
  const report = { learntAt: LEARNT_AT };
  const bounced = { delivery: 'bounced', report } as const;
  it.each([
    ['accepted, and nothing was learnt', 'accepted', {}, { delivery: 'unknown' }],
    ['refused, and nothing was learnt', 'rejected', {}, {}],
    ['accepted, and bounced later', 'accepted', { [keyOf(KIM)]: bounced }, bounced],
    ['accepted, and another bounced', 'accepted', { [keyOf(LEE)]: bounced }, { delivery: 'unknown' }],
  ] as const)('%s', (_, state, known, added) => {
    const one = { address: KIM, state };
    expect(withDelivery(one, known)).toEqual({ ...one, ...added });
  });
});
