// Does mail from this domain arrive? SPF (RFC 7208), DKIM selectors (RFC 6376), DMARC with its tree walk (draft-ietf-dmarc-dmarcbis), MX: the DNS records of
// the domain of a permitted From, and the record to set where they are not sufficient. Read-only; every name is queried at most once a run.

import type { MailProvider } from '../domain/mail-provider.ts';
import type { Words } from '../domain/words.ts';
import { fill } from '../lib/text.ts';
import type { Dns } from './ports.ts';

interface Provider {
  include: readonly string[];
  selectors: readonly string[];
}

/** The source of each provider's mail, and the selectors with which it signs. */
const PROVIDERS: Partial<Record<MailProvider, Provider>> = {
  microsoft: {
    // World, GCC High and DoD, 21Vianet: learn.microsoft.com, "Set up SPF for your Microsoft 365 domain".
    include: ['spf.protection.outlook.com', 'spf.protection.office365.us', 'spf.protection.partner.outlook.cn'],
    selectors: ['selector1', 'selector2'],
  },
  google: { include: ['_spf.google.com'], selectors: ['google'] },
};

/** RFC 7208 §4.6.4: terms that cause a look-up, over all included records. */
const MOST_LOOKUPS = 10;
/** A longer record cannot be SPF; its rest is not read. */
const LONGEST_RECORD = 4_096;
/** draft-ietf-dmarc-dmarcbis §4.10: at most eight look-ups up the tree. */
const MOST_LABELS = 8;

const text = {
  SPF_MISSING: {
    en: 'SPF: {domain} has no record. Set TXT {domain}: {record}',
    de: 'SPF: {domain} hat keinen Eintrag. TXT {domain} setzen: {record}',
  },
  SPF_TWO: {
    en: 'SPF: {domain} has {count} records, which receivers treat as none. Keep exactly one: TXT {domain}: {record}',
    de: 'SPF: {domain} hat {count} Einträge; Empfänger werten das wie keinen. Nur einen behalten: TXT {domain}: {record}',
  },
  SPF_WITHOUT_PROVIDER: {
    en: 'SPF: the record of {domain} does not include {include}. Set TXT {domain}: {record}',
    de: 'SPF: Der Eintrag von {domain} enthält {include} nicht. TXT {domain} setzen: {record}',
  },
  SPF_TOO_MANY_LOOKUPS: {
    en: 'SPF: the record of {domain} needs {count} DNS look-ups; more than 10 make it invalid (RFC 7208). Remove includes of services that no longer send for you',
    de: 'SPF: Der Eintrag von {domain} braucht {count} DNS-Abfragen; mehr als 10 machen ihn ungültig (RFC 7208). Entfernen Sie include-Angaben von Diensten, die nicht mehr für Sie senden',
  },
  SPF_INCLUDE_BROKEN: {
    en: 'SPF: the record of {domain} includes {include}, which has no SPF record; that makes the whole record invalid. Remove include:{include}',
    de: 'SPF: Der Eintrag von {domain} enthält include:{include}, das keinen SPF-Eintrag hat; damit ist der ganze Eintrag ungültig. Entfernen Sie include:{include}',
  },
  SPF_PASSES_ALL: {
    en: 'SPF: the record of {domain} ends in +all: everybody may send as you. Set TXT {domain}: {record}',
    de: 'SPF: Der Eintrag von {domain} endet auf +all: Jeder darf mit Ihrer Domäne senden. TXT {domain} setzen: {record}',
  },
  DKIM_MISSING_MICROSOFT: {
    en: 'DKIM: {domain} has no key at {selectors}, so Exchange Online signs with onmicrosoft.com, which does not align with {domain}. Read the two CNAME records with: Get-DkimSigningConfig -Identity {domain} | Format-List Selector1CNAME, Selector2CNAME; set them as selector1._domainkey.{domain} and selector2._domainkey.{domain}; then: Set-DkimSigningConfig -Identity {domain} -Enabled $true',
    de: 'DKIM: {domain} hat keinen Schlüssel unter {selectors}; Exchange Online signiert deshalb mit onmicrosoft.com, was nicht zu {domain} passt. Die beiden CNAME-Einträge lesen: Get-DkimSigningConfig -Identity {domain} | Format-List Selector1CNAME, Selector2CNAME; als selector1._domainkey.{domain} und selector2._domainkey.{domain} setzen; danach: Set-DkimSigningConfig -Identity {domain} -Enabled $true',
  },
  DKIM_MISSING_GOOGLE: {
    en: 'DKIM: {domain} has no key at {selectors}. Create one in the Google Admin console (Apps > Google Workspace > Gmail > Authenticate email) and set the TXT record that it shows',
    de: 'DKIM: {domain} hat keinen Schlüssel unter {selectors}. Erzeugen Sie ihn in der Google-Admin-Konsole (Apps > Google Workspace > Gmail > E-Mails authentifizieren) und setzen Sie den angezeigten TXT-Eintrag',
  },
  DMARC_MISSING: {
    en: 'DMARC: {domain} has no record. Set TXT _dmarc.{domain}: {record} and tighten it to p=quarantine once the reports show no mail of yours that fails',
    de: 'DMARC: {domain} hat keinen Eintrag. TXT _dmarc.{domain} setzen: {record} und auf p=quarantine verschärfen, sobald die Berichte keine eigenen Fehlschläge mehr zeigen',
  },
  DMARC_TWO: {
    en: 'DMARC: {at} has {count} records, which receivers treat as none. Keep exactly one',
    de: 'DMARC: {at} hat {count} Einträge; Empfänger werten das wie keinen. Behalten Sie genau einen',
  },
  DMARC_INVALID: {
    en: 'DMARC: the record at {at} has no valid p= (none, quarantine, reject). Set TXT {at}: {record}',
    de: 'DMARC: Der Eintrag unter {at} hat kein gültiges p= (none, quarantine, reject). TXT {at} setzen: {record}',
  },
  MX_MISSING: {
    en: 'MX: {domain} has no MX record: answers and bounces cannot come back. Set MX {domain} to the host that your provider names',
    de: 'MX: {domain} hat keinen MX-Eintrag: Antworten und Unzustellbarkeitsberichte kommen nicht zurück. Setzen Sie MX {domain} auf den Host, den Ihr Anbieter nennt',
  },
  MX_NULL: {
    en: 'MX: {domain} says that it takes no mail (RFC 7505): answers and bounces cannot come back. Set MX {domain} to the host that your provider names',
    de: 'MX: {domain} erklärt, keine E-Mail anzunehmen (RFC 7505): Antworten und Unzustellbarkeitsberichte kommen nicht zurück. Setzen Sie MX {domain} auf den Host, den Ihr Anbieter nennt',
  },
} as const satisfies Record<string, Words>;

