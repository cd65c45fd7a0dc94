// The verdict on the sender: what the receiving server wrote, in the forms that providers write it in; and nothing of what a sender wrote.
import { describe, expect, it } from 'vitest';
import type { Authentication } from '../../../src/contract/message.ts';
import { NO_RECEIVER, receiverOf } from '../../../src/domain/receiving-server.ts';
import { parseResults } from '../../../src/mime/authentication/results.ts';
import { parseHeadersOnly, parseMessage } from '../../../src/mime/index.ts';
import { costlyGrowth } from '../../support/cpu.ts';

const SENDER = `From: Kim <kim@customer.example>
To: support@contoso.example
Subject: Hello
Message-ID: <1@customer.example>

Hello
`;

function read(host: string, header: string, options: { ids?: string[]; mail?: string } = {}) {
  const receiver = receiverOf({ host, ...(options.ids === undefined ? {} : { trustedAuthservIds: options.ids }) });
  const raw = Buffer.from(`${header}\n${options.mail ?? SENDER}`.replaceAll('\n', '\r\n'));
  const mailbox = { receiver, addresses: [] };
  const { authentication, warnings } = parseMessage(raw, { mailbox });
  // The header alone says as much.
  expect(parseHeadersOnly(raw, { mailbox }).authentication).toEqual(authentication);
  return { authentication, warnings: warnings.map(({ code }) => code) };
}

const EXCHANGE_HOPS = `Received: from DB9PR01MB1.eurprd01.prod.outlook.com (2603:10a6:10:2a2::5)
 by AM0PR01MB2.eurprd01.prod.outlook.com with HTTPS; Mon, 2 Nov 2026 09:12:15 +0000
Received: from AM7EUR03FT1.eop-EUR03.prod.protection.outlook.com
 (2603:10a6:209:14::11) by AM8PR07CA1.outlook.office365.com
 (2603:10a6:20b:1::1) with Microsoft SMTP Server (version=TLS1_2) id 15.20.1; Mon, 2 Nov 2026 09:12:14 +0000`;
const EXCHANGE_BORDER = `Received-SPF: Pass (protection.outlook.com: domain of customer.example
 designates 192.0.2.10 as permitted sender)
 receiver=protection.outlook.com; client-ip=192.0.2.10; helo=mail.customer.example; pr=C
Received: from mail.customer.example (192.0.2.10) by
 AM7EUR03FT1.mail.protection.outlook.com (10.233.255.1) with Microsoft SMTP Server id 15.20.1;
 Mon, 2 Nov 2026 09:12:13 +0000`;
const exchange = (results: string, more = '') =>
  `${EXCHANGE_HOPS}\nAuthentication-Results: ${results}\n${EXCHANGE_BORDER}${more}`;
const ANTISPAM = `
X-Forefront-Antispam-Report:
 CIP:192.0.2.10;CTRY:DE;LANG:de;SCL:1;SRV:;IPV:NLI;SFV:NSPM;H:mail.customer.example;PTR:mail.customer.example;CAT:NONE;SFS:(13230040);DIR:INB;
X-Microsoft-Antispam: BCL:3;ARA:13230040|4123199012;`;
const PASSED = `spf=pass (sender IP is 192.0.2.10)
 smtp.mailfrom=customer.example; dkim=pass (signature was verified)
 header.d=customer.example;dmarc=pass action=none
 header.from=customer.example;compauth=pass reason=100`;
const exchangePassed = {
  by: 'am0pr01mb2.eurprd01.prod.outlook.com',
  spf: 'pass',
  dkim: 'pass',
  dmarc: 'pass',
  compauth: { result: 'pass', reason: '100' },
  aligned: true,
};
const OUTLOOK = 'outlook.office365.com';

