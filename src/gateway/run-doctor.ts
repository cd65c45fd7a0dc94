// The doctor with this process's configuration and stores: `mailroom check` and the portal's "test connection" run the same steps.
import type { Config } from '../config/config.ts';
import type { CheckStep } from '../domain/doctor.ts';
import type { EmailServer } from '../domain/email-server.ts';
import { checkServer, doctorDefaults } from './doctor.ts';
import type { Stores } from './stores.ts';

export interface DoctorOptions {
  /** Sends a real mail from each permitted From to the mailbox that signs in. */
  sendProbe?: boolean;
  /** A definition that is not saved yet takes the place of the one with its name among the others. */
  draft?: boolean;
}

/**
 * Checks one server and yields each step as it ends. Whoever stops iterating (`return`, a closed page) ends the check and its connections.
 * Never throws.
 */
export type RunDoctor = (server: EmailServer, options?: DoctorOptions) => AsyncGenerator<CheckStep>;

/** @param servers all defined servers: what only they together show is checked, too */
export function doctorFor(
  config: Config,
  stores: Pick<Stores, 'tokens' | 'applications'>,
  servers: () => readonly EmailServer[],
): RunDoctor {
  return (server, { sendProbe = false, draft = false } = {}) =>
    checkServer(server, {
      ...doctorDefaults,
      servers: draft ? [...servers().filter(({ name }) => name !== server.name), server] : servers(),
      applications: stores.applications(),
      getToken: (one, protocol, options) => stores.tokens.getToken(one, protocol, options),
      sendProbe,
      redirectUri: `${config.http.publicUrl}/signin/callback`,
      ehloName: config.outbound.ehloName,
    });
}
