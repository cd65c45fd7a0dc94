// The schema of the configuration: every setting once, with its meaning, kind and default. docs/configuration.md
// is generated from here (`mailroom config --docs`). Secrets are marked; each is also read from the file named by <ENV>_FILE.
import {
  parseHeaderNames,
  parseHosts,
  parseMessageHeaders,
  parseNetworks,
  parseResolvers,
  parseStamps,
} from './access.ts';
import { httpSettings } from './schema-http.ts';
import { redisSettings } from './schema-redis.ts';
import { parseKeyRing } from './secrets.ts';
import * as s from './setting.ts';

const MiB = 1024 * 1024;

const keyRing = (doc: string) =>
  s.custom(
    `${doc} The first key is used for new data; the others are still accepted. Create one with \`openssl rand -base64 32\`.`,
    'list of id:base64',
    '',
    parseKeyRing,
    { secret: true },
  );

export const settings = {
  mode: s.oneOf(
    'production refuses to start without Redis and keys; development uses an embedded Redis and generates keys at startup.',
    'production',
    ['production', 'development'],
  ),
  organisation: s.string('Name of the organisation, shown to people.', 'default'),
  roles: s.setOf('What `mailroom serve` runs in this process.', 'ingest,send,portal', ['ingest', 'send', 'portal']),
  log: {
    level: s.oneOf('Lowest level that is logged.', 'info', ['debug', 'info', 'warn', 'error', 'silent']),
    clientAddresses: s.oneOf(
      'IP addresses of refused sign-ins and API requests in the log: in full, their network only (IPv4 /24, IPv6 /64), or not at all.',
      'full',
      ['full', 'network', 'none'],
    ),
    audit: s.flag(
      'Write each entry of the audit log (changes and sign-ins) to the log as well, as the event `AuditEntryWritten` with who, what, old and new values. Secrets are masked. Commands write to the audit log alone.',
      false,
    ),
  },
  audit: {
    changeDays: s.integer('Days that the audit log keeps who changed or decided what.', 365, 1, 3650),
    signInDays: s.integer('Days that the audit log keeps sign-ins to the portal.', 90, 1, 3650),
  },
  redis: redisSettings,
  blobs: {
    kind: s.oneOf('Where raw mails and large texts are kept.', 'folder', ['folder', 's3']),
    folder: s.string('Folder of the blob store; all replicas must share it.', 'var/blobs'),
    s3: {
      bucket: s.optionalString('Bucket; required with kind s3.'),
      region: s.string('Region.', 'eu-central-1'),
      endpoint: s.optional(s.url('Endpoint, if not AWS.', '', ['http', 'https'])),
      accessKeyId: s.optionalString('Access key; without one, the SDK uses the role of the machine.'),
      secretAccessKey: s.optionalString('Secret of the access key.', { secret: true }),
      prefix: s.anyString('Prefix of every object name.', 'mailroom/'),
      forcePathStyle: s.flag('Put the bucket into the path instead of the host name.', false),
    },
    encryptionKeys: keyRing('Keys that encrypt blobs; without keys, blobs are stored unencrypted.'),
    retentionDays: s.integer('Days after which raw mails are deleted.', 30, 1, 3650),
  },
  http: httpSettings,
  lifecycle: {
    stallSeconds: s.integer(
      'A process whose main thread has not responded for this time writes its stack to stderr and exits with code 70. Keep it longer than inbound.leaseSeconds, so that other replicas watch its mailboxes by then. 0: never.',
      60,
      0,
      3600,
    ),
  },
  inbound: {
    startStaggerMs: s.integer('First sign-ins are spread over this many milliseconds.', 2000, 0, 600_000),
    idleRenewSeconds: s.integer('IDLE is reissued after this time (RFC 2177: under 29 minutes).', 300, 5, 1740),
    deadAfterSeconds: s.integer('A connection that does not respond for this long counts as dead.', 90, 1, 3600),
    silenceHours: s.integer(
      'Hours without a message after which a watched mailbox is reported once (`MailboxSilent`); 0: never.',
      72,
      0,
      8760,
    ),
    reconcileSeconds: s.integer('Interval of the reconciliation that finds what IDLE missed.', 120, 1, 86_400),
    leaseSeconds: s.integer('Lifetime of a mailbox lease; another replica can take over after it.', 10, 1, 300),
    batchCount: s.integer('Messages in one commit.', 50, 1, 50),
    batchBytes: s.integer('Bytes of raw mails in one commit.', MiB, 64 * 1024, 8 * MiB),
    loginsPerSecond: s.number('Sign-ins per second for each tenant.', 10, 0.1, 1000),
    inlineTextBytes: s.integer('Longer texts are shortened in the job and fetched by reference.', 32 * 1024, 0, MiB),
    inlineHtmlBytes: s.integer(
      'Longer HTML is shortened in the job and fetched by reference. Never more than inlineTextBytes. A smaller value saves Redis memory.',
      32 * 1024,
      0,
      MiB,
    ),
    messageHeaders: s.custom(
      'Headers that messages contain (`headers`), decoded: names, where a * at the end matches any ending. At most 50 values of 2,000 characters each, 16,000 in all.',
      'list of names',
      '',
      parseMessageHeaders,
    ),
    stamps: s.custom(
      'Words that your own mail system writes into mails (a banner of a transport rule, a footer): a whole line or paragraph each, `*` for any text. They are left out of replyText and kept in `stamps`. At most 50, of 10 to 300 characters with at most 10 `*`. What Exchange and common scanners write is known. In the environment: one a line.',
      'list of texts',
      '',
      parseStamps,
    ),
    maxBacklogPerFlow: s.integer(
      'Number of waiting jobs of a flow above which fetching for it pauses.',
      100_000,
      1,
      100_000_000,
    ),
    backoff: {
      baseMs: s.integer('First wait after a failed connection in milliseconds; doubled each time.', 1000, 1, 600_000),
      capMs: s.integer('Longest wait between attempts in milliseconds.', 30_000, 1, 3_600_000),
    },
    parseTimeoutMs: s.integer(
      'Longest time to parse one mail, or to compose the bodies of one reply. After that, its worker thread is ended and the mail is quarantined (parse-timeout) or the reply held. Each time-out halves the limit for ten minutes, down to 1 s plus 0.2 s for each MiB.',
      10_000,
      100,
      600_000,
    ),
    completedJobRetentionDays: s.integer(
      'Days that completed message jobs are kept. While it is kept, no message is enqueued twice.',
      8,
      1,
      365,
    ),
  },
  outbound: {
    journalDays: s.integer('Days that the journal of a reply is kept.', 8, 1, 365),
    uncertain: {
      lookForMinutes: s.integer(
        'How long Mailroom searches Sent for a reply after the server’s answer was lost.',
        15,
        0,
        1440,
      ),
    },
    dnsServers: s.custom(
      'Resolvers for the check of the From domains (SPF, DKIM, DMARC, MX), e.g. 9.9.9.9 or 192.0.2.53:5353; without any, those of the system. Where a company’s own resolver shows other records than the world sees, name a public one.',
      'list of addresses, with a port if it is not 53',
      '',
      parseResolvers,
    ),
    ehloName: s.optional(s.hostName('Name in EHLO; default: the host name of the machine.', '')),
    connectTimeoutMs: s.integer('Time for connection and greeting in milliseconds.', 30_000, 100, 600_000),
    socketTimeoutMs: s.integer(
      'Silence after which a submission counts as broken, in milliseconds.',
      120_000,
      100,
      3_600_000,
    ),
    pausedRetrySeconds: s.integer(
      'A server paused because of sign-in or permissions is tried again after this time.',
      300,
      1,
      86_400,
    ),
    recipientsPerReply: s.integer(
      'Maximum number of recipients of one reply (to, cc and bcc together); Exchange Online’s own limit for a mailbox is 500 unless changed.',
      500,
      1,
      3000,
    ),
    allowedHeaders: s.custom(
      'Headers that a reply may set: names that begin with X-, where a * at the end matches any ending. Headers that mail systems act on (X-MS-…, X-Mailroom-… and the like) remain forbidden.',
      'list of names',
      'X-Ticket*, X-Case*, X-Customer*, X-Contact*, X-Team*, X-Agent*, X-Reference*, X-Correlation*, X-Request*',
      parseHeaderNames,
    ),
    completedJobRetentionDays: s.integer('Days that completed reply jobs are kept.', 8, 1, 365),
    outcomes: s.flag(
      'Write the queue reply-outcomes: each settled reply, and each report that is learnt of one afterwards. Turn it on when a backend consumes it; all processes need the same value.',
      false,
    ),
    outcomeRetentionDays: s.integer('Days that outcomes are kept, consumed or not.', 8, 1, 365),
  },
  oauth: {
    renewAheadSeconds: s.integer('Tokens are renewed this long before they expire, with jitter.', 600, 0, 3600),
    requestTimeoutMs: s.integer('Time that a token request may take in milliseconds.', 30_000, 100, 600_000),
  },
  security: {
    cacheKeys: keyRing('Keys that encrypt the token cache and secrets entered in the portal. Required in production.'),
    conversationKeys: keyRing('Keys that sign the conversation in our Message-IDs. Required in production.'),
    installation: s.anyString(
      'Included in the signature of our Message-IDs. Set it where several installations share conversationKeys (such as staging and production). When it changes, answers to older replies are matched by references only.',
      '',
    ),
    portalAllowedHosts: s.custom(
      'Addresses, networks and host names that email servers created in the portal may connect to although they are refused by default: this machine (127.0.0.0/8, ::1), link-local, cloud metadata, multicast. Private networks are allowed anyway; servers of files may connect anywhere.',
      'list of addresses, networks (CIDR), host names',
      '',
      parseHosts,
    ),
    portalDeniedNetworks: s.custom(
      'Further addresses and networks that email servers created in the portal may not connect to, e.g. 10.0.0.0/8; with 0.0.0.0/0,::/0 only the explicitly allowed ones remain.',
      'list of addresses and networks (CIDR)',
      '',
      parseNetworks,
    ),
  },
  emailServersFiles: s.custom(
    'Files with email server definitions. Default: email-servers.yaml, .yml and .json beside this file.',
    'list of files',
    '',
    s.fileList,
  ),
  oauthApplications: s.custom(
    'OAuth2 applications (see the example); as JSON when set in the environment. Give secrets by secretFile or secretEnv.',
    'list of applications',
    '',
    (value): readonly unknown[] => {
      if (value === '') return [];
      const list: unknown = typeof value === 'string' ? parseJson(value) : value;
      return Array.isArray(list) ? list : s.wrong('must be a list of applications');
    },
    { secret: true },
  ),
};

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return s.wrong('must be JSON');
  }
}