const google = (results: string, forged = '') => `Delivered-To: support@contoso.example
Received: by 2002:a05:6a10:1a0a:b0:500:1:2 with SMTP id k10csp100pxk;
        Mon, 2 Nov 2026 01:12:14 -0800 (PST)
X-Received: by 2002:a17:906:1b8f:: with SMTP id r15mr1.1.1;
        Mon, 02 Nov 2026 01:12:14 -0800 (PST)
ARC-Seal: i=1; a=rsa-sha256; t=1; cv=none; d=google.com; s=arc-20240605; b=abc=
ARC-Message-Signature: i=1; a=rsa-sha256; c=relaxed/relaxed; d=google.com; b=def
ARC-Authentication-Results: i=1; mx.google.com;
       dkim=pass header.i=@customer.example
Return-Path: <kim@customer.example>
Received: from mail.customer.example (mail.customer.example. [192.0.2.10])
        by mx.google.com with ESMTPS id a1-20020a1 for <support@contoso.example>;
        Mon, 02 Nov 2026 01:12:13 -0800 (PST)
Received-SPF: pass (google.com: domain of kim@customer.example designates 192.0.2.10 as permitted sender) client-ip=192.0.2.10;
Authentication-Results: mx.google.com;
       ${results}${forged}
DKIM-Signature: v=1; a=rsa-sha256; d=customer.example; s=s1; b=ghi
Received: from [10.1.1.1] by mail.customer.example with ESMTPSA; Mon, 2 Nov 2026 09:12:10 +0000`;

