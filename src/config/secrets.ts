// Secrets as text: key rings (`id:base64` entries) and API tokens (`name:scope:token` entries). No message of an error repeats one.
import type { ApiToken, KeyRing } from './config.ts';
import { listOf, wrong } from './setting.ts';

const ID = /^[A-Za-z0-9._-]{1,32}$/;

/** `2026-11:base64 of 32 bytes, …`; unique ids, first is active. */
export function parseKeyRing(value: unknown): KeyRing {
  const seen = new Set<string>();
  return listOf(value).map((entry, index) => {
    const at = `entry ${index + 1}`;
    const given = typeof entry === 'string' ? entry : wrong(`${at} must be text id:base64`);
    const colon = given.indexOf(':');
    const id = given.slice(0, Math.max(0, colon));
    if (!ID.test(id)) return wrong(`${at} must be id:base64, the id of letters, digits, dot, hyphen`);
    if (seen.has(id)) return wrong(`${at} repeats the id ${id}`);
    seen.add(id);
    const key = new Uint8Array(Buffer.from(given.slice(colon + 1), 'base64'));
    return key.length === 32 ? { id, key } : wrong(`${at} (${id}) must be 32 bytes in base64, got ${key.length}`);
  });
}

const scopes = ['admin', 'backend', 'read'] as const;

/** `name:scope:token, …`; a token has at least 16 characters and no comma or space. */
export function parseApiTokens(value: unknown): readonly ApiToken[] {
  const seen = new Set<string>();
  return listOf(value).map((entry, index) => {
    const at = `entry ${index + 1}`;
    const given = typeof entry === 'string' ? entry : wrong(`${at} must be text name:scope:token`);
    const [name = '', scopeText = '', ...rest] = given.split(':');
    const scope = scopes.find((known) => known === scopeText);
    if (!ID.test(name) || !scope) return wrong(`${at} must be name:scope:token with scope ${scopes.join(', ')}`);
    if (seen.has(name)) return wrong(`${at} repeats the name ${name}`);
    seen.add(name);
    const token = rest.join(':');
    return token.length >= 16
      ? { name, token, scope }
      : wrong(`${at} (${name}) must have a token of at least 16 characters`);
  });
}
