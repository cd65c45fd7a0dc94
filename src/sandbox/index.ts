// The sandbox: a stand-in Microsoft 365 tenant in this process. OAuth2, IMAP and SMTP with Exchange Online's capabilities, texts and
// permissions, and faults on command. Imports nothing of the gateway; used by `mailroom sandbox`, the demo and the tests.
import { writeFile } from 'node:fs/promises';
import { normalise } from './addresses.ts';
import { createCertificates } from './certificate.ts';
import { type SandboxConfig, withDefaults } from './config.ts';
import { createDirectory } from './directory.ts';
import { createFaults } from './faults.ts';
import { startImapServer } from './imap/server.ts';
import { mailboxesOf } from './mailboxes.ts';
import { startOAuthServer } from './oauth/server.ts';
import { createOutlook } from './outlook.ts';
import { createExchange } from './smtp/exchange.ts';
import { startSmtpServer } from './smtp/server.ts';
import { createStore } from './store.ts';
import type { Tenant } from './tenant.ts';

export { demoTenant, type SandboxConfig } from './config.ts';
export { type ActiveFault, FAULTS, type Fault, type FaultName } from './faults.ts';
export { OUTLOOK_ACTS, type OutlookAct } from './outlook.ts';
export { BOUNCES, type BounceName } from './smtp/bounces.ts';
export type { Submission } from './smtp/exchange.ts';
export { SMTP_REPLIES, type SmtpReplyName } from './smtp/replies.ts';

export type Sandbox = Awaited<ReturnType<typeof startSandbox>>;

const AUDIENCE = 'https://outlook.office365.com';

/** Starts a tenant. @throws when a port is taken. */
export async function startSandbox(config: SandboxConfig) {
  const settings = withDefaults(config);
  const { tokenLifetimeSeconds } = settings;
  const certificates = createCertificates();
  const directory = createDirectory(settings);
  const faults = createFaults();
  const store = createStore(settings);
  const oauth = await startOAuthServer(settings, certificates, directory, faults);
  const { tokens, grants } = oauth;
  const tenant: Tenant = { settings, directory, store, faults, tokens };
  const imap = await startImapServer(tenant, certificates);
  const exchange = createExchange(tenant);
  const smtp = await startSmtpServer(tenant, exchange, certificates);

  return {
    /** `https://localhost:PORT/<tenant>`. */
    authority: oauth.authority,
    tenant: settings.tenant,
    /** Host for MSAL's knownAuthorities. */
    knownAuthority: `localhost:${oauth.port}`,
    /** PEM of the authority that signs all server certificates. */
    caPem: certificates.caPem,
    /** Writes the authority's certificate and returns the path; for NODE_EXTRA_CA_CERTS of a process yet to start. */
    async caFile(path: string): Promise<string> {
      await writeFile(path, certificates.caPem);
      return path;
    },
    imap: { host: 'localhost', port: imap.port, plainPort: imap.plainPort },
    smtp: { host: 'localhost', port: smtp.port },
    mailboxes: mailboxesOf(store, exchange),
    /** A colleague works in a mailbox in Outlook. */
    outlook: createOutlook(store, exchange, settings),
    /** Every accepted submission, oldest first. */
    submissions: () => [...exchange.submissions],
    onSubmission: exchange.onSubmission,
    /** Sends a report for a submission, as if a server had refused it later. */
    bounce: exchange.bounce,
    /** Open IMAP sessions. */
    sessions: imap.sessions,
    faults,
    oauth: {
      /** Access tokens without the way through the endpoint. */
      applicationToken: (clientId: string, lifetime = tokenLifetimeSeconds): string =>
        tokens.forApplication(clientId, AUDIENCE, ['IMAP.AccessAsApp', 'SMTP.SendAsApp'], lifetime),
      personToken(
        address: string,
        options: { clientId?: string; scopes?: string[]; lifetimeSeconds?: number } = {},
      ): string {
        const { clientId = 'sandbox', scopes = ['IMAP.AccessAsUser.All', 'SMTP.Send'] } = options;
        const { lifetimeSeconds = tokenLifetimeSeconds } = options;
        return tokens.forPerson(clientId, AUDIENCE, normalise(address), scopes, lifetimeSeconds);
      },
      /** Approves (or, without a person, declines) a device code. */
      settleDevice: grants.devices.settle,
      pendingDevices: grants.devices.pending,
      /** Refresh tokens of the person are refused with AADSTS50173 from now on. */
      revokeSessions: grants.revokeSessions,
      /** Number of requests to the token endpoint. */
      tokenRequests: oauth.tokenRequests,
    },
    async stop(): Promise<void> {
      exchange.stop();
      await Promise.all([imap.stop(), smtp.stop(), oauth.stop()]);
    },
  };
}
