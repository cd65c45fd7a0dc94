// What a sandbox tenant consists of: people, mailboxes, applications, permissions. Plain data; index.ts starts a tenant from it,
// `mailroom sandbox --config` reads the same shape from YAML or JSON.

/** A mailbox of the sandbox: a person, a shared mailbox, or a customer out on the Internet whose inbox a demo wants to look into. */
export interface SandboxUser {
  address: string;
  displayName?: string;
  /** Older spelling of displayName. */
  name?: string;
  /** Password sign-in (IMAP LOGIN and AUTH PLAIN, SMTP AUTH LOGIN). Without one there is none, as for shared mailboxes. */
  password?: string;
  /** Default user. A customer is no member of the tenant: its mail counts as leaving it. */
  kind?: 'user' | 'shared' | 'customer';
  /** SmtpClientAuthentication of the mailbox; default true. */
  smtpAuth?: boolean;
  /** IMAP enabled for the mailbox; default true. */
  imap?: boolean;
  /** Further addresses that deliver into this mailbox. */
  aliases?: string[];
}

/** An app registration with its service principal. */
export interface SandboxApplication {
  clientId: string;
  secret?: string;
  /** PEM certificates whose keys may sign client assertions. */
  certificates?: string[];
  /** Federated credentials: assertions of this issuer and subject are taken; signed by one of `certificates`. */
  federated?: { issuer: string; subject: string; audience?: string }[];
  /** Has the application roles IMAP.AccessAsApp and SMTP.SendAsApp; default true. */
  appOnly?: boolean;
  /** Mailboxes the service principal has FullAccess to; default every shared mailbox. */
  mailboxes?: string[];
  /** From addresses its mailboxes may send as, besides themselves. */
  sendAs?: string[];
  /** Allowed redirect addresses; default any on localhost or 127.0.0.1. */
  redirectUris?: string[];
}

export interface SandboxPermissions {
  /** Mailbox → persons that may open it. */
  fullAccess?: Record<string, string[]>;
  /** From address → persons or mailboxes that may send as it. */
  sendAs?: Record<string, string[]>;
  /** From address → persons or mailboxes that may send on its behalf (with Sender: themselves). */
  sendOnBehalf?: Record<string, string[]>;
}

interface SandboxPorts {
  oauth?: number;
  /** IMAP with implicit TLS. */
  imaps?: number;
  /** Same server without TLS; only opened when given. */
  imap?: number;
  /** Submission with STARTTLS. */
  smtp?: number;
  /** HTTP control endpoint of `mailroom sandbox` (startControl). */
  control?: number;
}

interface SmtpLimits {
  /** Messages a minute and mailbox before 432 is answered; 0 (default) is unlimited, Exchange Online has 30. */
  messagesPerMinute?: number;
  /** Concurrent connections of a mailbox before 432 is answered; 0 (default) is unlimited, Exchange Online has 3. */
  maxConnections?: number;
  /** Bytes; default 157286400 as Exchange Online announces. */
  size?: number;
  /** Recipients of one message; default 500. */
  recipients?: number;
}

export interface SandboxConfig {
  /** Tenant id in the authority; default a fixed GUID. */
  tenant?: string;
  /** Default: the domain of the first user that is no customer. */
  domain?: string;
  users: SandboxUser[];
  applications?: SandboxApplication[];
  permissions?: SandboxPermissions;
  /** Seconds; default 3600. MSAL caches no token living under 300 s. */
  tokenLifetimeSeconds?: number;
  /** 0 or missing: a free port. */
  ports?: SandboxPorts;
  /** Address to listen on; default 127.0.0.1. */
  listen?: string;
  /** Name of the Sent folder, which Exchange localizes: `Sent Items` by default, `Gesendete Elemente` in German. */
  sentFolder?: string;
  smtp?: SmtpLimits & {
    /** Rewrite Message-ID on submission, keeping the old one as X-Microsoft-Original-Message-ID. Default false. */
    rewriteMessageId?: boolean;
    /** Unknown address of the tenant's domain: refused at RCPT (default), or accepted and answered by a non-delivery report. */
    unknownRecipient?: 'refuse' | 'ndr';
    /** Milliseconds until the Sent copy is visible; default 0. */
    sentCopyDelay?: number;
    /** false: no copy in Sent (MessageCopyForSMTPClientSubmissionEnabled). Default true. */
    sentCopy?: boolean;
  };
  oauth?: {
    /** Approve /authorize (with login_hint) and device codes without a click; a string is the user to approve as. */
    autoApprove?: boolean | string;
    /** Seconds between polls of a device code; default 5. */
    deviceInterval?: number;
    /** Seconds a device code lives; default 900. */
    deviceLifetime?: number;
  };
}

