// Gauges of when everything expires that Mailroom signs in with.
import type { OAuthApplication } from '../../domain/email-server.ts';
import { DAY_MS } from '../../lib/time.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import { credentialExpiry } from './credentials.ts';

/** An unused refresh token expires after this time (Entra: 90 days of inactivity), ms. */
export const SIGN_IN_MS = 90 * DAY_MS;

export function expiryGauges(metrics: Metrics, applications: () => readonly OAuthApplication[]) {
  const credentials = metrics.gauge('mailroom_credential_expires_timestamp_seconds');
  const tokens = metrics.gauge('mailroom_token_expires_timestamp_seconds');
  const signIns = metrics.gauge('mailroom_sign_in_expires_timestamp_seconds');
  const stop = metrics.onScrape(() => {
    credentials.reset(); // one that was removed is gone
    for (const { name, credentials: list } of applications()) {
      for (const [index, credential] of list.entries()) {
        const expires = Date.parse(credentialExpiry(credential) ?? '');
        if (!Number.isNaN(expires))
          credentials.set({ application: name, credential: String(index + 1) }, expires / 1000);
      }
    }
  });
  return {
    token: (application: string, expiresAt: number) => tokens.set({ application }, expiresAt / 1000),
    signIn: (server: string, refreshedAt: number) => signIns.set({ server }, (refreshedAt + SIGN_IN_MS) / 1000),
    stop,
  };
}
