// Unwraps links: mail systems replace the addresses of links by their own, which contain the true ones in readable form or not.
import { percentDecoded } from '../../lib/text.ts';

interface Unwrapped {
  /** The true address; the wrapper's own where only its server knows the true one. */
  target: string;
  /** The wrapper's vendor. */
  wrapped: string;
  /** Host of the true address, where the wrapper names only that. */
  host?: string;
}

type Read = (url: URL) => string | Omit<Unwrapped, 'wrapped'> | undefined;

const parameter =
  (...names: string[]): Read =>
  ({ searchParams }) =>
    names.map((name) => searchParams.get(name)).find((value) => value !== null && value !== '') ?? undefined;
/** Mimecast, Inky: only their server knows the target; the address names its host. */
const hostOnly =
  (name: string): Read =>
  (url) => ({ target: url.href, host: url.searchParams.get(name) ?? '' });

const ends =
  (...suffixes: string[]) =>
  (host: string): boolean =>
    suffixes.some((suffix) => host === suffix || host.endsWith(`.${suffix}`));

/** Vendors with the hosts of their wrappers and the way to read the target. */
const wrappers: readonly [name: string, hosts: (host: string) => boolean, read: Read][] = [
  [
    'safelinks',
    // Regional hosts (nam01 … jpn01, gcc02), national clouds, and the page of Teams.
    ends(
      'safelinks.protection.outlook.com',
      'safelinks.protection.office365.us',
      'safelinks.protection.partner.outlook.cn',
      'safelinks.protection.outlook.cn',
      'safelinks.protection.apps.mil',
      'statics.teams.cdn.office.net',
    ),
    parameter('url'),
  ],
  ['proofpoint', ends('urldefense.proofpoint.com', 'urldefense.com', 'urldefense.us'), proofpoint],
  ['mimecast', ends('mimecastprotect.com', 'mimecast.com'), hostOnly('domain')],
  ['barracuda', ends('linkprotect.cudasvc.com'), parameter('a')],
  ['sophos', ends('protection.sophos.com'), ({ searchParams }) => base64Url(searchParams.get('u')) ?? undefined],
  ['cisco', ends('secure-web.cisco.com'), (url) => percentDecoded(url.pathname.split('/').at(-1) ?? '')],
  ['trend-micro', ends('trendmicro.com', 'trendmicro.eu', 'trendmicro.co.jp'), parameter('url')],
  ['symantec', ends('clicktime.symantec.com', 'clicktime.cloud.postoffice.net'), parameter('u')],
  ['trellix', ends('protect2.fireeye.com', 'protect.fireeye.com', 'protect2.trellix.com'), parameter('u')],
  ['libraesva', ends('urlsand.esvalabs.com', 'urlsand.com'), parameter('u')],
  ['edgepilot', ends('link.edgepilot.com'), parameter('u')],
  ['inky', ends('inky.com'), hostOnly('domain')],
  [
    'check-point',
    ends('url.avanan.click', 'protect.checkpoint.com', 'checkpoint.url-protection.com'),
    (url) => /___(https?:\/\/.{1,1800}?)___/.exec(percentDecoded(url.href))?.[1],
  ],
  [
    'deref',
    ends('deref-gmx.net', 'deref-web.de', 'deref-mail.com', 'deref-1und1.de', 'deref-gmx.com'),
    parameter('redirectUrl'),
  ],
  [
    'google',
    (host) => /^www\.google\.[a-z.]{2,6}$/.test(host),
    (url) => (url.pathname === '/url' ? parameter('q', 'url')(url) : undefined),
  ],
  ['fortinet', () => true, (url) => (url.pathname.includes('/fmlurlsvc') ? parameter('url')(url) : undefined)],
];

/** Nested wrappers that are opened. */
const MAX_DEPTH = 4;

/** The target of a wrapped address; undefined for any other. Never throws. */
export function unwrap(href: string): Unwrapped | undefined {
  let result: Unwrapped | undefined;
  let at = href;
  for (let depth = 0; depth < MAX_DEPTH; depth++) {
    const next = once(at);
    if (next === undefined || next.target === at) return next ?? result;
    result = { ...next, wrapped: result?.wrapped ?? next.wrapped };
    at = next.target;
  }
  return result;
}

function once(href: string): Unwrapped | undefined {
  const url = URL.parse(href);
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) return undefined;
  for (const [wrapped, hosts, read] of wrappers) {
    if (!hosts(url.hostname)) continue;
    const found = read(url);
    if (found === undefined) continue;
    if (typeof found !== 'string') return found.host === '' ? undefined : { ...found, wrapped };
    const target = found.slice(0, 2000);
    if (/^(?:https?|ftp|mailto|tel):/i.test(target)) return { target, wrapped };
    if (/^[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}(?:[/:?#]|$)/.test(target)) return { target: `http://${target}`, wrapped };
  }
  return undefined;
}

const base64Url = (text: string | null): string | undefined => {
  if (text === null || !/^[\w+/=-]{8,4000}$/.test(text)) return undefined;
  const decoded = Buffer.from(text.replaceAll('-', '+').replaceAll('_', '/'), 'base64').toString();
  return /^[\x21-\uffff]{4,2000}$/.test(decoded) ? decoded : undefined;
};

/** URL Defense v1: percent-encoded. v2: `-` for %, `_` for /. v3: stars for the characters in its base64 part. */
function proofpoint(url: URL): string | undefined {
  if (url.pathname.startsWith('/v1/')) return url.searchParams.get('u') ?? undefined;
  if (url.pathname.startsWith('/v2/')) {
    const u = /[?&]u=([^&]{1,4000})/.exec(url.search)?.[1];
    return u === undefined ? undefined : percentDecoded(u.replaceAll('-', '%').replaceAll('_', '/'));
  }
  const start = url.href.indexOf('/v3/__');
  const end = url.href.lastIndexOf('__;');
  if (start === -1 || end < start + 6) return undefined;
  const text = url.href.slice(start + 6, end);
  const bang = url.href.indexOf('!', end);
  const bytes = Buffer.from(
    url.href.slice(end + 3, bang === -1 ? undefined : bang).slice(0, 4000),
    'base64url',
  ).toString();
  const kept = [...bytes];
  let used = 0;
  const target = text.replace(/\*(?:\*([A-Za-z0-9_-]))?/g, (_star, run: string | undefined) => {
    const count = run === undefined ? 1 : RUNS.indexOf(run) + 2;
    const piece = kept.slice(used, used + count).join('');
    used += count;
    return piece;
  });
  // Normalising the wrapped address dropped a slash.
  return target.replace(/^(https?:)\/(?!\/)/i, '$1//');
}
/** `**X` represents as many characters as the place of X in this list, counted from two. */
const RUNS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
