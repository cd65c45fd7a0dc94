// The tenant doctor against every failure of sign-in, IMAP and SMTP that the sandbox can play (docs/exchange-online.md §1 and §9): the step that
// fails, its code, and the fix with the real names, in both languages.

import { describe, expect, it } from 'vitest';
import type { DoctorDeps } from '../../../src/doctor/run-steps.ts';
import { catalogue } from '../../../src/domain/catalogue/index.ts';
import { type CheckStep, passed, planOf, type StepName, steps } from '../../../src/domain/doctor.ts';
import type { EmailServer, OAuthApplication } from '../../../src/domain/email-server.ts';
import type { ErrorCode } from '../../../src/domain/errors.ts';
import type { Fault, SmtpReplyName } from '../../../src/sandbox/index.ts';
import { objectId } from '../../../src/sandbox/oauth/tokens.ts';
import { doctorSteps } from '../../support/doctor.ts';
import { leakWatch } from '../../support/leak-watch.ts';
import { freePort } from '../../support/temp.ts';
import { CLIENT, createFixture, imapServer, SECRET, SHARED, smtpServer } from '../oauth/fixture.ts';

leakWatch();

const CLOSED = 'closed@contoso.example';
const NO_IMAP = 'no-imap@contoso.example';
const NO_SMTP = 'no-smtp@contoso.example';
const SALES = 'sales@contoso.example';
const ALEX = 'alex@contoso.example';
/** What an app-only token calls its oid. */
const SERVICE_PRINCIPAL = objectId(CLIENT);
const NO_ROLES = 'aaaaaaaa-0000-4000-8000-000000000001';

const fixture = createFixture({
  listen: '0.0.0.0', // so that 127.0.0.2, which the certificate does not name, answers too
  users: [
    { address: SHARED, kind: 'shared' },
    { address: SALES, kind: 'shared' },
    { address: CLOSED, kind: 'shared' },
    { address: NO_IMAP, kind: 'shared', imap: false },
    { address: NO_SMTP, kind: 'shared', smtpAuth: false },
    { address: ALEX, displayName: 'Alex', password: 'alex-password' },
  ],
  applications: [
    { clientId: CLIENT, secret: SECRET, mailboxes: [SHARED, NO_IMAP, NO_SMTP] },
    { clientId: NO_ROLES, secret: SECRET, appOnly: false },
  ],
});

const imap = (extra: Parameters<typeof imapServer>[1] = {}) =>
  imapServer({}, { host: 'localhost', port: fixture.sandbox.imap.port, ca: fixture.sandbox.caPem, ...extra });
const smtp = (extra: Parameters<typeof smtpServer>[1] = {}) =>
  smtpServer({}, { host: 'localhost', port: fixture.sandbox.smtp.port, ca: fixture.sandbox.caPem, ...extra });
/** As a person: another identity, nobody signed in. */
const person = { type: 'OAuth2', application: 'Contoso', signIn: 'delegated', signInUser: ALEX } as const;

interface Setting {
  server: EmailServer;
  others?: EmailServer[];
  application?: Partial<OAuthApplication>;
  deps?: Partial<DoctorDeps>;
}

async function check({ server, others, application, deps }: Setting): Promise<CheckStep[]> {
  const applications = [fixture.application(application)];
  const provider = fixture.replica(applications);
  return doctorSteps(server, {
    servers: [server, ...(others ?? [server.type === 'IMAP' ? smtp() : imap()])],
    applications,
    getToken: (one, protocol, options) => provider.getToken(one, protocol, options),
    timeoutMs: 30_000,
    sentCopyMs: 10_000,
    ...deps,
  });
}

interface Row {
  fault?: Fault;
  on: 'imap' | 'smtp' | 'send' | (() => Setting | Promise<Setting>);
  step: StepName;
  code: ErrorCode;
  /** What both fixes contain: a cmdlet, a name. */
  both?: string;
  en: string;
  de: string;
}

const aadsts = (number: number, code: ErrorCode, en: string, de: string, both?: string): [string, Row] => [
  `AADSTS${number}`,
  { fault: { name: 'aadsts', number }, on: 'imap', step: 'token', code, en, de, ...(both ? { both } : {}) },
];
const registration = `App registrations > Contoso (${CLIENT})`;
const registrierung = `App-Registrierungen > Contoso (${CLIENT})`;
const again = 'mailroom login "Support in"';
const reply = (
  name: SmtpReplyName,
  step: StepName,
  code: ErrorCode,
  en: string,
  de: string,
  both?: string,
): [string, Row] => [
  `SMTP ${name}`,
  {
    fault: { name: 'smtpReply', reply: name },
    on: step === 'sendAs' ? 'send' : 'smtp',
    step,
    code,
    en,
    de,
    ...(both ? { both } : {}),
  },
];
const afterMail = (name: SmtpReplyName, code: ErrorCode, en: string, de: string, both?: string) =>
  reply(name, 'sendAs', code, en, de, both);