const rows: [name: string, host: string, header: string, expected: Authentication][] = [
  [
    'Exchange Online without an authserv-id',
    OUTLOOK,
    exchange(PASSED, ANTISPAM),
    { ...exchangePassed, spam: { scl: 1, bcl: 3, category: 'NONE' } },
  ],
  [
    'Exchange Online with the domain of the recipient among the results',
    OUTLOOK,
    exchange(
      'spf=softfail (sender IP is 192.0.2.10)\n smtp.mailfrom=customer.example; contoso.example; dkim=none (message not signed)\n header.d=none;contoso.example; dmarc=fail action=quarantine\n header.from=customer.example;compauth=fail reason=000',
    ),
    {
      by: exchangePassed.by,
      spf: 'softfail',
      dkim: 'none',
      dmarc: 'fail',
      compauth: { result: 'fail', reason: '000' },
      aligned: false,
    },
  ],
  [
    'Exchange Online with an authserv-id and a version',
    OUTLOOK,
    exchange(
      'mx.microsoft.com 1; spf=pass smtp.mailfrom=customer.example; dmarc=bestguesspass action=none header.from=customer.example',
    ),
    { by: 'mx.microsoft.com', spf: 'pass', dmarc: 'bestguesspass', aligned: true },
  ],
  [
    'Exchange Online, from another tenant, whose own verdict does not count',
    OUTLOOK,
    `${EXCHANGE_HOPS}
Authentication-Results: ${PASSED}
Received: from EUR05-DB8-obe.outbound.protection.outlook.com (2a01:111:f403:2614::700)
 by AM7EUR03FT1.mail.protection.outlook.com (2603:10a6:1::1) with Microsoft SMTP Server; Mon, 2 Nov 2026 09:12:13 +0000
ARC-Seal: i=1; a=rsa-sha256; s=arcselector10001; d=microsoft.com; cv=none; b=x
DKIM-Signature: v=1; d=customer.example; b=x
Authentication-Results-Original: dkim=none (message not signed)
 header.d=none;dmarc=none action=none header.from=customer.example;
Authentication-Results: dkim=none (message not signed) header.d=none;dmarc=none action=none header.from=customer.example;`,
    exchangePassed,
  ],
  [
    'Google',
    'imap.gmail.com',
    google(
      'dkim=pass header.i=@customer.example header.s=s1 header.b=abc;\n       spf=pass (google.com: domain of kim@customer.example designates 192.0.2.10 as permitted sender) smtp.mailfrom=kim@customer.example;\n       dmarc=pass (p=REJECT sp=REJECT dis=NONE) header.from=customer.example',
    ),
    { by: 'mx.google.com', spf: 'pass', dkim: 'pass', dmarc: 'pass', arc: 'none', aligned: true },
  ],
  [
    'Google, an older form: SPF by a best guess, smtp.mail, DKIM of another domain',
    'imap.gmail.com',
    google(
      'spf=neutral (google.com: 192.0.2.10 is neither permitted nor denied) smtp.mail=kim@customer.example; dkim=pass (test mode) header.i=@lists.example',
    ),
    { by: 'mx.google.com', spf: 'neutral', dkim: 'pass', arc: 'none', aligned: false },
  ],
  [
    'GMX, DKIM only',
    'imap.gmx.net',
    `Return-Path: <kim@customer.example>
Authentication-Results:  gmx.net; dkim=pass header.i=@customer.example
Received: from mail.customer.example ([192.0.2.10]) by mx-ha.gmx.net (mxgmx016
 [212.227.15.9]) with ESMTPS (Nemesis) id 1MF2k for <support@gmx.net>; Mon, 02 Nov 2026 10:12:13 +0100`,
    { by: 'gmx.net', dkim: 'pass', aligned: true },
  ],
  [
    'IONOS (1&1)',
    'imap.ionos.de',
    `Return-Path: <kim@customer.example>
Authentication-Results: kundenserver.de; dkim=none
Received: from mail.customer.example ([192.0.2.10]) by mx.kundenserver.de (mxeue010
 [212.227.15.41]) with ESMTPS (Nemesis) id 1N0 for <support@contoso.example>; Mon, 02 Nov 2026 10:12:13 +0100`,
    { by: 'kundenserver.de', dkim: 'none', aligned: false },
  ],
  [
    'Zoho, comments glued to results',
    'imap.zoho.eu',
    `Delivered-To: support@contoso.example
ARC-Seal: i=1; a=rsa-sha256; t=1; cv=none; d=zohomail.eu; s=zohoarc; b=x
ARC-Authentication-Results: i=1; mx.zohomail.eu; dkim=pass; spf=pass (zohomail.eu: domain of kim@customer.example designates 192.0.2.10 as permitted sender) smtp.mailfrom=kim@customer.example; dmarc=pass(p=none) header.from=<kim@customer.example>
Return-Path: <kim@customer.example>
Received: from mail.customer.example (mail.customer.example [192.0.2.10]) by mx.zohomail.eu
	with SMTPS id 1; Mon, 2 Nov 2026 10:12:13 +0100 (CET)
Authentication-Results: mx.zohomail.eu;
	dkim=pass;
	spf=pass (zohomail.eu: domain of kim@customer.example designates 192.0.2.10 as permitted sender)  smtp.mailfrom=kim@customer.example;
	dmarc=pass(p=none)  header.from=<kim@customer.example>`,
    { by: 'mx.zohomail.eu', spf: 'pass', dkim: 'pass', dmarc: 'pass', arc: 'none', aligned: true },
  ],
  [
    'Fastmail, several fields in a row',
    'imap.fastmail.com',
    `Received: from phl-compute-02.internal (phl-compute-02.phl.internal [10.202.2.42])
	by sloti45d1t09 (Cyrus 3.11) with LMTPA; Mon, 02 Nov 2026 04:12:14 -0500
Received: from phl-mx-03 ([10.202.2.202])
  by phl-compute-02.internal (LMTPProxy); Mon, 02 Nov 2026 04:12:14 -0500
ARC-Seal: i=2; a=rsa-sha256; cv=pass; d=messagingengine.com; s=fm2; b=x
ARC-Authentication-Results: i=2; mx3.messagingengine.com;
    x-csa=none; dkim=pass header.d=customer.example
X-ME-Authentication-Results: mx3.messagingengine.com; x-aligned-from=pass (Address match)
Authentication-Results: mx3.messagingengine.com;
    x-csa=none;
    x-ptr=pass smtp.helo=mail.customer.example
      policy.ptr=mail.customer.example
Authentication-Results: mx3.messagingengine.com;
    arc=pass (as.1.google.com=pass, ams.1.google.com=pass)
      smtp.remote-ip=192.0.2.10
Authentication-Results: mx3.messagingengine.com;
    dkim=pass (2048-bit rsa key sha256) header.d=customer.example
      header.i=@customer.example header.b="a\\"b/(c;" header.a=rsa-sha256;
    dmarc=pass policy.published-domain-policy=reject (p=reject,d=none;d.eval=none)
      policy.policy-from=p header.from=customer.example;
    spf=pass smtp.mailfrom=kim@customer.example smtp.helo=mail.customer.example
Received: from mail.customer.example (mail.customer.example [192.0.2.10])
	by mx3.messagingengine.com (Postfix) with ESMTPS id 5 for <support@contoso.example>; Mon,  2 Nov 2026 04:12:13 -0500`,
    { by: 'mx3.messagingengine.com', spf: 'pass', dkim: 'pass', dmarc: 'pass', arc: 'pass', aligned: true },
  ],
  [
    'Yahoo',
    'imap.mail.yahoo.com',
    `X-Apparently-To: support@yahoo.example; Mon, 2 Nov 2026 09:12:14 +0000
Return-Path: <kim@customer.example>
Authentication-Results: atlas-production.v2-mail-prod1-gq1.omega.yahoo.com;
 dkim=pass header.i=@customer.example header.s=s1;
 spf=pass smtp.mailfrom=customer.example;
 dmarc=pass(p=REJECT) header.from=customer.example;
X-Originating-Ip: [192.0.2.10]
Received: from 192.0.2.10 (EHLO mail.customer.example)
 by 10.217.150.13 with SMTPs; Mon, 02 Nov 2026 09:12:14 +0000`,
    {
      by: 'atlas-production.v2-mail-prod1-gq1.omega.yahoo.com',
      spf: 'pass',
      dkim: 'pass',
      dmarc: 'pass',
      aligned: true,
    },
  ],
];

