// Gauges of when everything expires that Mailroom signs in with.
import { type EmailServer, isDelegated, type OAuthApplication } from '../../domain/email-server.ts';
import { DAY_MS } from '../../lib/time.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import { credentialExpiry } from './credentials.ts';

/** An unused refresh token expires after this time (Entra: 90 days of inactivity), ms. */
export const SIGN_IN_MS = 90 * DAY_MS;

/** Only of what is configured now: an alert on a removed server or application would never end. */
export function expiryGauges(
  metrics: Metrics,
  applications: () => readonly OAuthApplication[],
  servers: () => readonly EmailServer[],
) {
  const credentials = metrics.gauge('mailroom_credential_expires_timestamp_seconds');
  const tokens = metrics.gauge('mailroom_token_expires_timestamp_seconds');
  const signIns = metrics.gauge('mailroom_sign_in_expires_timestamp_seconds');
  /** By application, and by server; seconds. */
  const tokenEnds = new Map<string, number>();
  const signInEnds = new Map<string, number>();
  const stop = metrics.onScrape(() => {
    for (const gauge of [credentials, tokens, signIns]) gauge.reset();
    for (const { name: application, credentials: list } of applications()) {
      for (const [index, credential] of list.entries()) {
        const expires = Date.parse(credentialExpiry(credential) ?? '');
        if (!Number.isNaN(expires)) credentials.set({ application, credential: String(index + 1) }, expires / 1000);
      }
      const end = tokenEnds.get(application);
      if (end !== undefined) tokens.set({ application }, end);
    }
    for (const { name: server } of servers().filter(isDelegated)) {
      const end = signInEnds.get(server);
      if (end !== undefined) signIns.set({ server }, end);
    }
  });
  return {
    token: (application: string, expiresAt: number) => tokenEnds.set(application, expiresAt / 1000),
    signIn: (server: string, refreshedAt: number) => signInEnds.set(server, (refreshedAt + SIGN_IN_MS) / 1000),
    stop,
  };
}