const enableSmtp = `Set-CASMailbox -Identity "${SHARED}" -SmtpClientAuthenticationDisabled $false`;
const sendAs = (from: string) =>
  `Add-RecipientPermission -Identity "${from}" -AccessRights SendAs -Trustee "${SHARED}"`;
const imapOn = (user: string) => `Set-CASMailbox -Identity "${user}" -ImapEnabled $true`;
const health = 'Microsoft 365 admin center > Health > Service health';
const dienst = 'Microsoft 365 Admin Center > Integrität > Dienststatus';

const rows: [string, Row][] = [
  // Definition and network
  [
    'application that is not configured',
    {
      on: () => ({ server: imap({ authentication: { type: 'OAuth2', application: 'Fabrikam', signIn: 'appOnly' } }) }),
      step: 'config',
      code: 'OAUTH_APPLICATION_NOT_CONFIGURED',
      en: 'Add "Fabrikam" to oauthApplications, or correct the application in the definition of Support in.',
      de: 'Tragen Sie „Fabrikam“ unter oauthApplications ein, oder korrigieren Sie die Anwendung in der Definition von Support in.',
    },
  ],
  [
    'delegated SMTP with the shared mailbox as User',
    {
      on: () => ({ server: smtp({ authentication: person }) }),
      step: 'config',
      code: 'CHECK_DELEGATED_USER_IS_SHARED',
      both: SHARED,
      en: 'Set User of Support out to the person',
      de: 'Setzen Sie User von Support out auf die Person',
    },
  ],
  [
    'unknown host',
    {
      on: () => ({ server: imap({ host: 'no-such-host.invalid' }) }),
      step: 'dns',
      code: 'IMAP_HOST_UNKNOWN',
      both: 'nslookup no-such-host.invalid',
      en: 'Correct Host of Support in',
      de: 'Korrigieren Sie Host von Support in',
    },
  ],
  [
    'closed port',
    {
      on: async () => ({ server: imap({ port: await freePort() }) }),
      step: 'tcp',
      code: 'IMAP_UNREACHABLE',
      both: 'Test-NetConnection localhost -Port ',
      en: 'let the firewall allow outgoing TCP',
      de: 'lassen Sie in der Firewall ausgehend TCP',
    },
  ],
  [
    'closed SMTP port',
    {
      on: async () => ({ server: smtp({ port: await freePort() }) }),
      step: 'tcp',
      code: 'SMTP_UNREACHABLE',
      both: 'Test-NetConnection localhost -Port ',
      en: 'Correct Host and Port of Support out',
      de: 'Korrigieren Sie Host und Port von Support out',
    },
  ],
  [
    'unknown authority',
    {
      on: () => {
        const { ca: _ca, ...server } = imap();
        return { server };
      },
      step: 'tls',
      code: 'IMAP_TLS_FAILED',
      both: 'Mailroom Sandbox Authority',
      en: 'Put that CA into the field ca of Support in',
      de: 'Tragen Sie diese CA im Feld ca von Support in ein',
    },
  ],
  [
    'unknown authority at SMTP',
    {
      on: () => {
        const { ca: _ca, ...server } = smtp();
        return { server };
      },
      step: 'tls',
      code: 'SMTP_TLS_FAILED',
      both: 'Mailroom Sandbox Authority',
      en: 'Put that CA into the field ca of Support out',
      de: 'Tragen Sie diese CA im Feld ca von Support out ein',
    },
  ],
  [
    'certificate for another name',
    {
      on: () => ({ server: imap({ host: '127.0.0.2' }) }),
      step: 'tls',
      code: 'IMAP_TLS_FAILED',
      en: 'Set Host of Support in to a name in the certificate (localhost, ',
      de: 'Setzen Sie Host von Support in auf einen Namen im Zertifikat (localhost, ',
    },
  ],
  [
    'proxy that does not answer',
    {
      on: () => ({ server: imap({ proxy: 'http://user:hunter2@127.0.0.1:9' }) }),
      step: 'tcp',
      code: 'IMAP_UNREACHABLE',
      en: 'Check the field proxy of Support in: the proxy 127.0.0.1:9 must answer',
      de: 'Prüfen Sie das Feld proxy von Support in: Der Proxy 127.0.0.1:9 muss antworten',
    },
  ],
  [
    'connections are closed before TLS',
    {
      fault: { name: 'refuseConnections' },
      on: 'imap',
      step: 'tls',
      code: 'IMAP_CONNECTION_CLOSED',
      both: 'localhost:',
      en: health,
      de: dienst,
    },
  ],
  // Identity provider
  aadsts(
    65001,
    'OAUTH_CONSENT_MISSING',
    'Grant admin consent',
    'Administratorzustimmung erteilen',
    '/v2.0/adminconsent?client_id=',
  ),
  aadsts(
    90094,
    'OAUTH_CONSENT_MISSING',
    'Enterprise applications > Contoso',
    'Unternehmensanwendungen > Contoso',
    CLIENT,
  ),
  aadsts(65004, 'OAUTH_CONSENT_MISSING', 'An administrator must open', 'Ein Administrator öffnet', CLIENT),
  aadsts(
    700016,
    'OAUTH_APPLICATION_UNKNOWN',
    'App registrations > Overview',
    'App-Registrierungen > Übersicht',
    CLIENT,
  ),
  aadsts(
    7000112,
    'OAUTH_APPLICATION_DISABLED',
    'Enterprise applications > Contoso > Properties',
    'Unternehmensanwendungen > Contoso > Eigenschaften',
  ),
  aadsts(
    7000215,
    'OAUTH_SECRET_WRONG',
    `${registration} > Certificates & secrets`,
    `${registrierung} > Zertifikate & Geheimnisse`,
  ),
  aadsts(
    7000222,
    'OAUTH_SECRET_EXPIRED',
    `${registration} > Certificates & secrets > New client secret`,
    `${registrierung} > Zertifikate & Geheimnisse > Neuer geheimer Clientschlüssel`,
  ),
  aadsts(
    7000218,
    'OAUTH_CREDENTIAL_MISSING',
    `${registration} > Authentication`,
    `${registrierung} > Authentifizierung`,
  ),
  aadsts(
    700027,
    'OAUTH_ASSERTION_REFUSED',
    `${registration} > Certificates & secrets > Certificates`,
    `${registrierung} > Zertifikate & Geheimnisse > Zertifikate`,
  ),
  aadsts(700025, 'OAUTH_PUBLIC_CLIENT', `${registration} > Authentication`, `${registrierung} > Authentifizierung`),
  aadsts(
    500011,
    'OAUTH_SCOPE_REFUSED',
    `${registration} > API permissions`,
    `${registrierung} > API-Berechtigungen`,
    'IMAP.AccessAsApp',
  ),
  aadsts(650057, 'OAUTH_SCOPE_REFUSED', 'grant admin consent', 'Administratorzustimmung erteilen', 'IMAP.AccessAsApp'),
  aadsts(
    50194,
    'OAUTH_TENANT_NOT_NAMED',
    'Set tenant of "Contoso" to the Tenant ID',
    'Setzen Sie tenant von „Contoso“ auf die Mandanten-ID',
  ),
  aadsts(
    90002,
    'OAUTH_TENANT_UNKNOWN',
    'Correct tenant of "Contoso"',
    'Korrigieren Sie tenant von „Contoso“',
    'gccHigh, dod',
  ),
  aadsts(90038, 'OAUTH_WRONG_CLOUD', 'Set cloud of "Contoso"', 'Setzen Sie cloud von „Contoso“'),
  aadsts(50034, 'OAUTH_USER_UNKNOWN', 'Entra admin center > Users', 'Entra Admin Center > Benutzer', SHARED),
  aadsts(50053, 'OAUTH_ACCOUNT_LOCKED', 'unlock or wait', 'entsperren oder abwarten', again),
  aadsts(50055, 'OAUTH_PASSWORD_EXPIRED', 'Reset password', 'Kennwort zurücksetzen', again),
  aadsts(50057, 'OAUTH_ACCOUNT_DISABLED', 'Properties > Account enabled', 'Eigenschaften > Konto aktiviert', again),
  aadsts(50126, 'OAUTH_PASSWORD_WRONG', 'again with the correct password', 'Mit dem richtigen Kennwort', again),
  aadsts(50076, 'OAUTH_MFA_REQUIRED', 'must sign in again with MFA', 'besteht MFA', again),
  aadsts(50079, 'OAUTH_MFA_REQUIRED', 'must sign in again with MFA', 'die Anmeldung „Als Anwendung“ fragt nie', again),
  aadsts(53003, 'OAUTH_CONDITIONAL_ACCESS', 'Protection > Conditional Access', 'Schutz > Bedingter Zugriff', 'Contoso'),
  aadsts(530035, 'OAUTH_CONDITIONAL_ACCESS', 'Sign-in logs', 'Anmeldeprotokolle', 'Contoso'),
  aadsts(700082, 'OAUTH_SIGN_IN_EXPIRED', 'must sign in again', 'meldet sich neu an', again),
  aadsts(50173, 'OAUTH_SIGN_IN_EXPIRED', 'must sign in again', 'meldet sich neu an', again),
  aadsts(50196, 'OAUTH_THROTTLED', 'another program that signs in', 'ein anderes Programm, das sich anmeldet'),
  aadsts(90033, 'OAUTH_PROVIDER_FAILED', health, dienst),
  [
    'token endpoint 503',
    { fault: { name: 'http5xx' }, on: 'imap', step: 'token', code: 'OAUTH_PROVIDER_FAILED', en: health, de: dienst },
  ],
  [
    'token endpoint 429',
    {
      fault: { name: 'http429' },
      on: 'imap',
      step: 'token',
      code: 'OAUTH_THROTTLED',
      en: 'Mailroom resumes automatically',
      de: 'Es geht automatisch weiter',
    },
  ],
  [
    'token endpoint hangs up',
    {
      fault: { name: 'dropToken' },
      on: 'imap',
      step: 'token',
      code: 'OAUTH_UNREACHABLE',
      both: '443',
      en: 'the field proxy of "Contoso"',
      de: 'das Feld proxy von „Contoso“',
    },
  ],
  [
    'token without roles',
    {
      on: () => ({ server: imap(), application: { clientId: NO_ROLES } }),
      step: 'token',
      code: 'CHECK_TOKEN_PERMISSION',
      both: 'IMAP.AccessAsApp',
      en: `App registrations > Contoso (${NO_ROLES}) > API permissions`,
      de: `App-Registrierungen > Contoso (${NO_ROLES}) > API-Berechtigungen`,
    },
  ],
  [
    'token without roles at SMTP',
    {
      on: () => ({ server: smtp(), application: { clientId: NO_ROLES } }),
      step: 'token',
      code: 'CHECK_TOKEN_PERMISSION',
      both: 'SMTP.SendAsApp',
      en: 'Grant admin consent',
      de: 'Administratorzustimmung erteilen',
    },
  ],
  [
    'wrong secret, really',
    {
      on: () => ({ server: imap(), application: { credentials: [{ kind: 'secret', secret: 'the-secret-id' }] } }),
      step: 'token',
      code: 'OAUTH_SECRET_WRONG',
      en: 'use the Value of the client secret, not its Secret ID',
      de: 'Verwenden Sie den Wert des geheimen Clientschlüssels, nicht die Geheimnis-ID',
    },
  ],
  [
    'delegated, nobody signed in',
    {
      on: () => ({ server: imap({ authentication: person }) }),
      step: 'token',
      code: 'OAUTH_SIGN_IN_NEEDED',
      both: again,
      en: `${ALEX} must sign in`,
      de: `${ALEX} meldet sich an`,
    },
  ],
  // IMAP
  [
    'AUTHENTICATE failed',
    {
      fault: { name: 'authFailed' },
      on: 'imap',
      step: 'imapSignIn',
      code: 'IMAP_AUTH_FAILED',
      both: `New-ServicePrincipal -AppId ${CLIENT} -ObjectId ${SERVICE_PRINCIPAL}; Add-MailboxPermission`,
      en: 'Admin consent for IMAP.AccessAsApp: https://',
      de: 'Administratorzustimmung für IMAP.AccessAsApp: https://',
    },
  ],
  [
    'Command Error. 10',
    {
      fault: { name: 'commandError', number: 10 },
      on: 'imap',
      step: 'imapSignIn',
      code: 'IMAP_TOKEN_REFUSED',
      both: 'IMAP.AccessAsApp',
      en: 'Admin consent for IMAP.AccessAsApp: ',
      de: 'Administratorzustimmung für IMAP.AccessAsApp: ',
    },
  ],
  [
    'Command Error. 12',
    {
      fault: { name: 'commandError', number: 12 },
      on: 'imap',
      step: 'imapSignIn',
      code: 'IMAP_TOKEN_REFUSED',
      both: imapOn(SHARED),
      en: `-Identity "${SHARED}" -User ${SERVICE_PRINCIPAL} -AccessRights FullAccess`,
      de: `-Identity "${SHARED}" -User ${SERVICE_PRINCIPAL} -AccessRights FullAccess`,
    },
  ],
  [
    'authenticated but not connected',
    {
      fault: { name: 'notConnected' },
      on: 'imap',
      step: 'fullAccess',
      code: 'IMAP_NOT_CONNECTED',
      both: imapOn(SHARED),
      en: `Add-MailboxPermission -Identity "${SHARED}" -User ${SERVICE_PRINCIPAL} -AccessRights FullAccess`,
      de: `Add-MailboxPermission -Identity "${SHARED}" -User ${SERVICE_PRINCIPAL} -AccessRights FullAccess`,
    },
  ],
  [
    'no Full Access, really',
    {
      on: () => ({ server: imap({ user: CLOSED }), others: [smtp({ user: CLOSED })] }),
      step: 'fullAccess',
      code: 'IMAP_NOT_CONNECTED',
      both: `Add-MailboxPermission -Identity "${CLOSED}"`,
      en: health,
      de: dienst,
    },
  ],
  [
    'IMAP disabled for the mailbox',
    {
      on: () => ({ server: imap({ user: NO_IMAP }), others: [smtp({ user: NO_IMAP })] }),
      step: 'fullAccess',
      code: 'IMAP_NOT_CONNECTED',
      both: imapOn(NO_IMAP),
      en: 'It may take 30 minutes to work.',
      de: 'Es kann 30 Minuten dauern.',
    },
  ],
  [
    'Server Unavailable. 15 at sign-in',
    {
      fault: { name: 'serverUnavailable15', at: 'login' },
      on: 'imap',
      step: 'imapSignIn',
      code: 'IMAP_SERVER_UNAVAILABLE',
      both: `Get-CASMailbox -Identity "${SHARED}" | fl ImapEnabled`,
      en: health,
      de: dienst,
    },
  ],
  [
    'Server Unavailable. 15 at SELECT',
    {
      fault: { name: 'serverUnavailable15', at: 'select' },
      on: 'imap',
      step: 'fullAccess',
      code: 'IMAP_SERVER_UNAVAILABLE',
      both: `Get-CASMailbox -Identity "${SHARED}" | fl ImapEnabled`,
      en: health,
      de: dienst,
    },
  ],
  [
    'throttled',
    {
      fault: { name: 'throttleImap', command: 'EXAMINE', milliseconds: 92_415 },
      on: 'imap',
      step: 'fullAccess',
      code: 'IMAP_THROTTLED',
      en: `Use fewer other IMAP clients on ${SHARED}`,
      de: `Verringern Sie andere IMAP-Clients an ${SHARED}`,
    },
  ],
  [
    'connection closed after sign-in',
    {
      fault: { name: 'dropAfterLogin' },
      on: 'imap',
      step: 'imapSignIn',
      code: 'IMAP_CONNECTION_CLOSED',
      en: 'Entra admin center > Sign-in logs',
      de: 'Entra Admin Center > Anmeldeprotokolle',
    },
  ],
  [
    'folder missing',
    {
      on: () => ({ server: imap({ folder: 'Anfragen' }) }),
      step: 'folder',
      code: 'IMAP_FOLDER_MISSING',
      both: `Get-MailboxFolderStatistics -Identity "${SHARED}"`,
      en: 'Correct Folder of Support in ("Anfragen")',
      de: 'Korrigieren Sie den Ordner von Support in („Anfragen“)',
    },
  ],
  [
    'folder for queued messages missing',
    {
      on: () => ({ server: imap({ afterQueued: { action: 'move', folder: 'Erledigt' } }) }),
      step: 'afterQueuedFolder',
      code: 'CHECK_AFTER_QUEUED_FOLDER_MISSING',
      both: SHARED,
      en: 'Create the folder "Erledigt" in the mailbox',
      de: 'Legen Sie den Ordner „Erledigt“ im Postfach',
    },
  ],
  [
    'IDLE drops',
    {
      fault: { name: 'dropIdle' },
      on: 'imap',
      step: 'idle',
      code: 'IMAP_CONNECTION_CLOSED',
      en: 'closed the connection',
      de: 'hat die Verbindung geschlossen',
    },
  ],
  [
    'shared address on no From list',
    {
      on: () => ({ server: imap(), others: [smtp({ user: ALEX, additionalFromAddresses: [] })] }),
      step: 'sharedAddress',
      code: 'CHECK_SHARED_ADDRESS_NOT_PERMITTED',
      en: `Add ${SHARED} to Additional Email From Addresses of "Support out".`,
      de: `Fügen Sie ${SHARED} den Additional Email From Addresses von „Support out“ hinzu.`,
    },
  ],
  // SMTP, sign-in
  reply(
    'smtpAuthDisabledTenant',
    'smtpSignIn',
    'SMTP_AUTH_DISABLED_TENANT',
    'or for this mailbox only',
    'oder nur für dieses Postfach',
    'Set-TransportConfig -SmtpClientAuthenticationDisabled $false',
  ),
  reply(
    'smtpAuthDisabledMailbox',
    'smtpSignIn',
    'SMTP_AUTH_DISABLED_MAILBOX',
    'Jobs are kept',
    'Die Aufträge bleiben',
    enableSmtp,
  ),
  [
    'SMTP AUTH disabled for the mailbox, really',
    {
      on: () => ({ server: smtp({ user: NO_SMTP, additionalFromAddresses: [] }), others: [] }),
      step: 'smtpSignIn',
      code: 'SMTP_AUTH_DISABLED_MAILBOX',
      both: `Set-CASMailbox -Identity "${NO_SMTP}" -SmtpClientAuthenticationDisabled $false`,
      en: 'Jobs are kept',
      de: 'Die Aufträge bleiben',
    },
  ],
  reply(
    'basicAuthDisabled',
    'smtpSignIn',
    'SMTP_BASIC_AUTH_DISABLED',
    'OAuth2 on the email server Support out',
    'beim E-Mail Server Support out',
  ),
  reply(
    'basicAuthRetired',
    'smtpSignIn',
    'SMTP_BASIC_AUTH_DISABLED',
    'OAuth2 on the email server Support out',
    'beim E-Mail Server Support out',
  ),
  reply(
    'securityDefaults',
    'smtpSignIn',
    'SMTP_SECURITY_DEFAULTS',
    'replace security defaults',
    'ersetzen Sie die Sicherheitsstandards',
    SHARED,
  ),
  reply(
    'criteriaNotMet',
    'smtpSignIn',
    'SMTP_ACCESS_POLICY',
    'sign-in log',
    'Anmeldeprotokoll',
    `Get-User -Identity "${SHARED}" | fl AuthenticationPolicy`,
  ),
  reply(
    'authUnsuccessful',
    'smtpSignIn',
    'SMTP_AUTH_FAILED',
    `User must be the mailbox itself, ${SHARED}`,
    `User muss das Postfach selbst sein, ${SHARED}`,
    `New-ServicePrincipal -AppId ${CLIENT} -ObjectId ${SERVICE_PRINCIPAL}`,
  ),
  reply('serviceNotAvailable', 'tls', 'SMTP_TRANSIENT', 'run the check again', 'wiederholen Sie die Prüfung'),
  reply('invalidDomain', 'tls', 'SMTP_EHLO_NAME', 'valid host name', 'gültigen Hostnamen', 'Invalid domain name'),
  // SMTP, with --send-probe
  afterMail(
    'notAuthenticated',
    'SMTP_NOT_AUTHENTICATED',
    'an Authentication Type on',
    'Port 587 und einen Authentication Type',
    'Support out',
  ),
  afterMail('sendAsRefused', 'SEND_AS_DENIED', sendAs(SHARED), sendAs(SHARED)),
  afterMail('sendAsDenied', 'SEND_AS_DENIED', sendAs(SHARED), sendAs(SHARED)),
  afterMail('sendAsDeniedStore', 'SEND_AS_DENIED', sendAs(SHARED), sendAs(SHARED)),
  afterMail(
    'concurrentConnections',
    'SMTP_CONNECTION_LIMIT',
    'Set the connections of Support out to 2',
    'Stellen Sie die Verbindungen von Support out auf 2',
  ),
  afterMail(
    'senderThreadLimit',
    'SMTP_CONNECTION_LIMIT',
    'other programs that send as',
    'andere Programme, die als',
    SHARED,
  ),
  afterMail(
    'serverBusy',
    'SMTP_BUSY',
    'reputation of the outgoing IP address',
    'Reputation der ausgehenden IP-Adresse',
  ),
  afterMail('submissionQuotaExceeded', 'SUBMISSION_QUOTA', 'Recipient limit of', 'Empfängergrenze von', SHARED),
  afterMail('recipientQuota', 'SUBMISSION_QUOTA', '10,000 in 24 hours', '10.000 in 24 Stunden', SHARED),
  afterMail(
    'mailboxFull',
    'SENDING_MAILBOX_FULL',
    'Empty Sent Items of',
    'Leeren Sie „Gesendete Elemente“ von',
    `Set-Mailbox -Identity "${SHARED}" -MessageCopyForSMTPClientSubmissionEnabled $false`,
  ),
  afterMail(
    'outboundSpam',
    'OUTBOUND_SPAM',
    'outbound spam policy',
    'Richtlinie für ausgehenden Spam',
    'Microsoft Defender',
  ),
  afterMail(
    'badOutboundSender',
    'SENDER_BLOCKED',
    `Restricted entities: unblock ${SHARED}`,
    `Eingeschränkte Entitäten: ${SHARED} entsperren`,
  ),
  afterMail('tenantBlocked705', 'TENANT_BLOCKED', 'Microsoft support', 'Microsoft-Support'),
  afterMail('tenantBlocked750', 'TENANT_BLOCKED', 'unregistered domain', 'nicht registrierte Domäne'),
  afterMail('tenantLimit232', 'TENANT_QUOTA', 'depends on the licences', 'hängt von den Lizenzen ab'),
  afterMail(
    'tenantLimit233',
    'TENANT_QUOTA',
    'tenant external recipient rate limit',
    'Grenze des Mandanten für externe Empfänger',
  ),
  afterMail('proxyFailure', 'SMTP_PROXY_TROUBLE', health, dienst),
  afterMail('attribution', 'SMTP_TRANSIENT', health, dienst),
  afterMail('queueQuota', 'SMTP_QUEUE_QUOTA', 'growing pauses', 'wachsenden Pausen'),
  afterMail(
    'tooLarge',
    'MESSAGE_TOO_LARGE',
    'smaller attachments',
    'Kleinere Anhänge',
    `Set-Mailbox -Identity "${SHARED}" -MaxSendSize 150MB`,
  ),
  afterMail(
    'tooManyRecipients',
    'TOO_MANY_RECIPIENTS',
    'fewer recipients',
    'Weniger Empfänger',
    `Set-Mailbox -Identity "${SHARED}" -RecipientLimits 1000`,
  ),
  afterMail(
    'fromInvalid',
    'SMTP_FROM_REFUSED',
    'registered in the tenant',
    'im Mandanten registrierte',
    'Get-AcceptedDomain',
  ),
  afterMail('loop', 'MAIL_LOOP', 'mail flow rules', 'Nachrichtenflussregeln'),
  afterMail('recipientNotFound', 'RECIPIENT_UNKNOWN', 'Check the customer’s address', 'Prüfen Sie die Adresse'),
  [
    'connection cut before DATA',
    {
      fault: { name: 'dropBeforeData' },
      on: 'send',
      step: 'sendAs',
      code: 'SMTP_UNREACHABLE',
      both: 'Test-NetConnection localhost',
      en: 'let the firewall allow',
      de: 'lassen Sie in der Firewall',
    },
  ],
  [
    'connection cut after the dot',
    {
      fault: { name: 'dropAfterDot' },
      on: 'send',
      step: 'sendAs',
      code: 'DELIVERY_UNCERTAIN',
      both: SHARED,
      en: 'searches Sent',
      de: 'Wird in „Gesendete Elemente“',
    },
  ],
  [
    'Send As missing for one of two addresses, really',
    {
      on: () => ({
        server: smtp({ additionalFromAddresses: [SHARED, SALES] }),
        deps: { sendProbe: true },
      }),
      step: 'sendAs',
      code: 'SEND_AS_DENIED',
      en: sendAs(SALES),
      de: sendAs(SALES),
    },
  ],
  [
    'no copy in Sent',
    {
      fault: { name: 'noSentCopy' },
      on: () => ({ server: smtp(), deps: { sendProbe: true, sentCopyMs: 300 } }),
      step: 'sentCopy',
      code: 'CHECK_SENT_COPY_MISSING',
      both: `Set-Mailbox -Identity "${SHARED}" -MessageCopyForSMTPClientSubmissionEnabled $true`,
      en: 'or set the Sent copy of Support out to append',
      de: 'oder stellen Sie sentCopy von Support out auf append',
    },
  ],
];

