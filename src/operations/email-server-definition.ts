// Turns an email server back into its definition: what the portal shows, stores and compares. Inverse of config/email-servers.ts, without secrets.
import type { EmailServer } from '../domain/email-server.ts';
import { isImap } from '../domain/email-server.ts';
import { maskedProxy } from '../domain/proxy-address.ts';
import { defined } from '../lib/defined.ts';

export function definitionOf(server: EmailServer): Record<string, unknown> & { name: string } {
  const { authentication, name, type, host, port, tls, allowPlainText, user, enabled, ca, proxy } = server;
  const authenticationType = authentication.type;
  const { application, signIn, signInUser } = authenticationType === 'OAuth2' ? authentication : {};
  const base = {
    ...{ serverType: type, name, host, port, tls },
    ...defined({ allowPlainText: allowPlainText || undefined }),
    ...{ authenticationType, user },
  };
  const rest = { enabled, ...defined({ application, signIn, signInUser, ca, proxy }) };
  if (isImap(server)) {
    const { emailFlow, aliases, flowByRecipient, trustedAuthservIds, folder, startFrom, afterQueued } = server;
    return {
      ...base,
      emailFlow,
      ...rest,
      ...defined({ aliases, flowByRecipient, trustedAuthservIds }),
      folder,
      startFrom: typeof startFrom === 'string' ? startFrom : startFrom.since,
      afterQueued: afterQueued.action === 'move' ? { move: afterQueued.folder } : afterQueued.action,
      ...defined({ mailboxEvents: server.mailboxEvents }),
      maximumSize: server.maxMessageSize,
    };
  }
  const { additionalFromAddresses, sendMode, displayNames, sentCopy, pace, fromRoles, uncertain } = server;
  return {
    ...base,
    additionalEmailFromAddresses: additionalFromAddresses,
    ...rest,
    ...{ sendMode, displayNames },
    sentCopy: sentCopy.policy === 'append' ? { append: sentCopy.folder } : sentCopy.policy,
    ...{ pace, fromRoles, uncertain },
    ...defined({
      answeredElsewhere: server.answeredElsewhere,
      markAnswered: server.markAnswered || undefined,
    }),
  };
}

/** For display: without the password, and without the password in the address of a proxy. */
export function withoutSecrets(definition: Record<string, unknown>): Record<string, unknown> {
  const { password: _, ...shown } = definition;
  return 'proxy' in shown ? { ...shown, proxy: maskedProxy(shown.proxy) } : shown;
}

/** A form returns the values it was shown: the masked password of a proxy means the stored one if the rest of the address is the same. */
export function withStoredProxy(
  given: Record<string, unknown>,
  stored: Record<string, unknown> | undefined,
): Record<string, unknown> {
  const same = stored !== undefined && given.proxy !== undefined && maskedProxy(stored.proxy) === given.proxy;
  return same ? { ...given, proxy: stored.proxy } : given;
}

/** The differences, with shortened values; secrets are compared and not shown. */
export function changesBetween(
  before: Record<string, unknown>,
  after: Record<string, unknown>,
  passwordChanged: boolean,
): { field: string; from: string; to: string }[] {
  const seen = [withoutSecrets(before), withoutSecrets(after)] as const;
  const fields = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter((field) => field !== 'password');
  const changes = fields
    .filter((field) => JSON.stringify(before[field]) !== JSON.stringify(after[field]))
    .map((field) => ({ field, from: shown(seen[0][field]), to: shown(seen[1][field]) }));
  return passwordChanged ? [...changes, { field: 'password', from: '••••', to: '••••' }] : changes;
}

function shown(value: unknown): string {
  if (value === undefined) return '';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}
