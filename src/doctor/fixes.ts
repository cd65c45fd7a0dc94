// The exact fix for a failed step, with the real names, in German and English: Microsoft's PowerShell lines and portal paths for Microsoft's
// hosts only (mail-provider.ts), general advice for other servers, otherwise the catalogue's hint. Sources: docs/exchange-online.md §1, §3, §5, §9. Pure.
import { type ErrorCode, hintFor } from '../domain/catalogue/index.ts';
import type { MailProvider } from '../domain/mail-provider.ts';
import type { Words } from '../domain/words.ts';
import { fill } from '../lib/text.ts';
import { oauthFixes } from './fixes-oauth.ts';

export interface FixNames {
  provider: MailProvider;
  server: string;
  host: string;
  port: number;
  /** User of the email server: the shared mailbox (IMAP, app-only), or the person (delegated SMTP). */
  user: string;
  signIn: 'appOnly' | 'delegated' | 'password' | 'none';
  /** Delegated: who signs in. */
  person: string;
  from: string;
  folder: string;
  application: string;
  clientId: string;
  tenant: string;
  /** Link for the administrator's consent. */
  consentUrl: string;
  /** Permission that the protocol needs. */
  permission: string;
  /** Object id of the service principal, if the token contained it. */
  objectId?: string | undefined;
}

/** A fix, or one for each sign-in method. */
type Fix = Words | Readonly<Record<'appOnly' | 'delegated', Words>>;

const servicePrincipal = 'New-ServicePrincipal -AppId {clientId} -ObjectId {objectId}';
const fullAccessFor = (objectId: string) =>
  `Add-MailboxPermission -Identity "{user}" -User ${objectId} -AccessRights FullAccess`;
const fullAccessForApp = fullAccessFor('{sameObjectId}');
const fullAccessForPerson =
  'Add-MailboxPermission -Identity "{user}" -User "{person}" -AccessRights FullAccess -AutoMapping $false';
/** Placeholder for an object id that is not known yet. */
const unknownObject = {
  en: {
    objectId:
      '<Object ID from Entra admin center > Enterprise applications > {application} > Overview; not that of the app registration>',
    sameObjectId: '<the same Object ID>',
  },
  de: {
    objectId:
      '<Objekt-ID aus Entra Admin Center > Unternehmensanwendungen > {application} > Übersicht; nicht die der App-Registrierung>',
    sameObjectId: '<dieselbe Objekt-ID>',
  },
};
const imapEnabled = 'Set-CASMailbox -Identity "{user}" -ImapEnabled $true';

const signInFix: Fix = {
  appOnly: {
    en: `${servicePrincipal}; ${fullAccessForApp}; ${imapEnabled}. Admin consent for {permission}: {consentUrl}`,
    de: `${servicePrincipal}; ${fullAccessForApp}; ${imapEnabled}. Administratorzustimmung für {permission}: {consentUrl}`,
  },
  delegated: {
    en: `Check that User is the shared mailbox {user} and that {person} signed in; ${fullAccessForPerson}; ${imapEnabled}. Consent to {permission}: {consentUrl}, then: mailroom login "{server}"`,
    de: `Prüfen Sie, dass User das gemeinsame Postfach {user} ist und sich {person} angemeldet hat; ${fullAccessForPerson}; ${imapEnabled}. Zustimmung zu {permission}: {consentUrl}, danach: mailroom login "{server}"`,
  },
};