export type FromDomainProblem = keyof typeof text;

interface FromDomainResult {
  problems: { code: FromDomainProblem; words: Words }[];
  /** One line of the findings. */
  facts: Words;
}

interface Spf {
  record: string;
  lookups: number;
  /** Names of every include and redirect, however deep, in lower case. */
  included: Set<string>;
  /** An include without a record of its own. */
  broken?: string;
}

const isSpf = (record: string) => /^v=spf1(?: |$)/i.test(record);
const termsOf = (record: string) => record.slice(0, LONGEST_RECORD).split(/\s/).filter(Boolean).slice(1, 200);
const CAUSES_LOOKUP = /^[-+~?]?(?:include:|redirect=|exists:|ptr(?:$|:)|(?:a|mx)(?:$|[:/]))/i;

/** Follows includes until the result is certain: at most three times as many look-ups as are allowed. */
async function readSpf(dns: Dns, record: string): Promise<Spf> {
  const spf: Spf = { record, lookups: 0, included: new Set() };
  const open = [record];
  for (let current = open.pop(); current !== undefined; current = open.pop()) {
    for (const term of termsOf(current)) {
      if (!CAUSES_LOOKUP.test(term)) continue;
      spf.lookups += 1;
      const name = /^[-+~?]?(?:include:|redirect=)(.+)$/i.exec(term)?.[1]?.toLowerCase().replace(/\.$/, '');
      // A macro depends on the mail.
      if (name === undefined || name.includes('%') || spf.lookups > 3 * MOST_LOOKUPS) continue;
      spf.included.add(name);
      const found = (await dns.txt(name)).filter(isSpf);
      if (found.length === 1) open.push(found[0] as string);
      else spf.broken ??= name;
    }
  }
  return spf;
}

/** The record with the provider's terms added; a bare `+all` becomes `-all`. */
function betterSpf(record: string | undefined, include: string | undefined): string {
  const terms = record === undefined ? [] : termsOf(record);
  const all = terms.find((term) => /^[-+~?]?all$/i.test(term));
  const last = all === undefined || /^\+?all$/i.test(all) ? '-all' : all;
  const rest = terms.filter((term) => term !== all && !/^redirect=/i.test(term));
  const wanted = include === undefined || rest.some((term) => term.toLowerCase() === `include:${include}`);
  return ['v=spf1', ...rest, ...(wanted ? [] : [`include:${include}`]), last].join(' ');
}

/** The DMARC records that apply to a domain: its own, or the nearest above it (the tree walk). */
async function readDmarc(dns: Dns, domain: string): Promise<{ at: string; records: string[] } | undefined> {
  const labels = domain.split('.');
  // The domain itself, then what is left of its last seven labels; a top-level domain has no record of its users.
  const names = [labels, ...labels.map((_, i) => labels.slice(i + 1)).filter(({ length }) => length < MOST_LABELS)];
  for (const name of names.filter(({ length }) => length > 1).slice(0, MOST_LABELS)) {
    const at = `_dmarc.${name.join('.')}`;
    const records = (await dns.txt(at)).filter((record) => /^v\s{0,9}=\s{0,9}DMARC1(?:\s|;|$)/i.test(record));
    if (records.length > 0) return { at, records };
  }
  return undefined;
}

