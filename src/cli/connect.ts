// What the read-only commands (servers, audit, replay, replies) need: configuration, email servers and stores, opened quietly and closed again.
import type { Command } from 'commander';
import type { Config } from '../config/config.ts';
import { readEmailServers } from '../config/email-servers.ts';
import type { EmailServer, ImapServer, InvalidEmailServer } from '../domain/email-server.ts';
import { isImap } from '../domain/email-server.ts';
import { MailroomError } from '../domain/errors.ts';
import { releaseStack } from '../lib/release-stack.ts';
import type { Replies } from '../outbound/index.ts';
import { createEmit, type Emit } from '../telemetry/events.ts';
import { createLogger } from '../telemetry/logger.ts';
import { createMetrics } from '../telemetry/metrics.ts';
import { openReplies } from '../wiring/outbound.ts';
import { openStores, type Stores } from '../wiring/stores.ts';
import { configOf } from './serve.ts';

export interface Connected {
  config: Config;
  stores: Stores;
  servers: readonly EmailServer[];
  /** Invalid definitions, from files and the portal. */
  invalid: readonly InvalidEmailServer[];
  emit: Emit;
}

/** Milliseconds that a command waits for Redis. */
const REDIS_WAIT_MS = 2_500;

/** Runs the action with everything open; warnings go to stderr, so that stdout contains only the command's output. */
export async function connected<T>(command: Command, action: (connected: Connected) => Promise<T>): Promise<T> {
  const config = configOf(command);
  const stack = releaseStack();
  const emit = createEmit(
    createLogger({ level: 'error' }, { write: (line: string) => void process.stderr.write(line) }),
    createMetrics(),
  );
  try {
    const servers: EmailServer[] = [];
    const stores = await openStores(config, stack, emit, () => servers, { waitMs: REDIS_WAIT_MS });
    const list = await readEmailServers(config, stores.portalServers);
    servers.push(...list.servers);
    return await action({ config, stores, servers, invalid: list.invalid, emit });
  } finally {
    await stack.release();
  }
}

/** Like {@link connected}, for commands on replies. */
export function repliesOf<T>(command: Command, action: (replies: Replies) => Promise<T>): Promise<T> {
  return connected(command, async ({ config, stores, servers, emit }) => {
    const room = openReplies(config, stores, () => servers, emit);
    try {
      return await action(room.replies);
    } finally {
      await room.queues.close();
    }
  });
}

/** The IMAP servers with these names, or all. @throws MailroomError EMAIL_SERVER_NOT_FOUND with the existing names */
export function imapServers(servers: readonly EmailServer[], name?: string): ImapServer[] {
  const all = servers.filter(isImap);
  if (name === undefined) return all;
  const chosen = all.filter((server) => server.name === name);
  if (chosen.length > 0) return chosen;
  throw new MailroomError('EMAIL_SERVER_NOT_FOUND', {
    message: `there is no IMAP email server named "${name}"; there are: ${all.map((server) => `"${server.name}"`).join(', ') || 'none'}`,
    field: 'server',
  });
}