const microsoftFixes: Readonly<Partial<Record<ErrorCode, Fix>>> = {
  ...oauthFixes,
  IMAP_AUTH_FAILED: signInFix,
  IMAP_TOKEN_REFUSED: signInFix,
  IMAP_NOT_CONNECTED: {
    appOnly: {
      en: `${fullAccessFor('{objectId}')} (or, if it exists already: Get-MailboxPermission -Identity "{user}"); ${imapEnabled}. It may take 30 minutes to work. Microsoft 365 admin center > Health > Service health.`,
      de: `${fullAccessFor('{objectId}')} (oder, falls vorhanden: Get-MailboxPermission -Identity "{user}"); ${imapEnabled}. Es kann 30 Minuten dauern. Microsoft 365 Admin Center > Integrität > Dienststatus.`,
    },
    delegated: {
      en: `${fullAccessForPerson}; ${imapEnabled}. It may take 30 minutes to work. Microsoft 365 admin center > Health > Service health.`,
      de: `${fullAccessForPerson}; ${imapEnabled}. Es kann 30 Minuten dauern. Microsoft 365 Admin Center > Integrität > Dienststatus.`,
    },
  },
  IMAP_SERVER_UNAVAILABLE: {
    en: 'Microsoft 365 admin center > Health > Service health. If it lasts: is IMAP enabled (Get-CASMailbox -Identity "{user}" | fl ImapEnabled), and is Authentication Type of {server} OAuth2?',
    de: 'Microsoft 365 Admin Center > Integrität > Dienststatus. Hält es an: Ist IMAP aktiviert (Get-CASMailbox -Identity "{user}" | fl ImapEnabled), und steht Authentication Type von {server} auf OAuth2?',
  },
  IMAP_CONNECTION_CLOSED: {
    en: '{host}:{port} closed the connection. If it repeats: Microsoft 365 admin center > Health > Service health, and Entra admin center > Sign-in logs.',
    de: '{host}:{port} hat die Verbindung geschlossen. Wiederholt es sich: Microsoft 365 Admin Center > Integrität > Dienststatus, und Entra Admin Center > Anmeldeprotokolle.',
  },
  IMAP_SILENT: {
    en: '{host}:{port} does not answer in time: look for a firewall or proxy in between, and at Microsoft 365 admin center > Health > Service health.',
    de: '{host}:{port} antwortet nicht rechtzeitig: Suchen Sie Firewall oder Proxy dazwischen, und sehen Sie nach Microsoft 365 Admin Center > Integrität > Dienststatus.',
  },
  IMAP_FOLDER_MISSING: {
    en: 'Correct Folder of {server} ("{folder}"), or create the folder in the mailbox {user}. Names are localized; list: Get-MailboxFolderStatistics -Identity "{user}" | ft FolderPath',
    de: 'Korrigieren Sie den Ordner von {server} („{folder}“), oder legen Sie ihn im Postfach {user} an. Namen sind übersetzt; Liste: Get-MailboxFolderStatistics -Identity "{user}" | ft FolderPath',
  },
  IMAP_HOST_UNKNOWN: {
    en: 'Correct Host of {server} ("{host}"; Exchange Online: outlook.office365.com), or the DNS of this machine: nslookup {host}',
    de: 'Korrigieren Sie Host von {server} („{host}“; Exchange Online: outlook.office365.com), oder die Namensauflösung dieser Maschine: nslookup {host}',
  },
  SMTP_UNREACHABLE: {
    en: 'Correct Host and Port of {server} ({host}:{port}; Exchange Online: smtp.office365.com:587), or let the firewall allow outgoing TCP {port} to {host}: Test-NetConnection {host} -Port {port}',
    de: 'Korrigieren Sie Host und Port von {server} ({host}:{port}; Exchange Online: smtp.office365.com:587), oder lassen Sie in der Firewall ausgehend TCP {port} zu {host} zu: Test-NetConnection {host} -Port {port}',
  },
  SMTP_AUTH_FAILED: {
    appOnly: {
      en: `User must be the mailbox itself, {user}. ${servicePrincipal}; ${fullAccessForApp}. Admin consent for {permission}: {consentUrl}`,
      de: `User muss das Postfach selbst sein, {user}. ${servicePrincipal}; ${fullAccessForApp}. Administratorzustimmung für {permission}: {consentUrl}`,
    },
    delegated: {
      en: 'User must be the person {person}, never the shared mailbox. Set-CASMailbox -Identity "{person}" -SmtpClientAuthenticationDisabled $false. Consent to {permission}: {consentUrl}, then: mailroom login "{server}"',
      de: 'User muss die Person {person} sein, nie das gemeinsame Postfach. Set-CASMailbox -Identity "{person}" -SmtpClientAuthenticationDisabled $false. Zustimmung zu {permission}: {consentUrl}, danach: mailroom login "{server}"',
    },
  },
  SMTP_PROXY_TROUBLE: {
    en: 'Microsoft 365 admin center > Health > Service health, if it lasts for hours; {server} retries automatically.',
    de: 'Microsoft 365 Admin Center > Integrität > Dienststatus, wenn es Stunden anhält; {server} versucht es automatisch wieder.',
  },
  SMTP_TRANSIENT: {
    en: 'This is a temporary failure of {host}; run the check again. If it lasts: Microsoft 365 admin center > Health > Service health.',
    de: 'Ein vorübergehender Fehler von {host}; wiederholen Sie die Prüfung. Hält es an: Microsoft 365 Admin Center > Integrität > Dienststatus.',
  },
};

