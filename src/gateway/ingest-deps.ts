// What ingest-message.ts needs to make a message of a mail: one place for the watcher, the quarantine's read-again and `mailroom replay`.
import type { Config } from '../config/config.ts';
import { createLimits, type IngestDeps, type Limits } from '../inbound/index.ts';
import type { Emit } from '../telemetry/events.ts';
import { type ReplyLookup, relate } from './conversations.ts';
import type { Stores } from './stores.ts';

export function ingestDeps(
  config: Config,
  { blobs, ledgers, parsing }: Pick<Stores, 'blobs' | 'ledgers' | 'parsing'>,
  lookupReply: ReplyLookup,
  emit: Emit,
  limits: Limits = createLimits(),
): IngestDeps {
  return {
    blobs,
    ledgers,
    parse: parsing.parse,
    parseLarge: parsing.parseLarge,
    parseHeadersOnly: parsing.parseHeadersOnly,
    relate: (parsed) => relate(parsed, config.security.conversationKeys, lookupReply),
    emit,
    now: Date.now,
    limits,
  };
}
