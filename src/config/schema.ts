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
  s.custom({ kind: 'list of id:base64', parse: parseKeyRing, secret: true })(
    `${doc} The first key is used for new data; the others are still accepted. Create one with \`openssl rand -base64 32\`.`,
  );

export const settings = {
  mode: s.oneOf('production', ['production', 'development'])(
    'production refuses to start without Redis and keys; development uses an embedded Redis and generates keys at startup.',
  ),
  organisation: s.string('default')('Name of the organisation, shown to people.'),
  roles: s.setOf('ingest,send,portal', ['ingest', 'send', 'portal'])('What `mailroom serve` runs in this process.'),
  log: {
    level: s.oneOf('info', ['debug', 'info', 'warn', 'error', 'silent'])('Lowest level that is logged.'),
    clientAddresses: s.oneOf('full', ['full', 'network', 'none'])(
      'IP addresses of refused sign-ins and API requests in the log: in full, their network only (IPv4 /24, IPv6 /64), or not at all.',
    ),
    audit: s.flag(false)(
      'Write each entry of the audit log (changes and sign-ins) to the log as well, as the event `AuditEntryWritten` with who, what, old and new values. Secrets are masked. Commands write to the audit log alone.',
    ),
  },
  audit: {
    changeDays: s.integer({ initial: 365, min: 1, max: 3650 })(
      'Days that the audit log keeps who changed or decided what.',
    ),
    signInDays: s.integer({ initial: 90, min: 1, max: 3650 })('Days that the audit log keeps sign-ins to the portal.'),
  },
  redis: redisSettings,
  blobs: {
    kind: s.oneOf('folder', ['folder', 's3'])('Where raw mails and large texts are kept.'),
    folder: s.string('var/blobs')('Folder of the blob store; all replicas must share it.'),
    s3: {
      bucket: s.optionalString('Bucket; required with kind s3.'),
      region: s.string('eu-central-1')('Region.'),
      endpoint: s.optional(s.url('', ['http', 'https'])('Endpoint, if not AWS.')),
      accessKeyId: s.optionalString('Access key; without one, the SDK uses the role of the machine.'),
      secretAccessKey: s.secret('Secret of the access key.'),
      prefix: s.anyString('mailroom/')('Prefix of every object name.'),
      forcePathStyle: s.flag(false)('Put the bucket into the path instead of the host name.'),
    },
    encryptionKeys: keyRing('Keys that encrypt blobs; without keys, blobs are stored unencrypted.'),
    retentionDays: s.integer({ initial: 30, min: 1, max: 3650 })('Days after which raw mails are deleted.'),
  },
  http: httpSettings,
  lifecycle: {
    stallSeconds: s.integer({ initial: 60, min: 0, max: 3600 })(
      'A process whose main thread has not responded for this time writes its stack to stderr and exits with code 70. Keep it longer than inbound.leaseSeconds, so that other replicas watch its mailboxes by then. 0: never.',
    ),
  },
  inbound: {
    startStaggerMs: s.integer({ initial: 2000, min: 0, max: 600_000 })(
      'First sign-ins are spread over this many milliseconds.',
    ),
    idleRenewSeconds: s.integer({ initial: 300, min: 5, max: 1740 })(
      'IDLE is reissued after this time (RFC 2177: under 29 minutes).',
    ),
    deadAfterSeconds: s.integer({ initial: 90, min: 1, max: 3600 })(
      'A connection that does not respond for this long counts as dead.',
    ),
    silenceHours: s.integer({ initial: 72, min: 0, max: 8760 })(
      'Hours without a message after which a watched mailbox is reported once (`MailboxSilent`); 0: never.',
    ),
    reconcileSeconds: s.integer({ initial: 120, min: 1, max: 86_400 })(
      'Interval of the reconciliation that finds what IDLE missed.',
    ),
    leaseSeconds: s.integer({ initial: 10, min: 1, max: 300 })(
      'Lifetime of a mailbox lease; another replica can take over after it.',
    ),
    batchCount: s.integer({ initial: 50, min: 1, max: 50 })('Messages in one commit.'),
    batchBytes: s.integer({ initial: MiB, min: 64 * 1024, max: 8 * MiB })('Bytes of raw mails in one commit.'),
    loginsPerSecond: s.number({ initial: 10, min: 0.1, max: 1000 })('Sign-ins per second for each tenant.'),
    inlineTextBytes: s.integer({ initial: 32 * 1024, min: 0, max: MiB })(
      'Longer texts are shortened in the job and fetched by reference.',
    ),
    inlineHtmlBytes: s.integer({ initial: 32 * 1024, min: 0, max: MiB })(
      'Longer HTML is shortened in the job and fetched by reference. Never more than inlineTextBytes. A smaller value saves Redis memory.',
    ),
    messageHeaders: s.custom({ kind: 'list of names', parse: parseMessageHeaders })(
      'Headers that messages contain (`headers`), decoded: names, where a * at the end matches any ending. At most 50 values of 2,000 characters each, 16,000 in all.',
    ),
    stamps: s.custom({ kind: 'list of texts', parse: parseStamps })(
      'Words that your own mail system writes into mails (a banner of a transport rule, a footer): a whole line or paragraph each, `*` for any text. They are left out of replyText and kept in `stamps`. At most 50, of 10 to 300 characters with at most 10 `*`. What Exchange and common scanners write is known. In the environment: one a line.',
    ),
    maxBacklogPerFlow: s.integer({ initial: 100_000, min: 1, max: 100_000_000 })(
      'Number of waiting jobs of a flow above which fetching for it pauses.',
    ),
    backoff: {
      baseMs: s.integer({ initial: 1000, min: 1, max: 600_000 })(
        'First wait after a failed connection in milliseconds; doubled each time.',
      ),
      capMs: s.integer({ initial: 30_000, min: 1, max: 3_600_000 })('Longest wait between attempts in milliseconds.'),
    },
    parseTimeoutMs: s.integer({ initial: 10_000, min: 100, max: 600_000 })(
      'Longest time to parse one mail, or to compose the bodies of one reply. After that, its worker thread is ended and the mail is quarantined (parse-timeout) or the reply held. Each time-out halves the limit for ten minutes, down to 1 s plus 0.2 s for each MiB.',
    ),
    completedJobRetentionDays: s.integer({ initial: 8, min: 1, max: 365 })(
      'Days that completed message jobs are kept. While it is kept, no message is enqueued twice.',
    ),
  },
  outbound: {
    journalDays: s.integer({ initial: 8, min: 1, max: 365 })('Days that the journal of a reply is kept.'),
    uncertain: {
      lookForMinutes: s.integer({ initial: 15, min: 0, max: 1440 })(
        'How long Mailroom searches Sent for a reply after the server’s answer was lost.',
      ),
    },
    dnsServers: s.custom({ kind: 'list of addresses, with a port if it is not 53', parse: parseResolvers })(
      'Resolvers for the check of the From domains (SPF, DKIM, DMARC, MX), e.g. 9.9.9.9 or 192.0.2.53:5353; without any, those of the system. Where a company’s own resolver shows other records than the world sees, name a public one.',
    ),
    ehloName: s.optional(s.hostName('')('Name in EHLO; default: the host name of the machine.')),
    connectTimeoutMs: s.integer({ initial: 30_000, min: 100, max: 600_000 })(
      'Time for connection and greeting in milliseconds.',
    ),
    socketTimeoutMs: s.integer({ initial: 120_000, min: 100, max: 3_600_000 })(
      'Silence after which a submission counts as broken, in milliseconds.',
    ),
    pausedRetrySeconds: s.integer({ initial: 300, min: 1, max: 86_400 })(
      'A server paused because of sign-in or permissions is tried again after this time.',
    ),
    recipientsPerReply: s.integer({ initial: 500, min: 1, max: 3000 })(
      'Maximum number of recipients of one reply (to, cc and bcc together); Exchange Online’s own limit for a mailbox is 500 unless changed.',
    ),
    allowedHeaders: s.custom({
      kind: 'list of names',
      parse: parseHeaderNames,
      initial:
        'X-Ticket*, X-Case*, X-Customer*, X-Contact*, X-Team*, X-Agent*, X-Reference*, X-Correlation*, X-Request*',
    })(
      'Headers that a reply may set: names that begin with X-, where a * at the end matches any ending. Headers that mail systems act on (X-MS-…, X-Mailroom-… and the like) remain forbidden.',
    ),
    completedJobRetentionDays: s.integer({ initial: 8, min: 1, max: 365 })('Days that completed reply jobs are kept.'),
    outcomes: s.flag(false)(
      'Write the queue reply-outcomes: each settled reply, and each report that is learnt of one afterwards. Turn it on when a backend consumes it; all processes need the same value.',
    ),
    outcomeRetentionDays: s.integer({ initial: 8, min: 1, max: 365 })('Days that outcomes are kept, consumed or not.'),
  },
  oauth: {
    renewAheadSeconds: s.integer({ initial: 600, min: 0, max: 3600 })(
      'Tokens are renewed this long before they expire, with jitter.',
    ),
    requestTimeoutMs: s.integer({ initial: 30_000, min: 100, max: 600_000 })(
      'Time that a token request may take in milliseconds.',
    ),
  },
  security: {
    cacheKeys: keyRing('Keys that encrypt the token cache and secrets entered in the portal. Required in production.'),
    conversationKeys: keyRing('Keys that sign the conversation in our Message-IDs. Required in production.'),
    installation: s.anyString('')(
      'Included in the signature of our Message-IDs. Set it where several installations share conversationKeys (such as staging and production). When it changes, answers to older replies are matched by references only.',
    ),
    portalAllowedHosts: s.custom({ kind: 'list of addresses, networks (CIDR), host names', parse: parseHosts })(
      'Addresses, networks and host names that email servers created in the portal may connect to although they are refused by default: this machine (127.0.0.0/8, ::1), link-local, cloud metadata, multicast. Private networks are allowed anyway; servers of files may connect anywhere.',
    ),
    portalDeniedNetworks: s.custom({ kind: 'list of addresses and networks (CIDR)', parse: parseNetworks })(
      'Further addresses and networks that email servers created in the portal may not connect to, e.g. 10.0.0.0/8; with 0.0.0.0/0,::/0 only the explicitly allowed ones remain.',
    ),
  },
  emailServersFiles: s.custom({ kind: 'list of files', parse: s.fileList })(
    'Files with email server definitions. Default: email-servers.yaml, .yml and .json beside this file.',
  ),
  oauthApplications: s.custom({
    kind: 'list of applications',
    parse: (value): readonly unknown[] => {
      if (value === '') return [];
      const list: unknown = typeof value === 'string' ? parseJson(value) : value;
      return Array.isArray(list) ? list : s.wrong('must be a list of applications');
    },
    secret: true,
  })(
    'OAuth2 applications (see the example); as JSON when set in the environment. Give secrets by secretFile or secretEnv.',
  ),
};

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return s.wrong('must be JSON');
  }
}
