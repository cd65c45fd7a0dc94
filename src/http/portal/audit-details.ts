// Details of a change in words: the field, its old and its new value, looked up by action, field and value. A value without a word (a name, an
// address, an id, a number) is shown unchanged.
import { parts } from '../api/privacy.ts';
import { type Language, sayIn, stateIn, type Word, wordOf } from './words.ts';
import { labelIn } from './words-said.ts';

interface Change {
  field: string;
  from: string;
  to: string;
}

const YES_OR_NO = { true: 'yes', false: 'no' } as const;
/** Values that are words of the portal, by field; others are looked up as `field-value`. */
const FIELDS: Readonly<Record<string, Readonly<Record<string, Word>>>> = {
  enabled: YES_OR_NO,
  allowPlainText: YES_OR_NO,
  markAnswered: YES_OR_NO,
  tls: {
    enabled: 'enabled',
    disabled: 'disabled',
    implicit: 'tlsImplicit',
    starttls: 'tlsStarttls',
    none: 'tlsNone',
  },
  signIn: { appOnly: 'appOnly', delegated: 'delegated' },
  sendMode: { sendAs: 'sendAs', onBehalf: 'onBehalf' },
  pace: { perMinute: 'perMinute' },
  role: { viewer: 'viewer', operator: 'operator', administrator: 'administrator' },
  by: { 'one-time secret': 'byOneTimeCode', 'API token': 'byApiToken' },
};

/** Outcomes of decisions, by action. */
const BECAME: Readonly<Record<string, Readonly<Record<string, Word>>>> = {
  'enqueue-again': { quarantined: 'step-of-quarantined', enqueued: 'step-of-enqueued' },
  accept: { quarantined: 'step-of-quarantined', accepted: 'settledValue' },
  'dead-letter-retry': { waiting: 'step-of-enqueued' },
  'dead-letter-delete': { deleted: 'deletedValue' },
};

/** `["a","b"]` and `{"move":"Done"}` without JSON's brackets and quotes. */
function plain(text: string, value: (text: string) => string): string {
  if (!/^[[{]/.test(text)) return value(text);
  try {
    const parsed: unknown = JSON.parse(text);
    if (Array.isArray(parsed)) return parsed.map(String).join(', ');
    return Object.entries(parsed as object)
      .map(([key, one]) => `${value(key)}: ${typeof one === 'object' ? JSON.stringify(one) : value(String(one))}`)
      .join(', ');
  } catch {
    return text; // cut off where it was too long
  }
}

/** `messages 3, mails 2`, as operations/erase-person.ts writes it. */
const countsIn = (language: Language, text: string): string =>
  text
    .split(', ')
    .map((one) => {
      const known = parts.find((part) => one.startsWith(`${part} `));
      return known === undefined
        ? sayIn(language)('nothingValue')
        : `${sayIn(language)(`part-${known}`)}: ${one.slice(known.length + 1)}`;
    })
    .join(', ');

const LABELS: Readonly<Record<string, Word>> = { role: 'roleHead', by: 'byHead', state: 'state' };

/** @param action for decisions the field is an id */
export function detailIn(language: Language, action: string, { field, from, to }: Change): Change {
  const say = sayIn(language);
  const label = LABELS[field];
  const named = label === undefined ? labelIn(language, field) : say(label);
  if (action.startsWith('privacy-')) return { field: named, from, to: countsIn(language, to) };
  const states = action === 'release' || action === 'drop';
  const value = (text: string): string => {
    const word = (BECAME[action] ?? FIELDS[field])?.[text] ?? wordOf(states ? `state-${text}` : `${field}-${text}`);
    if (word !== undefined) return say(word);
    return field === 'state' ? stateIn(language, text) : text;
  };
  return { field: named, from: plain(from, value), to: plain(to, value) };
}