export type Settings = ReturnType<typeof withDefaults>;

/** The configuration with every default filled in. */
export function withDefaults(config: SandboxConfig) {
  const member = config.users.find((user) => user.kind !== 'customer') ?? config.users[0];
  return {
    tenant: config.tenant ?? '5f0a7c12-7d3e-4b86-9a51-0c2d9be4f7a1',
    domain: (config.domain ?? member?.address.split('@')[1] ?? 'contoso.example').toLowerCase(),
    users: config.users,
    applications: config.applications ?? [],
    permissions: config.permissions ?? {},
    tokenLifetimeSeconds: config.tokenLifetimeSeconds ?? 3600,
    ports: config.ports ?? {},
    listen: config.listen ?? '127.0.0.1',
    sentFolder: config.sentFolder ?? 'Sent Items',
    smtp: {
      messagesPerMinute: config.smtp?.messagesPerMinute ?? 0,
      maxConnections: config.smtp?.maxConnections ?? 0,
      size: config.smtp?.size ?? 157_286_400,
      recipients: config.smtp?.recipients ?? 500,
      rewriteMessageId: config.smtp?.rewriteMessageId ?? false,
      unknownRecipient: config.smtp?.unknownRecipient ?? 'refuse',
      sentCopyDelay: config.smtp?.sentCopyDelay ?? 0,
      sentCopy: config.smtp?.sentCopy ?? true,
    },
    oauth: {
      autoApprove: config.oauth?.autoApprove ?? false,
      deviceInterval: config.oauth?.deviceInterval ?? 5,
      deviceLifetime: config.oauth?.deviceLifetime ?? 900,
    },
  };
}

/** The tenant of the demo: one shared mailbox a department, two agents, two customers, one application. */
export function demoTenant(): SandboxConfig {
  return {
    domain: 'contoso.example',
    users: [
      { address: 'support@contoso.example', displayName: 'Contoso Support', kind: 'shared' },
      { address: 'billing@contoso.example', displayName: 'Contoso Billing', kind: 'shared' },
      { address: 'alex@contoso.example', displayName: 'Alex Weber', password: 'sandbox-alex' },
      { address: 'maria@contoso.example', displayName: 'Maria Rossi', password: 'sandbox-maria' },
      { address: 'jane@customer.example', displayName: 'Jane Doe', kind: 'customer', password: 'sandbox-jane' },
      { address: 'otto@kunde.example', displayName: 'Otto Kunde', kind: 'customer', password: 'sandbox-otto' },
    ],
    applications: [{ clientId: '3b1f4d6e-0a52-4c7b-8e19-6d2c5a7f9b03', secret: 'sandbox-secret' }],
    permissions: {
      fullAccess: {
        'support@contoso.example': ['alex@contoso.example', 'maria@contoso.example'],
        'billing@contoso.example': ['maria@contoso.example'],
      },
      sendAs: {
        'support@contoso.example': ['alex@contoso.example', 'maria@contoso.example'],
        'billing@contoso.example': ['maria@contoso.example', 'support@contoso.example'],
      },
    },
  };
}
