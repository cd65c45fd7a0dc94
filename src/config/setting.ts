// One setting, and the kinds of value it may have. A parser takes the value from a file (any YAML value) or from the environment
// (always text), and returns the typed value or throws an Error whose message completes "<setting>: …".

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

type Default = Setting<unknown>['default'];
type Common = { secret?: true };

export const wrong = (message: string): never => {
  throw new Error(message);
};

function text(value: unknown): string {
  if (typeof value === 'string') return value.trim();
  if (typeof value === 'number') return String(value);
  return wrong('must be text');
}

/** A setting with a parser of its own. */
export const custom = <T>(
  doc: string,
  kind: string,
  initial: Default,
  parse: (value: unknown) => T,
  { secret }: Common = {},
): Setting<T> => ({ doc, kind, default: initial, parse, sensitive: secret === true });

/** Uses null as the default and undefined as the value of a setting that is not set. */
export const optional = <T>(inner: Setting<T>): Setting<T | undefined> => ({ ...inner, default: null });

export function string(doc: string, initial: string, options: Common = {}): Setting<string> {
  return custom(doc, 'text', initial, (value) => text(value) || wrong('must not be empty'), options);
}

export const optionalString = (doc: string, options?: Common): Setting<string | undefined> =>
  optional(string(doc, '', options));

/** Text that may be empty. */
export function anyString(doc: string, initial: string): Setting<string> {
  return custom(doc, 'text', initial, text);
}

/** PEM or other text of several lines: not trimmed. */
export function lines(doc: string, options: Common = {}): Setting<string | undefined> {
  return custom(doc, 'text', null, (value) => (typeof value === 'string' ? value : wrong('must be text')), options);
}

export function pem(doc: string): Setting<string | undefined> {
  return custom(doc, 'PEM', null, (value) => {
    const given = typeof value === 'string' ? value : '';
    return /-----BEGIN CERTIFICATE-----/.test(given) ? given : wrong('must be a certificate in PEM form');
  });
}

/** Whole number within limits; `120` and `"120"` are equal, nothing else is accepted (no `12abc`, no `1e3`). */
export function integer(doc: string, initial: number, min: number, max: number): Setting<number> {
  return custom(doc, `${min}–${max}`, initial, (value) => {
    const given = typeof value === 'number' ? value : /^-?\d+$/.test(text(value)) ? Number(text(value)) : Number.NaN;
    if (!Number.isInteger(given)) return wrong(`must be a whole number ${min}–${max}`);
    return given >= min && given <= max ? given : wrong(`must be ${min}–${max}`);
  });
}

/** Number with a fraction. */
export function number(doc: string, initial: number, min: number, max: number): Setting<number> {
  return custom(doc, `${min}–${max}`, initial, (value) => {
    const given = typeof value === 'number' ? value : /^\d+(\.\d+)?$/.test(text(value)) ? Number(text(value)) : -1;
    return given >= min && given <= max ? given : wrong(`must be a number ${min}–${max}`);
  });
}

export function flag(doc: string, initial: boolean): Setting<boolean> {
  return custom(doc, 'true | false', initial, (value) => {
    if (typeof value === 'boolean') return value;
    const given = text(value).toLowerCase();
    if (['true', '1', 'yes', 'on'].includes(given)) return true;
    if (['false', '0', 'no', 'off'].includes(given)) return false;
    return wrong('must be true or false');
  });
}

export function oneOf<const T extends string>(doc: string, initial: T, allowed: readonly T[]): Setting<T> {
  return custom(doc, allowed.join(' | '), initial, (value) => {
    const given = text(value).toLowerCase();
    return allowed.find((name) => name.toLowerCase() === given) ?? wrong(`must be one of ${allowed.join(', ')}`);
  });
}

/** A list in a file, or text with commas. */
export const listOf = (value: unknown): unknown[] => {
  if (Array.isArray(value)) return value;
  return text(value)
    .split(/[,\s]+/)
    .filter((part) => part !== '');
};

export const fileList = (value: unknown): readonly string[] =>
  listOf(value).map((part) => (typeof part === 'string' && part !== '' ? part : wrong('must be a list of file names')));

export function setOf<const T extends string>(
  doc: string,
  initial: string,
  allowed: readonly T[],
): Setting<readonly T[]> {
  return custom(doc, `list of ${allowed.join(', ')}`, initial, (value) => {
    const given = listOf(value).map(
      (part) => allowed.find((name) => name === part) ?? wrong(`must be a list of ${allowed.join(', ')}`),
    );
    return given.length > 0 ? [...new Set(given)] : wrong(`must name at least one of ${allowed.join(', ')}`);
  });
}

export function url(doc: string, initial: string, schemes: readonly string[]): Setting<string> {
  return custom(doc, schemes.map((scheme) => `${scheme}://…`).join(' | '), initial, (value) => {
    const given = text(value);
    const parsed = URL.canParse(given) ? new URL(given) : undefined;
    const fits = parsed !== undefined && schemes.includes(parsed.protocol.slice(0, -1)) && parsed.host !== '';
    return fits ? trimEndOf(given, '/') : wrong(`must be a URL ${schemes.map((name) => `${name}://…`).join(' or ')}`);
  });
}

const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i;

/** Host name of letters, digits and hyphens (RFC 1123 §2.1). */
export const isHostName = (name: string): boolean =>
  name.length <= 253 && name.split('.').every((label) => LABEL.test(label)) && !/^[\d.]+$/.test(name);

/** Host name or IP address. */
export const isHost = (name: string): boolean => isHostName(name) || isIP(name) !== 0;

export function hostName(doc: string, initial: string): Setting<string> {
  return custom(doc, 'host name', initial, (value) => {
    const given = text(value);
    return isHostName(given) ? given : wrong('must be a host name');
  });
}

export function listen(doc: string, initial: string): Setting<string> {
  return custom(doc, 'host or address', initial, (value) => {
    const given = text(value);
    return isHost(given) ? given : wrong('must be a host name or an IP address');
  });
}
