// The From domain over a real resolver and a DNS server on loopback: what is right, each thing that can be wrong, and a DNS that fails.
import { describe, expect, it } from 'vitest';
import { createDns } from '../../../src/adapters/net/dns.ts';
import { checkFromDomain, type FromDomainProblem } from '../../../src/doctor/from-domain.ts';
import { passed } from '../../../src/domain/doctor.ts';
import type { MailProvider } from '../../../src/domain/mail-provider.ts';
import { startDnsServer, type Zone } from '../../support/dns-server.ts';
import { doctorSteps } from '../../support/doctor.ts';
import { fixture } from '../../support/fixture.ts';
import { smtpServer } from '../oauth/servers.ts';

const MICROSOFT = 'spf.protection.outlook.com';
const KEY = `v=DKIM1; k=rsa; p=${'MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A'.repeat(10)}`;
const PROVIDERS: Zone = {
  [MICROSOFT]: { TXT: ['v=spf1 ip4:40.92.0.0/15 ip6:2a01:111:f400::/48 -all'] },
  '_spf.google.com': { TXT: ['v=spf1 include:_netblocks.google.com ~all'] },
  '_netblocks.google.com': { TXT: ['v=spf1 ip4:35.190.247.0/24 ~all'] },
  'key.dkim.mail.microsoft': { TXT: [KEY] },
  ...Object.fromEntries(
    Array.from({ length: 12 }, (_, i) => [`s${i}.mailer.com`, { TXT: ['v=spf1 ip4:192.0.2.1 -all'] }]),
  ),
};

/** A domain as it has to be at Exchange Online, with parts of it replaced. */
const domain = (
  name: string,
  change: { spf?: readonly string[]; dkim?: Zone[string]; dmarc?: Zone[string]; mx?: readonly string[] } = {},
): Zone => ({
  [name]: {
    TXT: ['MS=ms12345678', ...(change.spf ?? [`v=spf1 include:${MICROSOFT} -all`])],
    MX: change.mx ?? [`${name.replaceAll('.', '-')}.mail.protection.outlook.com`],
  },
  [`selector1._domainkey.${name}`]: change.dkim ?? { CNAME: 'key.dkim.mail.microsoft' },
  [`_dmarc.${name}`]: change.dmarc ?? { TXT: ['v=DMARC1; p=quarantine; rua=mailto:d@contoso.com'] },
});