describe('the verdict of the receiving server', () => {
  it.each(rows)('%s', (_name, host, header, expected) => {
    expect(read(host, header)).toEqual({ authentication: expected, warnings: [] });
  });

  it('uses the ids that the definition names instead of the provider’s', () => {
    const header = `Received: from relay.gateway.example (192.0.2.99) by AM7.mail.protection.outlook.com; Mon, 2 Nov 2026 09:12:13 +0000
Authentication-Results: mx7.gateway.example; dkim=pass header.d=customer.example; spf=pass smtp.mailfrom=kim@customer.example
Received: from mail.customer.example (192.0.2.10) by mx7.gateway.example; Mon, 2 Nov 2026 09:12:12 +0000`;
    const mail = `Authentication-Results: spf=fail (sender IP is 192.0.2.99) smtp.mailfrom=customer.example;dmarc=fail\n${header}`;
    expect(read(OUTLOOK, mail, { ids: ['*.gateway.example'] })).toEqual({
      authentication: { by: 'mx7.gateway.example', spf: 'pass', dkim: 'pass', aligned: true },
      warnings: [],
    });
  });

  it('is absent where no id is trusted, or the server reports nothing', () => {
    const [, , header = ''] = rows[4] ?? [];
    expect(read('imap.example.com', header)).toEqual({ authentication: undefined, warnings: [] });
    expect(read('imap.gmx.net', 'Received: from a.example ([192.0.2.1]) by mx.gmx.net; x').authentication).toBe(
      undefined,
    );
    const raw = Buffer.from(`Authentication-Results: mx.google.com; dmarc=pass\r\n${SENDER}`);
    expect(parseMessage(raw, { mailbox: { receiver: NO_RECEIVER, addresses: [] } }).authentication).toBe(undefined);
    expect(parseMessage(raw).authentication).toBe(undefined);
  });
});

