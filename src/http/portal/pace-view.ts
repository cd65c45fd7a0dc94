// What a sending mailbox has used of its limits, and when it reaches that of 24 hours: in the overview's row and on the server's page.
import type { EmailServerView } from '../api/email-servers.ts';
import { type Html, html } from './html.ts';
import { exactTime, type Frame } from './layout.ts';
import type { Word } from './words.ts';

type Pace = EmailServerView['live']['pace'];

function meter({ say, language }: Frame, word: Word, used: number, limit: number): Html {
  const number = new Intl.NumberFormat(language);
  return html`<span class="nowrap"><meter aria-label="${say(word)}" min="0" max="${limit}" high="${limit * 0.8}" value="${Math.min(used, limit)}"></meter> <span class="dim">${number.format(used)} ${say('of')} ${number.format(limit)}</span></span>`;
}

export const minuteMeter = (frame: Frame, pace: Pace): Html =>
  pace === undefined ? html`–` : meter(frame, 'paceMinute', pace.minute, pace.perMinute);

export function dayMeter(frame: Frame, pace: Pace): Html {
  if (pace === undefined) return html`–`;
  const { recipients, recipientsPerDay, recipientsLimitAt: at } = pace;
  return html`${meter(frame, 'paceDay', recipients, recipientsPerDay)}${
    at !== undefined && html`<div class="dim">${frame.say('limitAt')}: ${exactTime(frame, at)}</div>`
  }`;
}
