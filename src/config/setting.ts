// One setting, and the kinds of value it may have. A parser takes the value from a file (any YAML value) or from the environment
// (always text), and returns the typed value or throws an Error whose message completes "<setting>: …". Each kind takes its facts, then its
// documentation: `integer({ initial: 300, min: 5, max: 1740 })('IDLE is reissued after this time.')`.

import { isIP } from 'node:net';
import { trimEndOf } from '../lib/text.ts';

export interface Setting<T> {
  doc: string;
  /** Kind of value, for the reference. */
  kind: string;
  parse: (value: unknown) => T;
  /** As it would be written in a file; null: not set. */
  default: string | number | boolean | null;
  sensitive: boolean;
}

/** The values of a tree of settings. */
export type ValuesOf<Tree> = {
  readonly [K in keyof Tree]: Tree[K] extends Setting<infer Value> ? Value : ValuesOf<Tree[K]>;
};

interface Kind<T> extends Pick<Setting<T>, 'kind' | 'parse'> {
  initial?: Setting<T>['default'];
  secret?: boolean;
}

interface Range {
  initial: number;
  min: number;
  max: number;
}

export const wrong = (message: string): never => {
  throw new Error(message);
};

function text(value: unknown): string {
  if (typeof value === 'string') return value.trim();
  if (typeof value === 'number') return String(value);
  return wrong('must be text');
}

/** The text of a single value; empty for anything else, which no kind below accepts. */
const plain = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' ? String(value).trim() : '';

/** A setting with its own parser. */
export const custom =
  <T>({ kind, parse, initial = '', secret = false }: Kind<T>) =>
  (doc: string): Setting<T> => ({ doc, kind, default: initial, parse, sensitive: secret });

/** Uses null as the default and undefined as the value of a setting that is not set. */
export const optional = <T>(inner: Setting<T>): Setting<T | undefined> => ({ ...inner, default: null });

const filled = (value: unknown): string => text(value) || wrong('must not be empty');

export const string = (initial: string) => custom({ kind: 'text', initial, parse: filled });

export const optionalString = (doc: string) => optional(string('')(doc));

export const secret = (doc: string) => optional(custom({ kind: 'text', secret: true, parse: filled })(doc));

/** Text that may be empty. */
export const anyString = (initial: string) => custom({ kind: 'text', initial, parse: text });

/** PEM, or another text of several lines: not trimmed. */
export const privateKey = (doc: string) =>
  optional(
    custom({
      kind: 'text',
      secret: true,
      parse: (value) => (typeof value === 'string' ? value : wrong('must be text')),
    })(doc),
  );

export const pem = (doc: string) =>
  optional(
    custom({
      kind: 'PEM',
      parse(value) {
        const given = typeof value === 'string' ? value : '';
        return /-----BEGIN CERTIFICATE-----/.test(given) ? given : wrong('must be a certificate in PEM form');
      },
    })(doc),
  );

/** Whole number within limits; `120` and `"120"` are equal, nothing else is accepted (no `12abc`, no `1e3`). */
export const integer = ({ initial, min, max }: Range) =>
  custom({
    kind: `${min}–${max}`,
    initial,
    parse(value) {
      const given = /^-?\d+$/.test(plain(value)) ? Number(plain(value)) : Number.NaN;
      if (!Number.isInteger(given)) return wrong(`must be a whole number ${min}–${max}`);
      return given >= min && given <= max ? given : wrong(`must be ${min}–${max}`);
    },
  });

/** Number with a fraction. */
export const number = ({ initial, min, max }: Range) =>
  custom({
    kind: `${min}–${max}`,
    initial,
    parse(value) {
      const given = /^\d+(\.\d+)?$/.test(plain(value)) ? Number(plain(value)) : -1;
      return given >= min && given <= max ? given : wrong(`must be a number ${min}–${max}`);
    },
  });

export const flag = (initial: boolean) =>
  custom({
    kind: 'true | false',
    initial,
    parse(value) {
      if (typeof value === 'boolean') return value;
      const given = plain(value).toLowerCase();
      if (['true', '1', 'yes', 'on'].includes(given)) return true;
      if (['false', '0', 'no', 'off'].includes(given)) return false;
      return wrong('must be true or false');
    },
  });

export const oneOf = <const T extends string>(initial: T, allowed: readonly T[]) =>
  custom({
    kind: allowed.join(' | '),
    initial,
    parse(value) {
      const given = plain(value).toLowerCase();
      return allowed.find((name) => name.toLowerCase() === given) ?? wrong(`must be one of ${allowed.join(', ')}`);
    },
  });

/** A list in a file, or text with commas. */
export const listOf = (value: unknown): unknown[] => {
  if (Array.isArray(value)) return value;
  if (typeof value === 'object') return wrong('must be a list');
  return text(value)
    .split(/[,\s]+/)
    .filter((part) => part !== '');
};

export const fileList = (value: unknown): readonly string[] =>
  listOf(value).map((part) => (typeof part === 'string' && part !== '' ? part : wrong('must be a list of file names')));

export const setOf = <const T extends string>(initial: string, allowed: readonly T[]) => {
  const names = allowed.join(', ');
  return custom({
    kind: `list of ${names}`,
    initial,
    parse(value): readonly T[] {
      const given = listOf(value).map(
        (part) => allowed.find((name) => name === part) ?? wrong(`must be a list of ${names}`),
      );
      return given.length > 0 ? [...new Set(given)] : wrong(`must name at least one of ${names}`);
    },
  });
};

export const url = (initial: string, schemes: readonly string[]) => {
  const forms = schemes.map((scheme) => `${scheme}://…`);
  return custom({
    kind: forms.join(' | '),
    initial,
    parse(value) {
      const given = plain(value);
      const parsed = URL.canParse(given) ? new URL(given) : undefined;
      const fits = parsed !== undefined && schemes.includes(parsed.protocol.slice(0, -1)) && parsed.host !== '';
      return fits ? trimEndOf(given, '/') : wrong(`must be a URL ${forms.join(' or ')}`);
    },
  });
};

const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i;

/** Host name of letters, digits and hyphens (RFC 1123 §2.1). */
export const isHostName = (name: string): boolean =>
  name.length <= 253 && name.split('.').every((label) => LABEL.test(label)) && !/^[\d.]+$/.test(name);

/** Host name or IP address. */
export const isHost = (name: string): boolean => isHostName(name) || isIP(name) !== 0;

const fitting =
  (fits: (text: string) => boolean, must: string) =>
  (value: unknown): string => {
    const given = plain(value);
    return fits(given) ? given : wrong(must);
  };

export const hostName = (initial: string) =>
  custom({ kind: 'host name', initial, parse: fitting(isHostName, 'must be a host name') });

export const listen = (initial: string) =>
  custom({ kind: 'host or address', initial, parse: fitting(isHost, 'must be a host name or an IP address') });