/** A certificate that is not trusted has a fix of its own (common-steps.ts). */
const noTls: Words = {
  en: 'Check that TLS of {server} fits port {port} of {host}: implicit begins with TLS (IMAP 993, SMTP 465), starttls begins in plain text (IMAP 143, SMTP 587), and enabled chooses by the port.',
  de: 'Prüfen Sie, ob TLS von {server} zu Port {port} von {host} passt: implicit beginnt mit TLS (IMAP 993, SMTP 465), starttls im Klartext (IMAP 143, SMTP 587), und enabled wählt nach dem Port.',
};

/** What applies regardless of who runs the server. */
const generalFixes: Readonly<Partial<Record<ErrorCode, Words>>> = {
  IMAP_THROTTLED: {
    en: 'Use fewer other IMAP clients on {user}; fetching resumes automatically.',
    de: 'Verringern Sie andere IMAP-Clients an {user}; der Abruf wird automatisch fortgesetzt.',
  },
  IMAP_TLS_FAILED: noTls,
  SMTP_TLS_FAILED: noTls,
  IMAP_UNREACHABLE: {
    en: 'Correct Port of {server}, or let the firewall allow outgoing TCP {port} to {host}: Test-NetConnection {host} -Port {port}',
    de: 'Korrigieren Sie Port von {server}, oder lassen Sie in der Firewall ausgehend TCP {port} zu {host} zu: Test-NetConnection {host} -Port {port}',
  },
  IMAP_CONNECTION_CLOSED: {
    en: '{host}:{port} closed the connection. If it repeats, look at the mail server log for this time.',
    de: '{host}:{port} hat die Verbindung geschlossen. Wiederholt es sich, sehen Sie im Protokoll des Mailservers zu dieser Zeit nach.',
  },
  IMAP_SILENT: {
    en: '{host}:{port} does not answer in time: look for a firewall or proxy in between, and check that TLS of {server} fits the port.',
    de: '{host}:{port} antwortet nicht rechtzeitig: Suchen Sie Firewall oder Proxy dazwischen, und ob TLS von {server} zum Port passt.',
  },
  IMAP_FOLDER_MISSING: {
    en: 'Set Folder of {server} (now "{folder}") to one of those listed, or create the folder in the mailbox {user}.',
    de: 'Korrigieren Sie den Ordner von {server} („{folder}“) auf einen der genannten, oder legen Sie ihn im Postfach {user} an.',
  },
  IMAP_HOST_UNKNOWN: {
    en: 'Correct Host of {server} ("{host}"), or the DNS of this machine: nslookup {host}',
    de: 'Korrigieren Sie Host von {server} („{host}“), oder die Namensauflösung dieser Maschine: nslookup {host}',
  },
  SMTP_UNREACHABLE: {
    en: 'Correct Host and Port of {server} ({host}:{port}), or let the firewall allow outgoing TCP {port} to {host}: nc -vz {host} {port}',
    de: 'Korrigieren Sie Host und Port von {server} ({host}:{port}), oder lassen Sie in der Firewall ausgehend TCP {port} zu {host} zu: nc -vz {host} {port}',
  },
  SMTP_TRANSIENT: {
    en: 'This is a temporary failure of {host}; run the check again. If it lasts, look at the log of {host}.',
    de: 'Ein vorübergehender Fehler von {host}; wiederholen Sie die Prüfung. Hält es an, sehen Sie im Protokoll von {host} nach.',
  },
};

/** What to do about a code, with the real names. */
export function fixOf(code: ErrorCode, names: FixNames): Words {
  const { provider, signIn } = names;
  const own = provider === 'microsoft' ? microsoftFixes[code] : undefined;
  const bySignIn =
    own === undefined || 'en' in own ? own : signIn === 'appOnly' || signIn === 'delegated' ? own[signIn] : undefined;
  // Password sign-in at Microsoft has no steps of its own: the catalogue has the hint.
  const fix = bySignIn ?? (own === undefined ? generalFixes[code] : undefined) ?? hintFor(code, provider);
  const { objectId } = names;
  const known = objectId === undefined ? undefined : { objectId, sameObjectId: objectId };
  const filled = (language: 'en' | 'de') => {
    const ids = known ?? unknownObject[language];
    return fill(fill(fix[language], ids), { ...names });
  };
  return { en: filled('en'), de: filled('de') };
}
