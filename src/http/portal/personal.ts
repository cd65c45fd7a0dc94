// The personal data of a mail, for people with the permission: subject, sender, date.
import { type Html, html } from './html.ts';
import { type Frame, frameMay } from './layout.ts';
import { since } from './parts.ts';
import type { Word } from './words.ts';

/** Subject for those who may read messages, sender for those who see addresses. */
export function personalLines(frame: Frame, mail: { subject?: string; sender?: string; date?: string }): Html {
  const { say } = frame;
  const { subject, sender, date } = mail;
  const shown: [Word, Html | string | undefined][] = [
    ['subject', frameMay(frame, 'messages:read') ? subject : undefined],
    ['sender', frameMay(frame, 'addresses:read') ? sender : undefined],
    ['sent', date === undefined || Number.isNaN(Date.parse(date)) ? undefined : since(frame, Date.parse(date))],
  ];
  return html`${shown.map(([word, value]) => value !== undefined && value !== '' && html`<div class="dim">${say(word)}: ${value}</div>`)}`;
}