function settingOf(on: Row['on']): Setting | Promise<Setting> {
  if (typeof on === 'function') return on();
  if (on === 'imap') return { server: imap() };
  return { server: smtp(), deps: { sendProbe: on === 'send' } };
}

describe('every failure is reported at its step, with its fix', () => {
  it('the table has at least 35 failures', () => expect(rows.length).toBeGreaterThan(35));

  it.each(rows)('%s', async (_name, row) => {
    const setting = await settingOf(row.on);
    if (row.fault) fixture.sandbox.faults.set(row.fault);
    const found = await check(setting);
    const failed = found.filter(({ state, informational }) => state === 'failed' && !informational);
    expect(
      failed.map(({ step, failure }) => [step, failure?.code]),
      JSON.stringify(found.filter(({ state }) => state === 'failed')),
    ).toEqual([[row.step, row.code]]);
    const { en, de } = failed[0]?.failure?.fix ?? { en: '', de: '' };
    expect(en).toContain(row.en);
    expect(de).toContain(row.de);
    for (const text of [en, de]) {
      expect(text).toContain(row.both ?? '');
      expect(text, 'no name is left open').not.toMatch(/\{\w+\}|undefined/);
    }
    // Whatever needs the failed step is skipped, and nothing else is.
    const dependent = (step: StepName): boolean =>
      steps[step].needs.some((need) => need === row.step || dependent(need));
    for (const one of found) {
      if (dependent(one.step)) expect(one, one.step).toMatchObject({ state: 'skipped' });
    }
    expect(passed(found)).toBe(false);
    expect(new Set(found.map(({ step }) => step))).toEqual(new Set(planOf(setting.server)));
    const printed = JSON.stringify(found);
    expect(printed).not.toContain(SECRET);
    expect(printed).not.toMatch(/eyJ[\w-]{20,}|Bearer/);
  });
});

