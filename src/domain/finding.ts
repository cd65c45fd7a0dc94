// A warning or note about an email server: code, parameters, and the words made of them.
import type { Parameters } from './definition-problem.ts';
import { type FindingCode, findingText } from './finding-words.ts';

export interface Finding {
  code: FindingCode;
  /** `note`: worth knowing; nothing has to be done now. */
  severity: 'warning' | 'note';
  /** Name of the server that it is about. */
  server: string;
  /** What its words are about: domain/finding-words.ts. */
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