const hasKey = (record: string) => /(?:^|;)\s{0,9}p\s{0,9}=\s{0,9}[A-Za-z0-9+/]/.test(record);

type Add = (code: FromDomainProblem, parameters?: Record<string, string | number>) => void;

/** @returns in short: look-ups of ten */
async function spfOf(domain: string, known: Provider | undefined, dns: Dns, add: Add): Promise<string> {
  const records = (await dns.txt(domain)).filter(isSpf);
  const [record] = records;
  const own = known?.include.find((name) => record?.toLowerCase().includes(name)) ?? known?.include[0];
  if (record === undefined) {
    add('SPF_MISSING', { record: betterSpf(undefined, own) });
    return '–';
  }
  const spf = await readSpf(dns, record);
  if (records.length > 1) add('SPF_TWO', { count: records.length, record: betterSpf(record, own) });
  else {
    if (spf.broken !== undefined) add('SPF_INCLUDE_BROKEN', { include: spf.broken });
    if (own !== undefined && !known?.include.some((name) => spf.included.has(name)))
      add('SPF_WITHOUT_PROVIDER', { include: own, record: betterSpf(record, own) });
    if (spf.lookups > MOST_LOOKUPS) add('SPF_TOO_MANY_LOOKUPS', { count: spf.lookups });
    if (termsOf(record).some((term) => /^\+?all$/i.test(term)))
      add('SPF_PASSES_ALL', { record: betterSpf(record, own) });
  }
  return `${spf.lookups}/${MOST_LOOKUPS}`;
}

/** @returns the selectors that have a key; those of an unknown provider cannot be known */
async function dkimOf(domain: string, provider: MailProvider, dns: Dns, add: Add): Promise<readonly string[]> {
  const names = PROVIDERS[provider]?.selectors ?? [];
  const keys: string[] = [];
  for (const selector of names)
    if ((await dns.txt(`${selector}._domainkey.${domain}`)).some(hasKey)) keys.push(selector);
  if (names.length > 0 && keys.length === 0)
    add(provider === 'microsoft' ? 'DKIM_MISSING_MICROSOFT' : 'DKIM_MISSING_GOOGLE', {
      selectors: names.map((selector) => `${selector}._domainkey.${domain}`).join(', '),
    });
  return keys;
}

/** @returns the policy */
async function dmarcOf(domain: string, dns: Dns, add: Add): Promise<string> {
  const dmarc = await readDmarc(dns, domain);
  const [, policy] = /;\s{0,9}p\s{0,9}=\s{0,9}(none|quarantine|reject)(?=\s|;|$)/i.exec(dmarc?.records[0] ?? '') ?? [];
  const record = `v=DMARC1;p=none;rua=mailto:dmarc-reports@${domain}`;
  if (dmarc === undefined) add('DMARC_MISSING', { record });
  else if (dmarc.records.length > 1) add('DMARC_TWO', { at: dmarc.at, count: dmarc.records.length });
  else if (policy === undefined) add('DMARC_INVALID', { at: dmarc.at, record });
  return policy?.toLowerCase() ?? '–';
}

async function mxOf(domain: string, dns: Dns, add: Add): Promise<string> {
  const mx = await dns.mx(domain);
  if (mx.length === 0) add('MX_MISSING');
  else if (mx.length === 1 && (mx[0] === '' || mx[0] === '.')) add('MX_NULL');
  return mx.slice(0, 2).join(', ') || '–';
}

/** @param domain of a From address, in ASCII @throws Error with a DNS code when the DNS does not answer */
export async function checkFromDomain(domain: string, provider: MailProvider, dns: Dns): Promise<FromDomainResult> {
  const problems: FromDomainResult['problems'] = [];
  const add: Add = (code, parameters = {}) => {
    const names = { domain, ...parameters };
    problems.push({ code, words: { en: fill(text[code].en, names), de: fill(text[code].de, names) } });
  };
  const known = PROVIDERS[provider];
  const spf = await spfOf(domain, known, dns, add);
  const keys = await dkimOf(domain, provider, dns, add);
  const policy = await dmarcOf(domain, dns, add);
  const mx = await mxOf(domain, dns, add);
  const dkim = known === undefined ? '?' : keys.join(', ') || '–';
  const found = `SPF ${spf}; DKIM ${dkim}; DMARC ${policy}; MX ${mx}`;
  // Outlook.com (5 May 2025, 550 5.7.515) and Gmail (February 2024) require all of that from everyone who sends over 5,000 mails a day.
  const large = problems.length === 0 && keys.length > 0;
  return {
    problems,
    facts: {
      en: `${found}${large ? '; meets what Outlook.com and Gmail ask of large senders' : ''}`,
      de: `${found}${large ? '; erfüllt, was Outlook.com und Gmail von großen Absendern verlangen' : ''}`,
    },
  };
}
