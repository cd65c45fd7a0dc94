// Notifies everything that waits for a fix: after a corrected application, an identity provider that issues tokens again, a passed check, or
// a sign-in. Mailboxes in back-off retry at once, SMTP servers that are paused because of a failure at the next tick. Nothing is decided
// here: if the cause remains, the retry ends in the same failure.
import type { EmailServerWatch } from '../config/watch.ts';
import { type EmailServer, isImap, isSmtp } from '../domain/email-server.ts';
import type { Inbound } from '../inbound/index.ts';
import type { Outbound } from '../outbound/index.ts';
import type { Stores } from '../wiring/stores.ts';

interface RecoveryWiring {
  stores: Stores;
  emailServers: EmailServerWatch;
  inbound: Inbound | undefined;
  outbound: Outbound | undefined;
}

/** Pauses that end with a token. */
const NO_TOKEN = 'SMTP_TOKEN_UNAVAILABLE';

const applicationOf = ({ authentication }: EmailServer): string | undefined =>
  authentication.type === 'OAuth2' ? authentication.application : undefined;

export function startRecovery({ stores, emailServers, inbound, outbound }: RecoveryWiring): () => void {
  const { pauses } = stores;
  const enabled = () => emailServers.current().servers.filter((server) => server.enabled);

  /** @param codes prefixes of the codes that this may have solved */
  function wake(isMeant: (server: EmailServer) => boolean, codes: string): void {
    inbound?.wake(isMeant);
    outbound?.wake(isMeant);
    for (const server of enabled().filter(isSmtp).filter(isMeant)) pauses.endWait(server.name, codes).catch(() => {}); // due later anyway
  }

  async function proven(changed: ReadonlySet<string>): Promise<void> {
    await emailServers.reload();
    for (const name of changed) {
      // Now, not within the hour: the person who made the change is still there to see a failure.
      const server = enabled().find((one) => applicationOf(one) === name);
      if (server === undefined) continue;
      await stores.tokens.getToken(server, isImap(server) ? 'imap' : 'smtp').catch(() => {}); // its event reports it
    }
    wake((server) => changed.has(applicationOf(server) ?? ''), NO_TOKEN);
  }

  const ends = [
    stores.onApplicationsChanged((changed) => void proven(changed)),
    stores.onTokensAgain((application) => wake((server) => applicationOf(server) === application, NO_TOKEN)),
    stores.wake.subscribe((name) => {
      for (const server of enabled()) if (server.name === name) stores.tokens.retry(server);
      wake((server) => server.name === name, '');
    }),
  ];
  return () => {
    for (const end of ends) end();
  };
}

/** Notifies all replicas that the failure of a server may be solved. */
export async function publishCured(stores: Stores, server: EmailServer): Promise<void> {
  await stores.wake.publish(server.name);
  if (isSmtp(server)) await stores.pauses.endWait(server.name, '');
}
