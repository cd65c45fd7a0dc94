// Email servers that were made in the portal: definitions in one hash, with encrypted secrets, each with a revision for compare-and-set. Every change
// is published, so that all replicas read them again.
import { hash, randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import type { KeyRing } from '../../config/config.ts';
import { foldName, samePasswordTarget } from '../../domain/email-server.ts';
import { MailroomError } from '../../domain/errors.ts';
import { prefixOf } from '../../domain/keys.ts';
import { maskedProxy } from '../../domain/proxy-address.ts';
import { openChannel } from './channel.ts';
import { noteDamaged } from './guard.ts';
import { script } from './script.ts';
import { createSeal, type Seal } from './sealed.ts';
import { objectIn } from './structures.ts';

/**
 * KEYS: definitions, channel. ARGV: id, the revision that the caller read ('' for none), JSON ('' to delete). Writes if the stored revision is that one;
 * 0 if not.
 */
const COMPARE_AND_SET = script(`
local stored = redis.call('HGET', KEYS[1], ARGV[1])
local revision = ''
if stored then
  local readable, definition = pcall(cjson.decode, stored)
  if readable and type(definition) == 'table' and type(definition.revision) == 'string' then revision = definition.revision
  else revision = redis.sha1hex(stored) end
end
if revision ~= ARGV[2] then return 0 end
if ARGV[3] == '' then redis.call('HDEL', KEYS[1], ARGV[1]) else redis.call('HSET', KEYS[1], ARGV[1], ARGV[3]) end
redis.call('PUBLISH', KEYS[2], ARGV[1])
return 1`);

/** Fields of a definition that are stored encrypted. */
const SECRETS = ['password'];

export interface PortalServer {
  /** Key in the portal, made of the Name: unique without regard to case. */
  id: string;
  name: string;
  /** As entered; secrets decrypted. */
  definition: Record<string, unknown>;
  /** ETag. */
  revision: string;
  /** A secret that does not open: the field, and why. */
  problem?: { field: string; message: string };
}

interface Stored {
  revision: string;
  definition: Record<string, unknown>;
  /** Field → sealed text. */
  secrets: Record<string, string>;
  createdAt: string;
}

/** Undefined: something else, or a definition that was cut. */
function storedIn(text: string): Stored | undefined {
  const stored = objectIn(text) as Partial<Stored> | undefined;
  const isTable = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value);
  if (stored === undefined || typeof stored.revision !== 'string' || !isTable(stored.definition)) return undefined;
  const secrets = stored.secrets ?? {};
  if (!isTable(secrets) || !Object.values(secrets).every((sealed) => typeof sealed === 'string')) return undefined;
  return { ...stored, secrets } as Stored;
}

export type PortalServers = ReturnType<typeof createPortalServers>;

/** A stored definition with its secrets decrypted. What cannot be read stays where it is, under a revision with which it can be replaced or deleted. */
async function opened(redis: Redis, seal: Seal, id: string, text: string): Promise<PortalServer> {
  const hashKey = hashKeyOf(redis);
  const stored = storedIn(text);
  if (stored === undefined) {
    await noteDamaged(redis, hashKey, 'is no definition of an email server', id);
    const problem = { field: 'definition', message: `cannot be read in Redis: ${hashKey}, field ${id}` };
    const own = objectIn(text)?.revision;
    const revision = typeof own === 'string' ? own : hash('sha1', text);
    return { id, name: id, definition: { name: id }, revision, problem };
  }
  const { definition, secrets, revision } = stored;
  const name = String(definition.name ?? id);
  const full = { ...definition };
  for (const [field, sealed] of Object.entries(secrets)) {
    try {
      full[field] = seal.open(secretName(redis, id, field), sealed).text;
    } catch (error) {
      const message = error instanceof MailroomError ? error.message : 'cannot be read';
      return { id, name, definition, revision, problem: { field, message } };
    }
  }
  return { id, name, definition: full, revision };
}

const hashKeyOf = (redis: Redis): string => `${prefixOf(redis)}:portal:email-servers`;
/** What a secret is sealed under: moved to another server or field, it does not open. */
const secretName = (redis: Redis, id: string, field: string): string => `${hashKeyOf(redis)}:${id}:${field}`;

/** The definition without its secrets, and the secrets sealed. */
function sealedParts(given: Record<string, unknown>, sealed: (field: string, text: string) => string) {
  const secrets: Record<string, string> = {};
  const definition: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(given)) {
    if (field === 'proxy' && maskedProxy(value) !== value) {
      // Only the password in it is a secret; the rest says where it goes, and is compared.
      secrets[field] = sealed(field, String(value));
      definition[field] = maskedProxy(value);
    } else if (!SECRETS.includes(field)) definition[field] = value;
    else if (typeof value === 'string' && value !== '') secrets[field] = sealed(field, value);
  }
  return { definition, secrets };
}

export function createPortalServers({ redis, keys }: { redis: Redis; keys: KeyRing }) {
  const seal = createSeal(keys);
  const hashKey = hashKeyOf(redis);
  const changed = `${hashKey}:changed`;
  const channel = openChannel(redis, changed);

  async function read(id: string): Promise<Stored | undefined> {
    const text = await redis.hget(hashKey, id);
    return text === null ? undefined : storedIn(text);
  }

  async function exchange(id: string, revision: string, next: Stored | undefined): Promise<void> {
    const text = next ? JSON.stringify(next) : '';
    if ((await COMPARE_AND_SET(redis, [hashKey, changed], [id, revision, text])) !== 1) {
      throw new MailroomError('EMAIL_SERVER_CHANGED');
    }
  }

  return {
    async list(): Promise<PortalServer[]> {
      const all = Object.entries(await redis.hgetall(hashKey));
      const servers = await Promise.all(all.map(([id, text]) => opened(redis, seal, id, text)));
      return servers.sort((left, right) => left.id.localeCompare(right.id, 'en'));
    },
    async get(name: string): Promise<PortalServer | undefined> {
      const id = foldName(name);
      const text = await redis.hget(hashKey, id);
      return text === null ? undefined : opened(redis, seal, id, text);
    },
    /**
     * Stores a definition. One without a password keeps the stored one, as long as it is for the same host and user.
     * @param revision what the caller read; '' for a new one
     * @returns the new revision
     * @throws MailroomError EMAIL_SERVER_CHANGED when somebody else was faster, or the name is taken
     */
    async put(given: Record<string, unknown> & { name: string }, revision = ''): Promise<string> {
      const id = foldName(given.name);
      const before = await read(id);
      const { definition, secrets } = sealedParts(given, (field, text) =>
        seal.seal(secretName(redis, id, field), text),
      );
      // A stored password goes only where it was entered for: another host must not get it.
      const kept = samePasswordTarget(before?.definition, definition) ? before?.secrets : {};
      const next: Stored = {
        revision: randomUUID(),
        definition,
        secrets: { ...kept, ...secrets },
        createdAt: before?.createdAt ?? new Date().toISOString(),
      };
      await exchange(id, revision, next);
      return next.revision;
    },
    /** @throws MailroomError EMAIL_SERVER_CHANGED, EMAIL_SERVER_NOT_FOUND */
    async delete(name: string, revision: string): Promise<void> {
      const id = foldName(name);
      if ((await redis.hexists(hashKey, id)) === 0) throw new MailroomError('EMAIL_SERVER_NOT_FOUND');
      await exchange(id, revision, undefined);
    },
    /** Calls the listener also after each (re)connection: a change may have been missed. */
    onChange: (listener: () => void) => channel.subscribe(() => listener()),
    stop: channel.stop,
  };
}
