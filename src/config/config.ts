// The process's configuration: config/mailroom.{yaml,yml,json} + environment + <ENV>_FILE secrets → one frozen Config, read once at start.
// Email servers are not part of it: they change while the process runs (config/watch.ts); OAuth2 applications are read again as well
// (config/watch-applications.ts), so these are the ones from the start.
import type { AccessRole, TokenScope } from '../domain/access.ts';
import type { InvalidOAuthApplication, OAuthApplication } from '../domain/email-server.ts';
import type { TracingSettings } from '../telemetry/tracing.ts';
import { readConfig } from './load.ts';
import type { settings } from './schema.ts';
import type { ValuesOf } from './setting.ts';

/** One key of a ring. The first key of a ring encrypts and signs; the others still decrypt and verify (rotation without a gap). */
export interface Key {
  id: string;
  /** 32 bytes. */
  key: Uint8Array;
}
export type KeyRing = readonly Key[];

export type Role = Config['roles'][number];

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

export interface ApiToken {
  name: string;
  role: AccessRole;
  /** SHA-256 of the token, hex: the token itself is not stored. */
  digest: string;
  scope?: TokenScope;
}

/** The settings by the names of the schema, and what is read beside them. */
export interface Config extends ValuesOf<Omit<typeof settings, 'oauthApplications'>> {
  /** Folder that the configuration was read from (absolute). */
  readonly configDir: string;
  /** From OpenTelemetry's own variables, not from settings. */
  readonly tracing: TracingSettings;
  readonly oauthApplications: readonly OAuthApplication[];
  readonly invalidOAuthApplications: readonly InvalidOAuthApplication[];
}

export interface LoadOptions {
  /** Default: MAILROOM_CONFIG_DIR, else `config` under the working directory. */
  configDir?: string;
  /** Default: process.env. */
  env?: Readonly<Record<string, string | undefined>>;
  /** Settings by dotted path, stronger than files and environment: `{ 'http.port': 0 }`. Tests and the demo. */
  overrides?: Readonly<Record<string, unknown>>;
}

/**
 * Reads, checks and freezes the configuration.
 * @throws MailroomError CONFIG_INVALID that names every wrong setting with its value (secrets masked).
 */
export function loadConfig(options: LoadOptions = {}): Config {
  return readConfig(options).config;
}
