// Selects an application's credential: the one that worked last, and the next one when the provider refuses it (rotation).
import { createHash, X509Certificate } from 'node:crypto';
import type { OAuthApplication, OAuthCredential } from '../../domain/email-server.ts';
import { MailroomError } from '../../domain/errors.ts';
import { DAY_MS } from '../../lib/time.ts';
import type { Emit } from '../../telemetry/events.ts';
import { isCredentialRefusal } from './errors.ts';

export type WithCredential = <T>(
  application: OAuthApplication,
  run: (credential: OAuthCredential | undefined) => Promise<T>,
) => Promise<T>;

/** Identifies a credential without showing it; independent of its position in the list. */
export const credentialId = (credential: OAuthCredential): string =>
  createHash('sha256').update(JSON.stringify(credential)).digest('hex').slice(0, 16);

/** @param onUsed called with the credential that just obtained a token */
export function createCredentialChoice(
  emit: Emit,
  onUsed: (application: OAuthApplication, credential: OAuthCredential) => void,
): WithCredential {
  // Keyed by the object of the configuration: a changed application begins with its first credential again.
  const lastGood = new WeakMap<OAuthApplication, number>();
  return async (application, run) => {
    const { credentials } = application;
    const first = lastGood.get(application) ?? 0;
    const order = [first, ...Array.from(credentials.keys()).filter((index) => index !== first)];
    for (const [tried, index] of order.entries()) {
      try {
        const result = await run(credentials[index]);
        lastGood.set(application, index);
        const used = credentials[index];
        if (used !== undefined) onUsed(application, used);
        return result;
      } catch (error) {
        const more = tried + 1 < order.length;
        if (!more || !(error instanceof MailroomError) || !isCredentialRefusal(error.code)) throw error;
        emit('CredentialRefused', {
          application: application.name,
          code: error.code,
          count: index + 1,
          hint: error.hint,
        });
      }
    }
    throw new MailroomError('OAUTH_CREDENTIAL_MISSING');
  };
}

const DAYS = [1, 7, 14, 30];

/** Days left on days with a reminder (30, 14, 7, 1 and every day once expired); undefined otherwise. */
export function expiryWarning(expires: string | undefined, now: Date, first = false): number | undefined {
  if (expires === undefined) return undefined;
  const left = Math.ceil((Date.parse(expires) - now.getTime()) / DAY_MS);
  return left <= 0 || DAYS.includes(left) || (first && left <= 30) ? left : undefined;
}

/**
 * Reports credentials that expire soon; called once a day. Certificates contain their own expiry.
 * @param first the first call in this process: reports everything within 30 days, because a reminder day may have passed while nothing ran
 */
export function warnOfExpiry(applications: readonly OAuthApplication[], now: Date, emit: Emit, first = false): void {
  for (const { name, credentials } of applications) {
    for (const [index, credential] of credentials.entries()) {
      const left = expiryWarning(credentialExpiry(credential), now, first);
      if (left !== undefined)
        emit('CredentialExpiring', {
          application: name,
          kind: credential.kind,
          count: index + 1,
          detail: { daysLeft: left },
        });
    }
  }
}

/** As configured; a certificate contains it. */
export function credentialExpiry(credential: OAuthCredential): string | undefined {
  if (credential.kind === 'federated') return undefined;
  if (credential.expires !== undefined || credential.kind === 'secret') return credential.expires;
  try {
    return new X509Certificate(credential.certificate).validToDate.toISOString();
  } catch {
    return undefined;
  }
}
