// What ingest-message.ts needs to make a message of a mail: one place for the watcher, the quarantine's read-again and `mailroom replay`.
import { createParticipants } from '../adapters/redis/participants.ts';
import type { Config } from '../config/config.ts';
import { createLimits, type IngestDeps, type Limits } from '../inbound/index.ts';
import { type ReplyLookup, relate } from '../operations/conversations.ts';
import type { Emit } from '../telemetry/events.ts';
import type { Stores } from './stores.ts';

export function ingestDeps(
  config: Config,
  { redis, blobs, ledgers, parsing }: Pick<Stores, 'redis' | 'blobs' | 'ledgers' | 'parsing'>,
  lookupReply: ReplyLookup,
  emit: Emit,
  limits: Limits = createLimits(),
): IngestDeps {
  const by = { lookup: lookupReply, participants: createParticipants(redis) };
  return {
    blobs,
    ledgers,
    parse: parsing.parse,
    parseLarge: parsing.parseLarge,
    parseHeadersOnly: parsing.parseHeadersOnly,
    relate: (parsed, to) => relate(parsed, to, config.security, by),
    emit,
    now: Date.now,
    limits,
  };
}
