// What a sandbox tenant consists of: people, mailboxes, applications, permissions, each with its default. index.ts starts a tenant from such plain data;
// `mailroom sandbox --config` reads the same shape from a file (config-file.ts).
import { z } from 'zod';
import { LARGEST_MESSAGE } from './tenant.ts';

const address = z.string().regex(/^[^\s@]+@[^\s@]+$/, 'is no address');
const addresses = z.array(address);
/** Mailbox or From address → persons or mailboxes. */
const permissions = z.record(address, addresses).default({});
const port = z.int().min(0).max(65_535).optional();

/** A mailbox: a person, a shared mailbox, or a customer on the Internet whose inbox a demo shows. */
const user = z
  .strictObject({
    address,
    displayName: z.string().optional(),
    /** Password sign-in (IMAP LOGIN and AUTH PLAIN, SMTP AUTH LOGIN). Missing: no password sign-in, as for shared mailboxes. */
    password: z.string().optional(),
    /** A customer is no member of the tenant: mail to it leaves the tenant. */
    kind: z.enum(['user', 'shared', 'customer']).default('user'),
    /** SmtpClientAuthentication of the mailbox. */
    smtpAuth: z.boolean().default(true),
    /** IMAP enabled for the mailbox. */
    imap: z.boolean().default(true),
    /** Further addresses that deliver into this mailbox. */
    aliases: addresses.default([]),
  })
  .transform((given) => ({ ...given, displayName: given.displayName ?? given.address }));

/** An app registration with its service principal. */
const application = z.strictObject({
  clientId: z.string(),
  secret: z.string().optional(),
  /** PEM certificates whose keys may sign client assertions. */
  certificates: z.array(z.string()).optional(),
  /** Federated credentials: accepted issuer and subject of assertions that one of `certificates` signed. */
  federated: z
    .array(
      z.strictObject({
        issuer: z.string(),
        subject: z.string(),
        audience: z.string().default('api://AzureADTokenExchange'),
      }),
    )
    .default([]),
  /** Has the application roles IMAP.AccessAsApp and SMTP.SendAsApp. */
  appOnly: z.boolean().default(true),
  /** Mailboxes that the service principal has FullAccess to; default: every shared mailbox. */
  mailboxes: addresses.optional(),
  /** From addresses that its mailboxes may send as, besides their own. */
  sendAs: addresses.default([]),
  /** Allowed redirect addresses; default: any on localhost or 127.0.0.1. */
  redirectUris: z.array(z.string()).optional(),
});

export const sandboxSchema = z.strictObject({
  /** Tenant id in the authority. */
  tenant: z.string().default('5f0a7c12-7d3e-4b86-9a51-0c2d9be4f7a1'),
  /** Default: the domain of the first user that is no customer. */
  domain: z.string().optional(),
  users: z.array(user).min(1),
  applications: z.array(application).default([]),
  permissions: z
    .strictObject({
      /** Mailbox → persons that may open it. */
      fullAccess: permissions,
      /** From address → persons or mailboxes that may send as it. */
      sendAs: permissions,
      /** From address → persons or mailboxes that may send on its behalf (with Sender: themselves). */
      sendOnBehalf: permissions,
    })
    .prefault({}),
  /** MSAL caches no token that lives under 300 s. */
  tokenLifetimeSeconds: z.int().positive().default(3600),
  /** 0 or missing: a free port. */
  ports: z
    .strictObject({
      oauth: port,
      /** IMAP with implicit TLS. */
      imaps: port,
      /** The same server without TLS; opened only when given. */
      imap: port,
      /** Submission with STARTTLS. */
      smtp: port,
      /** HTTP control endpoint of `mailroom sandbox` (startControl). */
      control: port,
    })
    .default({}),
  /** Address to listen on. */
  listen: z.string().default('127.0.0.1'),
  /** Name of the Sent folder, which Exchange localizes: `Gesendete Elemente` in German. */
  sentFolder: z.string().min(1).default('Sent Items'),
  smtp: z
    .strictObject({
      /** Messages per minute and mailbox before 432; 0 is unlimited, Exchange Online has 30. */
      messagesPerMinute: z.int().min(0).default(0),
      /** Concurrent connections of a mailbox before 432; 0 is unlimited, Exchange Online has 3. */
      maxConnections: z.int().min(0).default(0),
      /** Bytes, as Exchange Online announces. */
      size: z.int().positive().default(LARGEST_MESSAGE),
      /** Recipients of one message. */
      recipients: z.int().positive().default(500),
      /** Rewrite Message-ID on submission, keeping the old one as X-Microsoft-Original-Message-ID. */
      rewriteMessageId: z.boolean().default(false),
      /** Unknown address of the tenant's domain: refused at RCPT, or accepted and answered by a non-delivery report. */
      unknownRecipient: z.enum(['refuse', 'ndr']).default('refuse'),
      /** Milliseconds until the Sent copy is visible. */
      sentCopyDelay: z.int().min(0).default(0),
      /** false: no copy in Sent (MessageCopyForSMTPClientSubmissionEnabled). */
      sentCopy: z.boolean().default(true),
    })
    .prefault({}),
  oauth: z
    .strictObject({
      /** Approve /authorize (with login_hint) and device codes without a click; a string is the user to approve as. */
      autoApprove: z.union([z.boolean(), z.string()]).default(false),
      /** Seconds between polls of a device code. */
      deviceInterval: z.int().positive().default(5),
      /** Seconds that a device code lives. */
      deviceLifetime: z.int().positive().default(900),
    })
    .prefault({}),
});

export type SandboxConfig = z.input<typeof sandboxSchema>;
export type Settings = ReturnType<typeof withDefaults>;
export type SandboxUser = Settings['users'][number];
export type SandboxApplication = Settings['applications'][number];

/** The configuration with every default filled in. @throws {z.ZodError} naming each wrong field */
export function withDefaults(config: SandboxConfig) {
  const settings = sandboxSchema.parse(config);
  const member = settings.users.find(({ kind }) => kind !== 'customer') ?? settings.users[0];
  const domain = settings.domain ?? member?.address.split('@')[1] ?? 'contoso.example';
  return { ...settings, domain: domain.toLowerCase() };
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
