// The process's configuration: config/mailroom.{yaml,yml,json} + environment + <ENV>_FILE secrets → one frozen Config, read once at start.
// Email servers are not part of it: they change while the process runs (config/watch.ts); OAuth2 applications are read again as well
// (config/watch-applications.ts), so these are the ones from the start.
import type { AccessRole, TokenScope } from '../domain/access.ts';
import type { InvalidOAuthApplication, OAuthApplication } from '../domain/email-server.ts';
import type { RoleMapping } from '../domain/role-claims.ts';
import type { TracingSettings } from '../telemetry/tracing.ts';
import { readConfig } from './load.ts';

/** One key of a ring. The first key of a ring encrypts and signs; the others still decrypt and verify (rotation without a gap). */
export interface Key {
  id: string;
  /** 32 bytes. */
  key: Uint8Array;
}
export type KeyRing = readonly Key[];

export type Role = 'ingest' | 'send' | 'portal';

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

export interface Config {
  /** Folder that the configuration was read from (absolute). */
  readonly configDir: string;
  /** production refuses an embedded Redis and missing keys; development does not. */
  readonly mode: 'production' | 'development';
  /** Name of the organisation that the flows belong to; shown, not used in keys. */
  readonly organisation: string;
  /** What `mailroom serve` runs. */
  readonly roles: readonly Role[];
  readonly log: {
    readonly level: 'debug' | 'info' | 'warn' | 'error' | 'silent';
    readonly clientAddresses: 'full' | 'network' | 'none';
    /** Each entry of the audit log is logged as well. */
    readonly audit: boolean;
  };
  /** Days that entries of each kind are kept. */
  readonly audit: {
    readonly changeDays: number;
    readonly signInDays: number;
  };
  /** By OpenTelemetry's own variables, not by settings. */
  readonly tracing: TracingSettings;
  readonly redis: {
    /** redis:// or rediss://; in production this, sentinels or cluster is set. */
    readonly url: string | undefined;
    /** The beginning of every key; installations that share a Redis have different ones. */
    readonly prefix: string;
    readonly sentinels: readonly Endpoint[];
    readonly sentinel: {
      /** Always set with sentinels. */
      readonly master: string | undefined;
      readonly user: string | undefined;
      readonly password: string | undefined;
      readonly tls: boolean;
    };
    readonly cluster: readonly Endpoint[];
    /** These and database, with sentinels or cluster: a URL has its own. */
    readonly user: string | undefined;
    readonly password: string | undefined;
    readonly database: number;
    readonly tls: {
      /** With sentinels or cluster: a URL says rediss://. */
      readonly enabled: boolean;
      /** PEM of a private CA. */
      readonly ca: string | undefined;
      /** Name to expect in the certificate when it is not the host that is connected to. */
      readonly serverName: string | undefined;
      /** PEM; both or none. */
      readonly cert: string | undefined;
      readonly key: string | undefined;
    };
  };
  readonly blobs: {
    readonly kind: 'folder' | 's3';
    /** Absolute. */
    readonly folder: string;
    readonly s3: {
      readonly bucket: string | undefined;
      readonly region: string;
      readonly endpoint: string | undefined;
      /** Undefined: the SDK's own chain (instance role, web identity). */
      readonly accessKeyId: string | undefined;
      readonly secretAccessKey: string | undefined;
      readonly prefix: string;
      readonly forcePathStyle: boolean;
    };
    /** Empty: stored unencrypted. */
    readonly encryptionKeys: KeyRing;
    readonly retentionDays: number;
  };
  readonly http: {
    readonly host: string;
    readonly port: number;
    /** Base URL under which people and Microsoft's redirect reach us, without a slash at the end. */
    readonly publicUrl: string;
    readonly apiTokens: readonly ApiToken[];
    readonly streamsPerClient: number;
    /** Bytes. */
    readonly bodyLimit: number;
    /** Addresses and networks of proxies whose X-Forwarded-For counts. */
    readonly trustedProxies: readonly string[];
    readonly sessions: {
      /** A session of the portal without a request ends after this time. */
      readonly idleMinutes: number;
      /** And after this time in any case. */
      readonly longestHours: number;
    };
    /** Sign-in of people by OpenID Connect; without an issuer there is none. */
    readonly oidc: {
      readonly issuer: string | undefined;
      readonly clientId: string | undefined;
      /** Undefined: a public client (PKCE only). */
      readonly clientSecret: string | undefined;
      readonly scopes: readonly string[];
      /** Claim of the id token with roles or groups. */
      readonly rolesClaim: string;
      readonly roles: readonly RoleMapping[];
      /** PEM of a private CA. */
      readonly ca: string | undefined;
      readonly proxy: string | undefined;
    };
  };
  readonly lifecycle: {
    /** 0: a main thread that does not respond is not ended. */
    readonly stallSeconds: number;
  };
  readonly inbound: {
    /** Milliseconds: the first sign-ins are spread over this time. */
    readonly startStaggerMs: number;
    /** IDLE is reissued after this time. */
    readonly idleRenewSeconds: number;
    /** A connection that does not answer a command for this long is dead. */
    readonly deadAfterSeconds: number;
    readonly reconcileSeconds: number;
    /** 0: silence of a mailbox is not reported. */
    readonly silenceHours: number;
    readonly leaseSeconds: number;
    readonly batchCount: number;
    /** Bytes of jobs in one commit. */
    readonly batchBytes: number;
    /** Per tenant (or host without one). */
    readonly loginsPerSecond: number;
    /** Bytes of text or html that are in the job; longer ones by reference. */
    readonly inlineTextBytes: number;
    readonly inlineHtmlBytes: number;
    /** Names of headers that messages contain, lower case; a `*` at the end matches any ending. */
    readonly messageHeaders: readonly string[];
    /** Words of the tenant's own mail system in mails, `*` for any. */
    readonly stamps: readonly string[];
    /** Number of waiting jobs of a flow above which fetching for it pauses. */
    readonly maxBacklogPerFlow: number;
    readonly backoff: { readonly baseMs: number; readonly capMs: number };
    /** Of one mail, or of the bodies of one reply. */
    readonly parseTimeoutMs: number;
    readonly completedJobRetentionDays: number;
  };
  readonly outbound: {
    readonly journalDays: number;
    readonly uncertain: {
      /** How long Sent is searched before a reply without an answer is held. */
      readonly lookForMinutes: number;
    };
    /** Undefined: the machine's host name if it is a valid one. */
    /** Resolvers for the check of the From domains; empty: the system's. */
    readonly dnsServers: readonly string[];
    readonly ehloName: string | undefined;
    readonly connectTimeoutMs: number;
    readonly socketTimeoutMs: number;
    /** A server that refused sign-in or permission is tried again after this time. */
    readonly pausedRetrySeconds: number;
    /** To, cc and bcc together. */
    readonly recipientsPerReply: number;
    /** Names of headers that a reply may set; a `*` at the end matches any ending. */
    readonly allowedHeaders: readonly string[];
    readonly completedJobRetentionDays: number;
    /** Whether the queue reply-outcomes is written. */
    readonly outcomes: boolean;
    readonly outcomeRetentionDays: number;
  };
  readonly oauth: {
    /** Tokens are renewed this long before they expire (plus jitter). */
    readonly renewAheadSeconds: number;
    readonly requestTimeoutMs: number;
  };
  readonly security: {
    /** Encrypts token cache and portal secrets in Redis. */
    readonly cacheKeys: KeyRing;
    /** Signs the conversation token in our Message-IDs. */
    readonly conversationKeys: KeyRing;
    /** Part of what is signed: distinguishes installations that share keys. */
    readonly installation: string;
    /** Addresses, networks and host names that servers made in the portal may connect to although they are refused by default. */
    readonly portalAllowedHosts: readonly string[];
    /** Further addresses and networks that they may not connect to. */
    readonly portalDeniedNetworks: readonly string[];
  };
  /** Files with email server definitions, absolute; those that do not exist are skipped until they do. */
  readonly emailServersFiles: readonly string[];
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
