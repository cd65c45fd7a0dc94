// The configuration for display: every sensitive setting is masked, keeping what distinguishes one from another (ids, names, counts).
import type { OAuthApplication, OAuthCredential } from '../domain/email-server.ts';
import type { Config } from './config.ts';
import { entries } from './load.ts';

const HIDDEN = '••••••';

export function masked(config: Config): Record<string, unknown> {
  const shown = structuredClone(config) as unknown as Record<string, unknown>;
  for (const { path, setting } of entries()) {
    if (!setting.sensitive) continue;
    const names = path.split('.');
    const leaf = names.pop() ?? path;
    const group = names.reduce<Record<string, unknown>>((node, name) => node[name] as Record<string, unknown>, shown);
    group[leaf] = maskedValue(group[leaf]);
  }
  shown.oauthApplications = config.oauthApplications.map(maskedApplication);
  return shown;
}

function maskedValue(value: unknown): unknown {
  if (value === undefined || value === '') return undefined;
  if (typeof value === 'string') return URL.canParse(value) ? withoutPassword(value) : HIDDEN;
  if (!Array.isArray(value)) return HIDDEN;
  // Key rings and API tokens: their names, not their content.
  return value.map((entry: Record<string, unknown>) => ({
    ...(entry.id === undefined ? {} : { id: entry.id, key: HIDDEN }),
    ...(entry.name === undefined ? {} : { name: entry.name, role: entry.role, token: HIDDEN }),
  }));
}

function withoutPassword(text: string): string {
  const url = new URL(text);
  if (url.password) url.password = '******';
  // A query may contain a secret.
  url.search = '';
  return url.href;
}

function maskedApplication(application: OAuthApplication): Record<string, unknown> {
  const { credentials, ca, proxy, ...rest } = application;
  return {
    ...rest,
    ...(proxy ? { proxy: withoutPassword(proxy) } : {}),
    ...(ca ? { ca: 'PEM' } : {}),
    credentials: credentials.map(maskedCredential),
  };
}

function maskedCredential(credential: OAuthCredential): Record<string, unknown> {
  if (credential.kind === 'federated') return { ...credential };
  const expires = credential.expires ? { expires: credential.expires } : {};
  return credential.kind === 'secret'
    ? { kind: 'secret', secret: HIDDEN, ...expires }
    : { kind: 'certificate', certificate: 'PEM', privateKey: HIDDEN, ...expires };
}
