// German or English at the command line.
import { Option } from 'commander';

export type Language = 'en' | 'de';

export const languageOption = (): Option =>
  new Option('--lang <language>', 'language of the report (default: from LANG)').choices(['de', 'en']);

/** @param asked the value of --lang; without it the environment decides */
export const languageOf = (asked: Language | undefined): Language =>
  asked ?? (/^de/i.test(process.env.LC_ALL || process.env.LANG || '') ? 'de' : 'en');