describe('a tenant without faults', () => {
  it('passes for IMAP, changes no flag and leaves no session open', async () => {
    const { mailboxes } = fixture.sandbox;
    mailboxes.createFolder(SHARED, 'Queued');
    const uid = mailboxes.append(SHARED, 'From: k@x.example\r\nSubject: a\r\n\r\nb\r\n');
    const found = await check({ server: imap({ afterQueued: { action: 'move', folder: 'Queued' } }) });
    expect(found.filter(({ informational }) => !informational).map(({ step, state }) => `${step} ${state}`)).toEqual(
      planOf({ type: 'IMAP' })
        .filter((step) => step !== 'pop3')
        .map((step) => `${step} ok`),
    );
    expect(found.find(({ step }) => step === 'pop3')).toMatchObject({
      state: 'failed',
      informational: true,
      failure: { code: 'CHECK_POP3_UNREACHABLE' },
    });
    expect(passed(found)).toBe(true);
    expect(mailboxes.list(SHARED).find((one) => one.uid === uid)?.flags).toEqual([]);
    expect(found.find(({ step }) => step === 'token')?.detail?.en).toContain('IMAP.AccessAsApp');
  });

  it('sends nothing without --send-probe, and states that in the result', async () => {
    const before = fixture.sandbox.submissions().length;
    const found = await check({ server: smtp() });
    expect(passed(found)).toBe(true);
    expect(found.find(({ step }) => step === 'sendAs')).toMatchObject({
      state: 'skipped',
      detail: { en: expect.stringContaining('--send-probe'), de: expect.stringContaining('--send-probe') },
    });
    expect(found.find(({ step }) => step === 'smtpSize')?.detail?.en).toContain('150 MB');
    expect(fixture.sandbox.submissions()).toHaveLength(before);
  });

  it.each([{}, { milliseconds: 200 }])('proves Send As by a mail to itself, and finds the copy %o', async (late) => {
    if (late.milliseconds) fixture.sandbox.faults.set({ name: 'lateSentCopy', ...late });
    const before = fixture.sandbox.submissions().length;
    const found = await check({ server: smtp(), deps: { sendProbe: true } });
    expect(found.filter(({ state }) => state === 'failed')).toEqual([]);
    expect(found.find(({ step }) => step === 'sendAs')).toMatchObject({ state: 'ok', from: SHARED });
    expect(found.find(({ step }) => step === 'sentCopy')).toMatchObject({ state: 'ok', detail: { en: 'Sent Items' } });
    const [sent] = fixture.sandbox.submissions().slice(before);
    expect(sent?.raw.toString()).toMatch(/^Auto-Submitted: auto-generated\r$/m);
  });

  it('retries once with a new token when the first one is refused, as the gateway does', async () => {
    fixture.sandbox.faults.set({ name: 'authFailed', times: 1 });
    expect(passed(await check({ server: imap() }))).toBe(true);
  });

  it('checks a server with a password as well', async () => {
    const authentication = { type: 'Password', password: 'alex-password' } as const;
    const found = await check({ server: imap({ user: ALEX, authentication }), others: [smtp({ user: ALEX })] });
    expect(found.find(({ step }) => step === 'token')).toMatchObject({ state: 'skipped' });
    expect(passed(found)).toBe(true);
  });
});

it('every fix in the table exists in both languages', () => {
  for (const [, { code }] of rows) expect(catalogue[code].hint.de.length).toBeGreaterThan(8);
});
