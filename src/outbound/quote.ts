// Quotes the message answered below the reply, on request. Pure.
import type { Message } from '../contract/message.ts';

export const escapeHtml = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

function who(message: Message): string {
  const from = message.from[0];
  return from === undefined ? '' : from.name || from.address;
}

const when = (message: Message) => (message.date ?? message.receivedAt).slice(0, 16).replace('T', ' ');

/** `> ` before each line (RFC 3676 §4.5 style), under one line that says who wrote when. */
export function quoteText(message: Message, text: string): string {
  const lines = text.replace(/\r\n?/g, '\n').replace(/\n+$/, '').split('\n');
  return `${who(message)}, ${when(message)} UTC:\n${lines.map((line) => (line.startsWith('>') ? `>${line}` : `> ${line}`)).join('\n')}`;
}

export function quoteHtml(message: Message, html: string): string {
  // Scripts of the customer's mail have no business in ours; the rest is theirs as they wrote it.
  const harmless = html
    .replace(/<(script|style|head|title|meta|base|link|object|embed|iframe|form)\b[\s\S]*?<\/\1\s*>/gi, '')
    .replace(/<\/?(?:html|body|script|meta|base|link|!doctype)[^>]*>/gi, '')
    .replace(/\son\w+\s*=\s*("[^"]*"|'[^']*'|[^\s>]+)/gi, '');
  return `<br><div>${escapeHtml(who(message))}, ${when(message)} UTC:</div><blockquote style="margin:0 0 0 .8ex;border-left:1px solid #ccc;padding-left:1ex">${harmless}</blockquote>`;
}