/** What, its zone, the domain asked for, what is found, and (where it matters) the provider and words that the advice must hold. */
const table: [string, Zone, string, FromDomainProblem[], MailProvider?, string?][] = [
  ['correct records', domain('good.com'), 'good.com', []],
  ['p=none is sufficient', domain('none.com', { dmarc: { TXT: ['v=DMARC1;p=none'] } }), 'none.com', []],
  [
    'DMARC of the parent domain',
    { ...domain('above.com'), ...domain('news.above.com', { dmarc: {} }) },
    'news.above.com',
    [],
  ],
  ['a key without CNAME', domain('key.com', { dkim: { TXT: [KEY] } }), 'key.com', []],
  [
    'no SPF',
    domain('nospf.com', { spf: [] }),
    'nospf.com',
    ['SPF_MISSING'],
    'microsoft',
    `v=spf1 include:${MICROSOFT} -all`,
  ],
  [
    'two records',
    domain('two.com', { spf: [`v=spf1 include:${MICROSOFT} -all`, 'v=spf1 a -all'] }),
    'two.com',
    ['SPF_TWO'],
  ],
  [
    'SPF of another provider only',
    domain('other.com', { spf: ['v=spf1 ip4:192.0.2.0/24 include:s1.mailer.com ~all'] }),
    'other.com',
    ['SPF_WITHOUT_PROVIDER'],
    'microsoft',
    `v=spf1 ip4:192.0.2.0/24 include:s1.mailer.com include:${MICROSOFT} ~all`,
  ],
  [
    'the include within an include',
    {
      ...domain('deep.com', { spf: ['v=spf1 include:_spf.deep.com -all'] }),
      '_spf.deep.com': { TXT: [`v=spf1 include:${MICROSOFT} -all`] },
    },
    'deep.com',
    [],
  ],
  [
    'by redirect',
    {
      ...domain('redirect.com', { spf: ['v=spf1 redirect=_spf.redirect.com'] }),
      '_spf.redirect.com': { TXT: [`v=spf1 include:${MICROSOFT} -all`] },
    },
    'redirect.com',
    [],
  ],
  [
    'ten look-ups',
    domain('ten.com', {
      spf: [
        `v=spf1 include:${MICROSOFT} ${Array.from({ length: 9 }, (_, i) => `include:s${i}.mailer.com`).join(' ')} -all`,
      ],
    }),
    'ten.com',
    [],
  ],
  [
    'eleven',
    domain('eleven.com', {
      spf: [
        `v=spf1 a include:${MICROSOFT} ${Array.from({ length: 9 }, (_, i) => `include:s${i}.mailer.com`).join(' ')} -all`,
      ],
    }),
    'eleven.com',
    ['SPF_TOO_MANY_LOOKUPS'],
  ],
  [
    'an include that refers to itself',
    { ...domain('loop.com', { spf: [`v=spf1 include:${MICROSOFT} include:loop.com -all`] }) },
    'loop.com',
    ['SPF_TOO_MANY_LOOKUPS'],
  ],
  [
    'an include without a record',
    domain('broken.com', { spf: [`v=spf1 include:${MICROSOFT} include:gone.mailer.com -all`] }),
    'broken.com',
    ['SPF_INCLUDE_BROKEN'],
    'microsoft',
    'gone.mailer.com',
  ],
  [
    'SPF that permits everybody',
    domain('all.com', { spf: [`v=spf1 include:${MICROSOFT} +all`] }),
    'all.com',
    ['SPF_PASSES_ALL'],
    'microsoft',
    `v=spf1 include:${MICROSOFT} -all`,
  ],
  [
    'a record that only starts like SPF',
    domain('almost.com', { spf: ['v=spf10 -all'] }),
    'almost.com',
    ['SPF_MISSING'],
  ],
  [
    'a macro',
    domain('macro.com', { spf: [`v=spf1 include:${MICROSOFT} exists:%{i}._spf.macro.com -all`] }),
    'macro.com',
    [],
  ],
  [
    'no DKIM',
    domain('nodkim.com', { dkim: {} }),
    'nodkim.com',
    ['DKIM_MISSING_MICROSOFT'],
    'microsoft',
    'Get-DkimSigningConfig -Identity nodkim.com',
  ],
  [
    'a revoked key',
    domain('revoked.com', { dkim: { TXT: ['v=DKIM1; p='] } }),
    'revoked.com',
    ['DKIM_MISSING_MICROSOFT'],
  ],
  [
    'no DMARC',
    domain('nodmarc.com', { dmarc: {} }),
    'nodmarc.com',
    ['DMARC_MISSING'],
    'microsoft',
    'v=DMARC1;p=none;rua=mailto:dmarc-reports@nodmarc.com',
  ],
  [
    'two DMARC',
    domain('twodmarc.com', { dmarc: { TXT: ['v=DMARC1;p=none', 'v=DMARC1;p=reject'] } }),
    'twodmarc.com',
    ['DMARC_TWO'],
  ],
  [
    'DMARC without a policy',
    domain('nopolicy.com', { dmarc: { TXT: ['v=DMARC1; rua=mailto:a@b.com'] } }),
    'nopolicy.com',
    ['DMARC_INVALID'],
  ],
  [
    'only a policy for subdomains',
    domain('sp.com', { dmarc: { TXT: ['v=DMARC1; sp=reject'] } }),
    'sp.com',
    ['DMARC_INVALID'],
  ],
  ['no MX', domain('nomx.com', { mx: [] }), 'nomx.com', ['MX_MISSING']],
  ['null MX', domain('nullmx.com', { mx: ['.'] }), 'nullmx.com', ['MX_NULL']],
  ['no records', {}, 'nothing.com', ['SPF_MISSING', 'DKIM_MISSING_MICROSOFT', 'DMARC_MISSING', 'MX_MISSING']],
  [
    'Google',
    { ...domain('g.com', { spf: ['v=spf1 include:_spf.google.com ~all'] }), 'google._domainkey.g.com': { TXT: [KEY] } },
    'g.com',
    [],
    'google',
  ],
  [
    'Google without its key',
    domain('g2.com', { spf: ['v=spf1 include:_spf.google.com ~all'] }),
    'g2.com',
    ['DKIM_MISSING_GOOGLE'],
    'google',
    'google._domainkey.g2.com',
  ],
  [
    'another provider, with unknown include and selectors',
    domain('else.com', { spf: ['v=spf1 mx -all'], dkim: {} }),
    'else.com',
    [],
    'other',
  ],
];