describe('a forged header does not count, and is reported', () => {
  const forged =
    'dkim=pass header.d=customer.example; spf=pass smtp.mailfrom=customer.example; dmarc=pass header.from=customer.example';
  const exchangeFailed = exchange(
    'spf=fail smtp.mailfrom=customer.example; dkim=none; dmarc=fail header.from=customer.example',
  );
  it.each([
    ['below Exchange Online', OUTLOOK, `${exchangeFailed}\nAuthentication-Results: ${forged}`],
    [
      'below Exchange Online, with its id',
      OUTLOOK,
      `${exchangeFailed}\nAuthentication-Results: mx.microsoft.com 1; ${forged}`,
    ],
    [
      'directly below Google',
      'imap.gmail.com',
      google(
        'spf=fail smtp.mailfrom=customer.example; dmarc=fail header.from=customer.example',
        `\nAuthentication-Results: mx.google.com; ${forged}`,
      ),
    ],
    [
      'below an Exchange Online without a verdict',
      OUTLOOK,
      `${EXCHANGE_HOPS}\n${EXCHANGE_BORDER}\nAuthentication-Results: mx.microsoft.com 1; ${forged}${ANTISPAM}`,
    ],
    [
      'after the sender’s own headers',
      'imap.gmx.net',
      `Authentication-Results: gmx.net; dkim=fail\nReceived: from m.example ([192.0.2.1]) by mx.gmx.net; x\nX-Mailer: x\nDate: Mon, 2 Nov 2026 09:12:10 +0000\nAuthentication-Results: gmx.net; ${forged}`,
    ],
    [
      'by a HELO that looks like the server',
      'imap.gmx.net',
      `Authentication-Results: gmx.net; dkim=fail\nReceived: from mx.gmx.net ([192.0.2.1]) by mx.gmx.net; x\nReceived: from a.example ([192.0.2.1]) by mx.gmx.net; x\nAuthentication-Results: gmx.net; ${forged}`,
    ],
    [
      'by a HELO that is a private address',
      'imap.gmx.net',
      `Authentication-Results: gmx.net; dkim=fail\nReceived: from [10.0.0.1] (helo=10.0.0.1 [192.0.2.1]) by mx.gmx.net; x\nReceived: from a.example ([192.0.2.1]) by mx.gmx.net; x\nAuthentication-Results: gmx.net; ${forged}`,
    ],
  ])('%s', (_name, host, header) => {
    const { authentication, warnings } = read(host, header);
    expect(authentication).toMatchObject({ aligned: false });
    expect(Object.values(authentication ?? {})).not.toContain('pass');
    expect(warnings).toContain('authentication-results-ignored');
  });

  it('even where the server itself reports nothing', () => {
    const header = `Received: from m.example ([192.0.2.1]) by mx.gmx.net; x\nReceived: from a.example by m.example; x\nAuthentication-Results: gmx.net; ${forged}`;
    expect(read('imap.gmx.net', header)).toEqual({
      authentication: undefined,
      warnings: ['authentication-results-ignored'],
    });
  });

  it('even as an antispam report beside the server’s, or one that a tenant added when sending', () => {
    const twice = read(OUTLOOK, exchange(PASSED, `${ANTISPAM}\nX-Forefront-Antispam-Report: SCL:-1;CAT:NONE;DIR:INB`));
    expect(twice.authentication?.spam).toEqual({ bcl: 3 });
    expect(twice.warnings).toEqual(['antispam-report-ignored']);
    const out = read(OUTLOOK, exchange(PASSED, '\nX-Forefront-Antispam-Report: SCL:-1;CAT:NONE;DIR:OUT;'));
    expect(out.authentication).toEqual(exchangePassed);
    const [, , header = ''] = rows[4] ?? [];
    expect(read('imap.gmail.com', header + ANTISPAM).authentication?.spam).toBe(undefined);
  });
});

