// Wires the email servers: definitions of files and portal as one list that follows their changes, and the recovery of servers that fail.
import type { Config } from '../config/config.ts';
import { missingDefinitions } from '../config/missing.ts';
import { type EmailServerWatch, watchEmailServers } from '../config/watch.ts';
import type { Inbound } from '../inbound/index.ts';
import type { ReleaseStack } from '../lib/release-stack.ts';
import { startRecovery } from '../operations/recovery.ts';
import type { Outbound } from '../outbound/index.ts';
import type { Emit } from '../telemetry/events.ts';
import type { Stores } from './stores.ts';

export async function openEmailServers(
  config: Config,
  { portalServers, applications, wrongApplications }: Stores,
  stack: ReleaseStack,
  emit: Emit,
): Promise<EmailServerWatch> {
  const watch = await watchEmailServers({
    files: config.emailServersFiles,
    ...(portalServers ? { portal: portalServers } : {}),
    applications,
    wrongApplications,
    missing: () =>
      missingDefinitions(config)
        .map(({ field, message }) => `${field}: ${message}`)
        .join('; '),
    emit,
  });
  stack.defer('email servers', watch.stop);
  return watch;
}

/** Mailboxes that back off and paused servers are tried at once when their fault is cured. */
export function openRecovery(
  stores: Stores,
  emailServers: EmailServerWatch,
  rooms: { inbound: Inbound | undefined; outbound: Outbound | undefined },
  stack: ReleaseStack,
): void {
  stack.defer('recovery', startRecovery({ stores, emailServers, ...rooms }));
}
