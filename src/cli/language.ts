// German or English at the command line.
import { MailroomError } from '../domain/errors.ts';

export type Language = 'en' | 'de';

/** @param asked the value of --lang; without it the environment decides. @throws MailroomError CONFIG_INVALID */
export function languageOf(asked: string | undefined): Language {
  if (asked === undefined) return /^de/i.test(process.env.LC_ALL || process.env.LANG || '') ? 'de' : 'en';
  if (asked === 'de' || asked === 'en') return asked;
  throw new MailroomError('CONFIG_INVALID', { message: `--lang: must be de or en, got "${asked}"`, field: 'lang' });
}
