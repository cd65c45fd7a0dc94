// The links of a mail: shown text, target, and whether they differ, so that agents can judge them. Linear and bounded.
import type { Link } from '../../contract/message.ts';
import { clip } from '../../lib/text.ts';
import { decodeEntities } from '../html-entities.ts';
import { unwrap } from './unwrap.ts';

const MAX_LINKS = 30;
/** UTF-16 units of all links together, as a newsletter could double the message. */
const MAX_TOTAL = 4000;
const MAX_TEXT = 200;
const MAX_TARGET = 1000;
const MAX_READ = 250_000;
/** Units of an opening tag, and of the content after it. */
const MAX_TAG = 4000;
const MAX_SHOWN = 2000;

/** The first {@link MAX_LINKS} links of the html, or of the text where there is no html. */
export function linksOf(html: string | undefined, text: string): Link[] {
  const links: Link[] = [];
  const seen = new Set<string>();
  let total = 0;
  const add = (shown: string, href: string): boolean => {
    const found = unwrap(href);
    const target = clip(found?.target ?? href, MAX_TARGET);
    // Exchange's link in its tip, which is a stamp.
    if (target.includes('aka.ms/LearnAboutSenderIdentification')) return true;
    const words = clip(shown, MAX_TEXT);
    const key = `${words}\n${target}`;
    if (seen.has(key)) return true;
    total += key.length;
    if (links.length >= MAX_LINKS || total > MAX_TOTAL) return false;
    seen.add(key);
    const differs = differsFrom(shown, found?.host ?? hostOf(found?.target ?? href), found && hostOf(href));
    links.push({ text: words, target, ...(found && { wrapped: found.wrapped }), differs });
    return true;
  };
  if (html === undefined) fromText(text.slice(0, MAX_READ), add);
  else fromHtml(html.slice(0, MAX_READ), add);
  return links;
}

const HREF =
  /\shref\s{0,9}=\s{0,9}(?:"\s{0,9}(https?:[^"]{1,3900})"|'\s{0,9}(https?:[^']{1,3900})'|(https?:[^\s"'>]{1,3900}))/i;
function fromHtml(html: string, add: (shown: string, href: string) => boolean): void {
  if (!html.includes('<a') && !html.includes('<A')) return;
  const tag = /<a\s/gi;
  for (let match = tag.exec(html); match !== null; match = tag.exec(html)) {
    const tagEnd = html.indexOf('>', match.index);
    if (tagEnd === -1) return;
    if (tagEnd - match.index > MAX_TAG) continue;
    const attributes = html.slice(match.index + 2, tagEnd);
    const href = HREF.exec(attributes);
    if (href === null) continue;
    const inner = html.slice(tagEnd + 1, tagEnd + 1 + MAX_SHOWN);
    const close = inner.search(/<\/a\b/i);
    const shown = textOf(close === -1 ? inner : inner.slice(0, close));
    const address = decodeEntities((href[1] ?? href[2] ?? href[3] ?? '').trim());
    if (!add(shown, address)) return;
    tag.lastIndex = tagEnd + 1;
  }
}

const textOf = (html: string): string =>
  decodeEntities(html.replace(/<[^<>]{0,2000}>/g, ''))
    .replace(/\s{1,2000}/g, ' ')
    .trim();

const BARE = /https?:\/\/[^\s<>"')\]]{3,1900}/gi;
function fromText(text: string, add: (shown: string, href: string) => boolean): void {
  for (const [href] of text.matchAll(BARE)) {
    const address = href.replace(/[.,;:!?]$/, '');
    if (!add(address, address)) return;
  }
}

const hostOf = (href: string): string => bare(URL.parse(href)?.hostname ?? '');
const bare = (host: string): string => host.toLowerCase().replace(/^www\./, '');

/** File names, which look like hosts. */
const FILE =
  /^[^/]{1,200}\.(?:pdf|docx?|xlsx?|pptx?|csv|txt|rtf|zip|rar|jpe?g|png|gif|html?|xml|json|mp[34]|mov|eml|msg)$/i;

/** Whether the text is an address or a host of another site than the target. */
function differsFrom(shown: string, target: string, wrapper: string | undefined): boolean {
  const named = /^(?:https?:\/\/)?((?:[\p{L}\p{Nd}-]{1,63}\.){1,8}\p{L}{2,24})(?::\d{1,5})?(?:[/?#]\S{0,500})?$/iu.exec(
    shown,
  )?.[1];
  if (named === undefined || target === '' || FILE.test(shown)) return false;
  const host = hostOf(`http://${named}`);
  if (host === '' || host === wrapper) return false;
  return host !== target && !target.endsWith(`.${host}`) && !host.endsWith(`.${bare(target)}`);
}
