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
  env: string;
  sensitive: boolean;
}

type Leaf = readonly unknown[] | string | number | boolean | undefined;
/** The tree of settings that a configuration type requires: the compiler ensures that none is missing and each has its type. */
export type SettingsOf<T> = { [K in keyof T]: T[K] extends Leaf ? Setting<T[K]> : SettingsOf<T[K]> };

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

const setting = <T>(
  doc: string,
  env: string,
  kind: string,
  initial: Default,
  parse: (value: unknown) => T,
  { secret }: Common = {},
): Setting<T> => ({ doc, env: `MAILROOM_${env}`, kind, default: initial, parse, sensitive: secret === true });

/** Uses null as the default and undefined as the value of a setting that is not set. */
export const optional = <T>(inner: Setting<T>): Setting<T | undefined> => ({ ...inner, default: null });

export function string(doc: string, env: string, initial: string | null, options: Common = {}): Setting<string> {
  return setting(doc, env, 'text', initial, (value) => text(value) || wrong('must not be empty'), options);
}

/** Text that may be empty. */
export function anyString(doc: string, env: string, initial: string): Setting<string> {
  return setting(doc, env, 'text', initial, text);
}

/** PEM or other text of several lines: not trimmed. */
export function lines(doc: string, env: string, options: Common = {}): Setting<string | undefined> {
  return setting(
    doc,
    env,
    'text',
    null,
    (value) => (typeof value === 'string' ? value : wrong('must be text')),
    options,
  );
}

export function pem(doc: string, env: string): Setting<string | undefined> {
  return setting(doc, env, 'PEM', null, (value) => {
    const given = typeof value === 'string' ? value : '';
    return /-----BEGIN CERTIFICATE-----/.test(given) ? given : wrong('must be a certificate in PEM form');
  });
}

/** Whole number within limits; `120` and `"120"` are equal, nothing else is accepted (no `12abc`, no `1e3`). */
export function integer(doc: string, env: string, initial: number, min: number, max: number): Setting<number> {
  return setting(doc, env, `${min}–${max}`, initial, (value) => {
    const given = typeof value === 'number' ? value : /^-?\d+$/.test(text(value)) ? Number(text(value)) : Number.NaN;
    if (!Number.isInteger(given)) return wrong(`must be a whole number ${min}–${max}`);
    return given >= min && given <= max ? given : wrong(`must be ${min}–${max}`);
  });
}

/** Number with a fraction. */
export function number(doc: string, env: string, initial: number, min: number, max: number): Setting<number> {
  return setting(doc, env, `${min}–${max}`, initial, (value) => {
    const given = typeof value === 'number' ? value : /^\d+(\.\d+)?$/.test(text(value)) ? Number(text(value)) : -1;
    return given >= min && given <= max ? given : wrong(`must be a number ${min}–${max}`);
  });
}

export function flag(doc: string, env: string, initial: boolean): Setting<boolean> {
  return setting(doc, env, 'true | false', initial, (value) => {
    if (typeof value === 'boolean') return value;
    const given = text(value).toLowerCase();
    if (['true', '1', 'yes', 'on'].includes(given)) return true;
    if (['false', '0', 'no', 'off'].includes(given)) return false;
    return wrong('must be true or false');
  });
}

export function oneOf<const T extends string>(doc: string, env: string, initial: T, allowed: readonly T[]): Setting<T> {
  return setting(doc, env, allowed.join(' | '), initial, (value) => {
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
  env: string,
  initial: string,
  allowed: readonly T[],
): Setting<readonly T[]> {
  return setting(doc, env, `list of ${allowed.join(', ')}`, initial, (value) => {
    const given = listOf(value).map(
      (part) => allowed.find((name) => name === part) ?? wrong(`must be a list of ${allowed.join(', ')}`),
    );
    return given.length > 0 ? [...new Set(given)] : wrong(`must name at least one of ${allowed.join(', ')}`);
  });
}

export function url(doc: string, env: string, initial: string, schemes: readonly string[]): Setting<string> {
  return setting(doc, env, schemes.map((scheme) => `${scheme}://…`).join(' | '), initial, (value) => {
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

export function hostName(doc: string, env: string, initial: string): Setting<string> {
  return setting(doc, env, 'host name', initial, (value) => {
    const given = text(value);
    return isHostName(given) ? given : wrong('must be a host name');
  });
}

export function listen(doc: string, env: string, initial: string): Setting<string> {
  return setting(doc, env, 'host or address', initial, (value) => {
    const given = text(value);
    return isHost(given) ? given : wrong('must be a host name or an IP address');
  });
}

/** A setting with a parser of its own. */
export function custom<T>(
  doc: string,
  env: string,
  kind: string,
  initial: Default,
  parse: (value: unknown) => T,
  options: Common = {},
): Setting<T> {
  return setting(doc, env, kind, initial, parse, options);
}
