// The error catalogue: every code that Mailroom shows anyone, in sections by room. docs/errors.md is generated from here, and a test fails
// when they differ.
import type { MailProvider } from '../mail-provider.ts';
import type { Words } from '../words.ts';
import { bounceErrors } from './bounces.ts';
import { configErrors } from './config.ts';
import { doctorErrors } from './doctor.ts';
import type { CatalogueEntry } from './entry.ts';
import { germanTitles } from './german.ts';
import { httpErrors } from './http.ts';
import { imapErrors } from './imap.ts';
import { messageErrors } from './message.ts';
import { oauthErrors } from './oauth.ts';
import { queueErrors } from './queue.ts';
import { replyErrors } from './reply.ts';
import { smtpErrors } from './smtp.ts';
import { smtpAnswerErrors } from './smtp-answers.ts';

const sections = {
  ...configErrors,
  ...imapErrors,
  ...smtpErrors,
  ...smtpAnswerErrors,
  ...oauthErrors,
  ...replyErrors,
  ...bounceErrors,
  ...queueErrors,
  ...messageErrors,
  ...httpErrors,
  ...doctorErrors,
};

export type ErrorCode = keyof typeof sections;
export const catalogue: Readonly<Record<ErrorCode, CatalogueEntry>> = sections;

/** What to do about a code where this provider runs the server. */
export function hintFor(code: ErrorCode, provider: MailProvider): Words {
  const { hint, hintAt } = catalogue[code];
  return provider === 'other' ? hint : (hintAt?.[provider] ?? hint);
}

/** What is wrong, as a sentence. */
export const titleOf = (code: ErrorCode, language: keyof Words): string =>
  language === 'de' ? germanTitles[code] : catalogue[code].message.replace(/\.?$/, '.');