describe('alignment', () => {
  const results = (text: string, from = 'kim@customer.example') =>
    read('imap.gmail.com', google(text), { mail: `From: ${from}\n\nHello` }).authentication?.aligned;
  it.each([
    ['SPF for the domain', 'spf=pass smtp.mailfrom=bounce@customer.example', true],
    ['SPF for a subdomain', 'spf=pass smtp.mailfrom=b@mail.customer.example', true],
    ['SPF for another domain', 'spf=pass smtp.mailfrom=b@mailer.example', false],
    ['SPF for a domain that only ends alike', 'spf=pass smtp.mailfrom=b@evilcustomer.example', false],
    ['SPF for a top-level domain', 'spf=pass smtp.mailfrom=b@example', false],
    ['SPF for HELO only', 'spf=pass smtp.helo=customer.example', false],
    ['the second of two signatures', 'dkim=pass header.d=mailer.example; dkim=pass header.d=customer.example', true],
    ['a failed signature', 'dkim=fail header.d=customer.example', false],
    [
      'a failed DMARC, whatever else passed',
      'spf=pass smtp.mailfrom=b@customer.example; dmarc=fail header.from=customer.example',
      false,
    ],
    ['DMARC for another From', 'dmarc=pass header.from=other.example', false],
    ['DMARC without a verdict', 'dkim=pass header.i=@customer.example; dmarc=none header.from=customer.example', true],
  ])('%s', (_name, text, expected) => {
    expect(results(text)).toBe(expected);
  });
  it('is absent for a mail with two authors, or none', () => {
    expect(results('dmarc=pass header.from=a.example', 'kim@a.example, lee@b.example')).toBe(false);
    expect(results('dmarc=pass', '')).toBe(false);
  });
});

describe('the grammar of RFC 8601', () => {
  const plain = (value: string) => {
    const { authservId, instance, results } = parseResults(value);
    return [
      authservId,
      instance,
      ...results.map(({ method, result, properties }) => [method, result, Object.fromEntries(properties)]),
    ];
  };
  it.each([
    ['mx.example.com; none', ['mx.example.com', undefined]],
    ['mx.example.com 1; none', ['mx.example.com', undefined]],
    [
      'mx.example.com (a (nested; comment) \\) here) 1 ; spf = pass (x) smtp.mailfrom = a@b.example',
      ['mx.example.com', undefined, ['spf', 'pass', { 'smtp.mailfrom': 'a@b.example' }]],
    ],
    [
      'MX.Example.com; DKIM/1=Pass reason="good; signature (\\"v\\")" header.b=a/b+c==',
      ['mx.example.com', undefined, ['dkim', 'pass', { reason: 'good; signature ("v")', 'header.b': 'a/b+c==' }]],
    ],
    ['i=2; mx.google.com; arc=pass (i=1 dkim=pass)', ['mx.google.com', 2, ['arc', 'pass', {}]]],
    [
      'mta1247.mail.bf1.yahoo.com  from=a.example; domainkeys=pass (ok);  from=a.example; dkim=pass (ok)',
      [
        'mta1247.mail.bf1.yahoo.com',
        undefined,
        ['domainkeys', 'pass', {}],
        ['from', 'a.example', {}],
        ['dkim', 'pass', {}],
      ],
    ],
    ['spf=pass', [undefined, undefined, ['spf', 'pass', {}]]],
    ['', [undefined, undefined]],
    [';;; =x; "', [undefined, undefined]],
    ['(never closed; spf=pass', [undefined, undefined]],
  ])('%s', (value, expected) => {
    expect(plain(value)).toEqual(expected);
  });
});

describe('parsing takes time in proportion to the header', () => {
  it.each([
    ['many fields', 'Authentication-Results: mx1.messagingengine.com; spf=pass; dkim=pass\r\n'],
    ['many fields of strangers', 'Authentication-Results: a; x\r\nReceived: from a by b (c [1.2.3.4]) for <d>; x\r\n'],
    ['comments', '(', 'Authentication-Results: mx1.messagingengine.com; '],
    ['equals signs', '= ', 'Authentication-Results: mx1.messagingengine.com; '],
    ['addresses', '1.2.3.', 'Received: from a ('],
    ['colons', 'a:', 'Received: from a ('],
  ])('%s', (_name, piece, before = '') => {
    const mailbox = { receiver: receiverOf({ host: 'imap.fastmail.com' }), addresses: [] };
    const problem = costlyGrowth((size) => {
      const raw = Buffer.from(`${before}${piece.repeat(size / piece.length)}\r\n\r\n`);
      return () => parseHeadersOnly(raw, { mailbox });
      // Twice 50 KB: from 200 KB on the garbage collector's share jumps, while 800 KB cost no more than 400.
    }, 50_000);
    expect(problem).toBeUndefined();
  });
});