const server = fixture(() =>
  startDnsServer({
    ...PROVIDERS,
    ...Object.assign({}, ...table.map(([, zone]) => zone)),
    'broken-dns.com': { fails: 'SERVFAIL' },
    'silent.com': { fails: 'silent' },
  }),
);

describe('the From domain', () => {
  it.each(table)('%s', async (_what, _zone, name, expected, provider = 'microsoft', holds) => {
    const { problems, facts } = await checkFromDomain(name, provider, createDns([server.address], 2_000));
    expect(problems.map(({ code }) => code)).toEqual(expected);
    for (const { words } of problems) {
      for (const text of [words.en, words.de]) expect(text).not.toMatch(/[{}]|undefined/);
      expect(words.en).not.toBe(words.de);
      if (holds !== undefined) for (const text of [words.en, words.de]) expect(text).toContain(holds);
    }
    expect(facts.en.includes('large senders')).toBe(expected.length === 0 && provider !== 'other');
  });

  it('is checked once for each domain, as information that does not fail the check', async () => {
    const out = smtpServer(
      {},
      {
        ...{ host: '127.0.0.1', port: 9, user: 'support@good.com' },
        additionalFromAddresses: [
          'a@nodmarc.com',
          'b@nodmarc.com',
          'c@contoso.example',
          'd@contoso.onmicrosoft.com',
          'e@broken-dns.com',
        ],
      },
    );
    const steps = await doctorSteps(out, {
      dns: createDns([server.address], 2_000),
      applications: [{ name: 'Contoso', tenant: 't', clientId: 'c', cloud: 'world', credentials: [] }],
    });
    const found = steps.filter(({ step }) => step === 'fromDomain');
    expect(found.map(({ from, state, informational, failure }) => [from, state, informational, failure?.code])).toEqual(
      [
        ['good.com', 'ok', true, undefined],
        ['nodmarc.com', 'failed', true, 'CHECK_FROM_DOMAIN'],
        ['contoso.example', 'skipped', true, undefined],
        ['contoso.onmicrosoft.com', 'skipped', true, undefined],
        ['broken-dns.com', 'skipped', true, undefined],
      ],
    );
    expect(found[4]?.detail?.en).toContain('ESERVFAIL');
    expect(passed(found)).toBe(true);
  });

  it('queries each DNS name once', async () => {
    const dns = createDns([server.address], 2_000);
    const before = server.asked.length;
    await checkFromDomain('loop.com', 'microsoft', dns);
    const asked = server.asked.slice(before);
    expect(new Set(asked).size).toBe(asked.length);
    await checkFromDomain('loop.com', 'microsoft', dns);
    expect(server.asked.length).toBe(before + asked.length);
  });

  it('does not report a DNS failure as a finding', async () => {
    await expect(
      checkFromDomain('broken-dns.com', 'microsoft', createDns([server.address], 500)),
    ).rejects.toMatchObject({ code: 'ESERVFAIL' });
  });

  it('does not wait twice for a resolver that has not answered', async () => {
    const dns = createDns([server.address], 200);
    await expect(checkFromDomain('silent.com', 'microsoft', dns)).rejects.toMatchObject({ code: 'ETIMEOUT' });
    await expect(dns.txt('good.com')).rejects.toMatchObject({ code: 'ETIMEOUT' });
  });
});
