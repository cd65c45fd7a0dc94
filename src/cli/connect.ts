// What commands on a running installation need: configuration, email servers and stores, opened quietly and closed again.
import type { Command } from 'commander';
import type { Config } from '../config/config.ts';
import { readEmailServers } from '../config/email-servers.ts';
import { type EmailServer, type InvalidEmailServer, sameName } from '../domain/email-server.ts';
import { type ErrorCode, MailroomError } from '../domain/errors.ts';
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
export function withReplies<T>(
  command: Command,
  action: (replies: Replies, connected: Connected) => Promise<T>,
): Promise<T> {
  return connected(command, async (all) => {
    const room = openReplies(all.config, all.stores, () => all.servers, all.emit);
    try {
      return await action(room.replies, all);
    } finally {
      await room.queues.close();
    }
  });
}

interface Sought {
  /** Default: an email server. */
  what?: string;
  code?: ErrorCode;
  field?: string;
  /** Completes the message, before the names. */
  there?: string;
  /** The names of the message, if not all. */
  offered?: readonly { name: string }[];
}

/** The one with this name. @throws MailroomError EMAIL_SERVER_NOT_FOUND, or `code`, with the existing names */
export function named<T extends { name: string }>(
  all: readonly T[],
  name: string,
  {
    what = 'email server',
    code = 'EMAIL_SERVER_NOT_FOUND',
    field = 'server',
    there = 'there are',
    offered = all,
  }: Sought = {},
): T {
  const found = all.find((one) => sameName(one.name, name));
  if (found !== undefined) return found;
  const names = offered.map((one) => `"${one.name}"`).join(', ') || 'none';
  throw new MailroomError(code, { message: `there is no ${what} named "${name}"; ${there}: ${names}`, field });
}
