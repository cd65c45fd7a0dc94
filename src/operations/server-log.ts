// Writes the events of email servers from memory to Redis, and collects what the page of one server shows.
import type { ServerLogStore } from '../adapters/redis/server-log.ts';
import { mailboxId } from '../contract/names.ts';
import { type EmailServer, isDelegated, isImap, serverNamed } from '../domain/email-server.ts';
import { flowsOf } from '../domain/flow-by-recipient.ts';
import type { OperationsApi } from '../http/api/operations.ts';
import type { ServerActivity } from '../http/portal/deps.ts';
import { defined } from '../lib/defined.ts';
import { every } from '../lib/every.ts';
import type { ServerLogCollector } from '../telemetry/server-log.ts';
import type { Stores } from '../wiring/stores.ts';

/** Between two writes, and so the delay of the live log, ms. */
const WRITE_MS = 2_000;

/** @returns what ends it, with a last write */
export function startServerLog(
  collector: ServerLogCollector,
  store: Pick<ServerLogStore, 'add'>,
  replica: string,
): () => Promise<void> {
  async function write(): Promise<void> {
    const events = collector.take();
    if (events.size === 0) return;
    const named = [...events].map(([server, own]) => [server, own.map((event) => ({ ...event, replica }))] as const);
    await store.add(new Map(named));
  }
  return every(WRITE_MS, write, { lastRun: true });
}

/** The function throws what {@link serverNamed} throws. */
export function createServerActivity(
  { serverLog, view, tokens, replica }: Stores,
  operations: Pick<OperationsApi, 'emailFlows' | 'logSwitches'>,
  servers: () => readonly EmailServer[],
): (name: string) => Promise<ServerActivity> {
  return async (name) => {
    const server = serverNamed(servers(), name);
    const isOAuth = server.authentication.type === 'OAuth2';
    const flows = isImap(server) ? flowsOf(server) : [];
    // An unreadable sign-in hides nothing else.
    const [log, faults, holder, tokenEndsAt, signIn, allFlows, switches] = await Promise.all([
      serverLog.log(server.name),
      serverLog.faults(server.name),
      isImap(server) ? view.holderOf(mailboxId(server)) : undefined,
      isOAuth ? tokens.tokenEndsAt(server).catch(() => undefined) : undefined,
      isDelegated(server) ? tokens.signedIn(server).catch(() => undefined) : undefined,
      flows.length === 0 ? [] : operations.emailFlows(),
      operations.logSwitches(),
    ]);
    return {
      log,
      faults,
      ...(holder === undefined ? {} : { holder, isHere: holder === replica }),
      ...defined({
        tokenEndsAt: tokenEndsAt?.getTime(),
        signIn: signIn && { person: signIn.person, endsAt: signIn.endsAt.getTime() },
        logSwitch: switches.find((one) => one.server === server.name),
      }),
      flows: allFlows.filter(({ emailFlow }) => flows.includes(emailFlow)),
    };
  };
}
