// Automatic mail.
import type { Automatic } from '../contract/message.ts';

export interface AutomaticInput {
  headers: { first(name: string): string | undefined; all(name: string): string[] };
  subject: string;
  from: string;
  contentType: string;
  report?: { kind: 'bounce' | 'receipt' | 'feedback-report'; source: string };
}

export function detectAutomatic(_input: AutomaticInput): Automatic {
  return { kind: 'none', evidence: [], mayAutoRespond: true };
}
