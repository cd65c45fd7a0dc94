// A warning or note about an email server: code, parameters, and the resulting words.
import type { Parameters } from './definition-problem.ts';
import { type FindingCode, findingText } from './finding-words.ts';

export interface Finding {
  code: FindingCode;
  /** `note`: for information; nothing has to be done now. */
  severity: 'warning' | 'note';
  /** Name of the server concerned. */
  server: string;
  /** Parameters of the words in domain/finding-words.ts. */
  parameters: Parameters;
  /** In English. */
  message: string;
  hint: { en: string; de: string };
}

export const finding = (
  code: FindingCode,
  server: string,
  parameters: Parameters,
  hint: Finding['hint'],
  severity: Finding['severity'] = 'warning',
): Finding => ({
  code,
  severity,
  server,
  parameters: { server, ...parameters },
  message: findingText(code, { server, ...parameters }, 'en'),
  hint,
});
