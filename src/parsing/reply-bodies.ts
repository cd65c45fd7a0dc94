// Bodies of a reply: text made of html where the backend wrote none and, on request, the message answered quoted below. Pure, and linear in its input; runs
// in a worker all the same.
import type { Message } from '../contract/message.ts';
import { escapeHtml } from '../lib/text.ts';
import { htmlToText } from '../mime/index.ts';

export interface ReplyBodies {
  text: string;
  html?: string;
}

export interface ReplyBodiesInput {
  text?: string | undefined;
  html?: string | undefined;
  /** The message answered, when quoting was asked for. */
  quoted?: QuotedMessage | undefined;
}

export interface QuotedMessage {
  message: Pick<Message, 'from' | 'date' | 'receivedAt'>;
  text: string | undefined;
  html: string | undefined;
}

/** Whether the bodies can be used as given. */
export const areComplete = ({ text, html, quoted }: ReplyBodiesInput): boolean =>
  quoted === undefined && (text !== undefined || html === undefined);

export function replyBodies({ text, html, quoted }: ReplyBodiesInput): ReplyBodies {
  const own = text ?? (html === undefined ? '' : textOf(html));
  if (quoted === undefined) return { text: own, ...(html === undefined ? {} : { html }) };
  const quotedText = quoted.text ?? (quoted.html === undefined ? '' : textOf(quoted.html));
  return {
    text: `${own}\n\n${quoteText(quoted, quotedText)}`,
    ...(html === undefined
      ? {}
      : { html: `${html}${quoteHtml(quoted, quoted.html ?? `<pre>${escapeHtml(quotedText)}</pre>`)}` }),
  };
}

const textOf = (html: string) => htmlToText(html, { outgoing: true }).text;

function who({ message }: QuotedMessage): string {
  const from = message.from[0];
  return from === undefined ? '' : from.name || from.address;
}

const when = ({ message }: QuotedMessage) => (message.date ?? message.receivedAt).slice(0, 16).replace('T', ' ');

/** `> ` before each line (RFC 3676 §4.5 style), under one line that says who wrote when. */
function quoteText(quoted: QuotedMessage, text: string): string {
  const lines = text.replace(/\r\n?/g, '\n').split('\n');
  while (lines.length > 1 && lines.at(-1) === '') lines.pop();
  return `${who(quoted)}, ${when(quoted)} UTC:\n${lines.map((line) => (line.startsWith('>') ? `>${line}` : `> ${line}`)).join('\n')}`;
}

function quoteHtml(quoted: QuotedMessage, html: string): string {
  return `<br><div>${escapeHtml(who(quoted))}, ${when(quoted)} UTC:</div><blockquote style="margin:0 0 0 .8ex;border-left:1px solid #ccc;padding-left:1ex">${withoutScripts(html)}</blockquote>`;
}

/** Elements that go with all that is in them, and others of which the tags go. */
const DROPPED = new Set(['script', 'style', 'head', 'title', 'object', 'iframe', 'form']);
const UNWRAPPED = new Set([...DROPPED, 'html', 'body', 'meta', 'base', 'link', 'embed', '!doctype']);
/** A handler among the attributes of a tag. */
const HANDLER = /\son\w+\s*=\s*(?:"[^"]*"|'[^']*'|[^\s>]+)/gi;

/** Removes scripts of the customer's mail; the rest stays as written. */
function withoutScripts(html: string): string {
  const kept: string[] = [];
  /** Elements that are not closed any more: their end is not searched again. */
  const unclosed = new Set<string>();
  const endOfTag = tagEnds(html);
  const tag = /<\/?([a-z!][a-z0-9]*)/gi;
  let at = 0;
  for (let found = tag.exec(html); found !== null; found = tag.exec(html)) {
    const name = (found[1] ?? '').toLowerCase();
    const end = endOfTag(tag.lastIndex);
    kept.push(html.slice(at, found.index));
    at = end;
    if (!UNWRAPPED.has(name)) kept.push(html.slice(found.index, end).replace(HANDLER, ''));
    else if (DROPPED.has(name) && !found[0].startsWith('</') && !unclosed.has(name)) {
      const close = new RegExp(`</${name}[^>]{0,20}>`, 'gi');
      close.lastIndex = end;
      if (close.exec(html) === null) unclosed.add(name);
      else at = close.lastIndex;
    }
    tag.lastIndex = at;
  }
  kept.push(html.slice(at));
  return kept.join('');
}

/** Where a tag ends: behind its `>`, not counting those in quoted values. */
function tagEnds(html: string): (from: number) => number {
  /** Quotes that occur no more. */
  const unclosed = new Set<string>();
  return (from) => {
    for (let at = from; at < html.length; at++) {
      const character = html[at] as string;
      if (character === '>') return at + 1;
      if ((character !== '"' && character !== "'") || html[at - 1] !== '=' || unclosed.has(character)) continue;
      const close = html.indexOf(character, at + 1);
      if (close === -1) unclosed.add(character);
      else at = close;
    }
    return html.length;
  };
}
