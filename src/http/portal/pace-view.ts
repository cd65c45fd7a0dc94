// Meters of a sending mailbox: use of its limits per minute and per 24 hours, and when the latter will be reached.
import type { EmailServerView } from '../api/email-servers.ts';
import { type Html, html } from './html.ts';
import type { Frame } from './layout.ts';
import { exactTime } from './parts.ts';
import type { Word } from './words.ts';

type Pace = EmailServerView['live']['pace'];

function meter({ say, number }: Frame, word: Word, used: number, limit: number): Html {
  return html`<span class="nowrap"><meter aria-label="${say(word)}" min="0" max="${limit}" high="${limit * 0.8}" value="${Math.min(used, limit)}"></meter> <span class="dim">${number(used)} ${say('of')} ${number(limit)}</span></span>`;
}

export const minuteMeter = (frame: Frame, pace: Pace): Html | undefined =>
  pace && meter(frame, 'paceMinute', pace.minute, pace.perMinute);

export function dayMeter(frame: Frame, pace: Pace): Html | undefined {
  if (pace === undefined) return undefined;
  const { recipients, recipientsPerDay, recipientsLimitAt: at } = pace;
  return html`${meter(frame, 'paceDay', recipients, recipientsPerDay)}${
    at !== undefined && html`<div class="dim">${frame.say('limitAt')}: ${exactTime(frame, at)}</div>`
  }`;
}
