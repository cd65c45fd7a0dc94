// Secrets as text: key rings (`id:base64` entries) and API tokens (`name:role:token` entries). No message of an error repeats one.
import { createHash } from 'node:crypto';
import { type AccessRole, roles, type TokenScope } from '../domain/access.ts';
import type { ApiToken, KeyRing } from './config.ts';
import { listOf, wrong } from './setting.ts';

/** Of a key, of the owner of a token. */
export const TOKEN_NAME = /^[A-Za-z0-9._-]{1,32}$/;

/** `2026-11:base64 of 32 bytes, …`; unique ids, first is active. */
export function parseKeyRing(value: unknown): KeyRing {
  const seen = new Set<string>();
  return listOf(value).map((entry, index) => {
    const at = `entry ${index + 1}`;
    const given = typeof entry === 'string' ? entry : wrong(`${at} must be text id:base64`);
    const colon = given.indexOf(':');
    const id = given.slice(0, Math.max(0, colon));
    if (!TOKEN_NAME.test(id)) return wrong(`${at} must be id:base64, the id of letters, digits, dot, hyphen`);
    if (seen.has(id)) return wrong(`${at} repeats the id ${id}`);
    seen.add(id);
    const key = new Uint8Array(Buffer.from(given.slice(colon + 1), 'base64'));
    return key.length === 32 ? { id, key } : wrong(`${at} (${id}) must be 32 bytes in base64, got ${key.length}`);
  });
}

/** `{ token: name:role:token, emailFlows: […], emailServers: […], replyNamespace: … }` binds a token to them. */
function boundEntry(entry: unknown, at: string): { given: string; scope: { scope?: TokenScope } } {
  if (typeof entry === 'string') return { given: entry, scope: {} };
  if (typeof entry !== 'object' || entry === null) return wrong(`${at} must be text name:role:token`);
  const { token, replyNamespace, ...lists } = entry as Record<string, unknown>;
  if (typeof token !== 'string') return wrong(`${at} must have token: name:role:token`);
  if (replyNamespace !== undefined && (typeof replyNamespace !== 'string' || !TOKEN_NAME.test(replyNamespace)))
    return wrong(`${at}: replyNamespace must be 1–32 letters, digits, dots, hyphens`);
  for (const [key, list] of Object.entries(lists)) {
    if (key !== 'emailFlows' && key !== 'emailServers')
      return wrong(`${at} knows token, emailFlows, emailServers and replyNamespace`);
    const fits = Array.isArray(list) && list.length > 0 && list.every((name) => typeof name === 'string');
    if (!fits) return wrong(`${at}: ${key} must be a list of names`);
  }
  const scope: TokenScope = { ...lists, ...(replyNamespace === undefined ? {} : { replyNamespace }) };
  return { given: token, scope: Object.keys(scope).length === 0 ? {} : { scope } };
}

/** Names used by earlier versions. */
const ALIASES: Readonly<Record<string, AccessRole>> = { admin: 'administrator', read: 'viewer' };

/**
 * `name:role:token, …`; a token has at least 16 characters and no comma or space. The token may be replaced by its digest,
 * `name:role:sha256:<64 hex digits>` (`mailroom token` creates both), so that the configuration contains no usable token.
 */
export function parseApiTokens(value: unknown): readonly ApiToken[] {
  const seen = new Set<string>();
  return listOf(value).map((entry, index) => {
    const at = `entry ${index + 1}`;
    const { given, scope } = boundEntry(entry, at);
    const [name = '', roleText = '', ...rest] = given.split(':');
    const role = roles.find((known) => known === roleText) ?? ALIASES[roleText];
    if (!TOKEN_NAME.test(name) || !role) return wrong(`${at} must be name:role:token with role ${roles.join(', ')}`);
    if (seen.has(name)) return wrong(`${at} repeats the name ${name}`);
    seen.add(name);
    const token = rest.join(':');
    if (token.startsWith('sha256:')) {
      const digest = token.slice(7).toLowerCase();
      return /^[0-9a-f]{64}$/.test(digest)
        ? { name, role, digest, ...scope }
        : wrong(`${at} (${name}) must have 64 hex digits after sha256:`);
    }
    return token.length >= 16
      ? { name, role, digest: createHash('sha256').update(token).digest('hex'), ...scope }
      : wrong(`${at} must have a token of at least 16 characters, in the order name:role:token`); // the name may be the token
  });
}
