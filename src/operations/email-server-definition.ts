// Turns an email server back into its definition: what the portal shows, stores and compares. Inverse of config/email-servers.ts, without secrets.
import type { EmailServer } from '../domain/email-server.ts';
import { isImap } from '../domain/email-server.ts';
import { maskedProxy } from '../domain/proxy-address.ts';

export function definitionOf(server: EmailServer): Record<string, unknown> & { name: string } {
  const { authentication } = server;
  const oauth = authentication.type === 'OAuth2' ? authentication : undefined;
  const signIn =
    oauth === undefined
      ? {}
      : {
          application: oauth.application,
          signIn: oauth.signIn,
          ...(oauth.signInUser === undefined ? {} : { signInUser: oauth.signInUser }),
        };
  const base = {
    serverType: server.type,
    name: server.name,
    host: server.host,
    port: server.port,
    tls: server.tls,
    ...(server.allowPlainText === true ? { allowPlainText: true } : {}),
    authenticationType: authentication.type,
    user: server.user,
  };
  const rest = {
    enabled: server.enabled,
    ...signIn,
    ...(server.ca === undefined ? {} : { ca: server.ca }),
    ...(server.proxy === undefined ? {} : { proxy: server.proxy }),
  };
  if (isImap(server)) {
    const { startFrom, afterQueued } = server;
    return {
      ...base,
      emailFlow: server.emailFlow,
      ...rest,
      ...(server.aliases === undefined ? {} : { aliases: [...server.aliases] }),
      ...(server.flowByRecipient === undefined ? {} : { flowByRecipient: server.flowByRecipient }),
      ...(server.trustedAuthservIds === undefined ? {} : { trustedAuthservIds: [...server.trustedAuthservIds] }),
      folder: server.folder,
      startFrom: typeof startFrom === 'string' ? startFrom : startFrom.since,
      afterQueued: afterQueued.action === 'move' ? { move: afterQueued.folder } : afterQueued.action,
      ...(server.mailboxEvents === undefined ? {} : { mailboxEvents: server.mailboxEvents }),
      maximumSize: server.maxMessageSize,
    };
  }
  const { sentCopy } = server;
  return {
    ...base,
    additionalEmailFromAddresses: [...server.additionalFromAddresses],
    ...rest,
    sendMode: server.sendMode,
    displayNames: server.displayNames,
    sentCopy: sentCopy.policy === 'append' ? { append: sentCopy.folder } : sentCopy.policy,
    pace: server.pace,
    fromRoles: server.fromRoles,
    uncertain: server.uncertain,
    ...(server.answeredElsewhere === undefined ? {} : { answeredElsewhere: server.answeredElsewhere }),
    ...(server.markAnswered === true ? { markAnswered: true } : {}),
  };
}

/** For display: without the password, and without the password in the address of a proxy. */
export function withoutSecrets(definition: Record<string, unknown>): Record<string, unknown> {
  const { password: _, ...shown } = definition;
  return 'proxy' in shown ? { ...shown, proxy: maskedProxy(shown.proxy) } : shown;
}

/** The shown values return from a form: the masked password means the stored one, as long as the rest of the proxy's address is the same. */
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
