// Words of the wizard that connects a shared mailbox, and of the checklist of an empty installation, in English and German.
import type { Words } from './words.ts';

export const connectWords = {
  connect: { en: 'Connect a shared mailbox', de: 'Gemeinsames Postfach verbinden' },
  connectLead: {
    en: 'Makes the two email servers of a shared mailbox in one go: IMAP for its emails, SMTP for the replies. Nothing is saved before the last step.',
    de: 'Legt die beiden E-Mail Server eines gemeinsamen Postfachs in einem Zug an: IMAP für seine E-Mails, SMTP für die Antworten. Gespeichert wird erst im letzten Schritt.',
  },
  connectStep: { en: 'Step {at} of {of}', de: 'Schritt {at} von {of}' },
  'connect-mailbox': { en: 'Mailbox', de: 'Postfach' },
  'connect-signIn': { en: 'Sign-in and permissions', de: 'Anmeldung und Berechtigungen' },
  'connect-flow': { en: 'Email Flow and From addresses', de: 'Email Flow und Von-Adressen' },
  'connect-review': { en: 'Check and create', de: 'Prüfen und anlegen' },
  kind: { en: 'Mail service', de: 'E-Mail-Dienst' },
  'kind-microsoft': { en: 'Microsoft 365', de: 'Microsoft 365' },
  'kind-other': { en: 'Another server (user name and password)', de: 'Anderer Server (Benutzername und Kennwort)' },
  mailboxAddress: { en: 'Address of the shared mailbox', de: 'Adresse des gemeinsamen Postfachs' },
  serversNameHelp: {
    en: 'The email servers are called “… IMAP” and “… SMTP”. Empty: the part of the address before the @.',
    de: 'Die E-Mail Server heißen „… IMAP“ und „… SMTP“. Leer: der Teil der Adresse vor dem @.',
  },
  hosts: { en: 'Hosts and ports', de: 'Hosts und Ports' },
  imapHost: { en: 'Host (IMAP)', de: 'Host (IMAP)' },
  imapPort: { en: 'Port (IMAP)', de: 'Port (IMAP)' },
  smtpHost: { en: 'Host (SMTP)', de: 'Host (SMTP)' },
  smtpPort: { en: 'Port (SMTP)', de: 'Port (SMTP)' },
  personHelp: {
    en: 'Needs Full Access to the shared mailbox and Send As. Its User signs in at the SMTP server.',
    de: 'Braucht Vollen Zugriff (Full Access) auf das gemeinsame Postfach und „Senden als“. Mit diesem User meldet sich der SMTP-Server an.',
  },
  login: { en: 'User name to sign in with', de: 'Benutzername für die Anmeldung' },
  registerTitle: { en: 'No application yet: register one', de: 'Noch keine Anwendung: eine registrieren' },
  registerSteps: {
    en: 'Entra admin center > App registrations > New registration, this organisation only; Redirect URI (Web): {redirect}; API permissions > Office 365 Exchange Online: for sign-in as an application IMAP.AccessAsApp and SMTP.SendAsApp, for delegated sign-in IMAP.AccessAsUser.All and SMTP.Send; Grant admin consent; Certificates & secrets: a certificate or a federated credential, else a client secret; the operators enter tenant, client id and that under oauthApplications in the configuration; every click, and the PowerShell for it: docs/en/shared-mailbox-microsoft-365.md',
    de: 'Entra Admin Center > App-Registrierungen > Neue Registrierung, nur diese Organisation; Umleitungs-URI (Web): {redirect}; API-Berechtigungen > Office 365 Exchange Online: für die Anmeldung als Anwendung IMAP.AccessAsApp und SMTP.SendAsApp, für die delegierte Anmeldung IMAP.AccessAsUser.All und SMTP.Send; Administratorzustimmung erteilen; Zertifikate & Geheimnisse: ein Zertifikat oder Verbundanmeldeinformationen, sonst ein geheimer Clientschlüssel; der Betrieb trägt Mandant, Client-ID und dies unter oauthApplications in der Konfiguration ein; jeder Klick und die PowerShell dazu: docs/de/gemeinsames-postfach-microsoft-365.md',
  },
  powerShell: { en: 'PowerShell for these names', de: 'PowerShell für diese Namen' },
  powerShellHelp: {
    en: 'An Exchange administrator runs this once. New permissions may take up to half an hour. Click paths: docs/en/shared-mailbox-microsoft-365.md.',
    de: 'Ein Exchange-Administrator führt dies einmal aus. Neue Berechtigungen können bis zu einer halben Stunde brauchen. Klickwege: docs/de/gemeinsames-postfach-microsoft-365.md.',
  },
  powerShellLater: {
    en: 'Fill in the person and choose “Update commands”.',
    de: 'Tragen Sie die Person ein, und wählen Sie „Befehle aktualisieren“.',
  },
  updateCommands: { en: 'Update commands', de: 'Befehle aktualisieren' },
  copyText: { en: 'Copy commands', de: 'Befehle kopieren' },
  copied: { en: 'Copied.', de: 'Kopiert.' },
  objectId: {
    en: '<Object ID from Entra > Enterprise applications>',
    de: '<Objekt-ID aus Entra > Unternehmensanwendungen>',
  },
  clientId: { en: '<Application (client) ID>', de: '<Anwendungs-ID (Client)>' },
  fromAddresses: { en: 'From addresses', de: 'Von-Adressen' },
  fromAddressesHelp: {
    en: 'Addresses that agents may send from, one a line; the shared address among them, else replies leave from the personal address.',
    de: 'Adressen, mit denen Agenten senden dürfen, je Zeile eine; die gemeinsame Adresse gehört dazu, sonst gehen Antworten mit der persönlichen Adresse.',
  },
  connectBack: { en: 'Back', de: 'Zurück' },
  connectNext: { en: 'Continue', de: 'Weiter' },
  connectCreate: { en: 'Create both email servers', de: 'Beide E-Mail Server anlegen' },
  connectRest: { en: 'Create the SMTP server', de: 'SMTP-Server anlegen' },
  connectHalf: {
    en: '“{name}” was created, the SMTP server was not. Correct the cause and continue; nothing is created twice.',
    de: '„{name}“ wurde angelegt, der SMTP-Server nicht. Beheben Sie die Ursache, und machen Sie weiter; nichts wird doppelt angelegt.',
  },
  connectReview: {
    en: 'Both servers are created and enabled now:',
    de: 'Beide Server werden jetzt angelegt und aktiviert:',
  },
  passwordNowHelp: {
    en: 'Used for both servers, stored encrypted.',
    de: 'Für beide Server, verschlüsselt gespeichert.',
  },
  connectErrors: { en: 'Please correct:', de: 'Bitte korrigieren:' },
  connectDone: { en: 'Both email servers are there', de: 'Beide E-Mail Server sind angelegt' },
  connectDoneLead: {
    en: 'Now sign in where a person has to, test both, and send one mail there and back.',
    de: 'Melden Sie sich nun an, wo eine Person nötig ist, testen Sie beide, und senden Sie eine E-Mail hin und zurück.',
  },
  nextTest: { en: 'Test both, step by step', de: 'Beide Schritt für Schritt testen' },
  nextTrip: { en: 'One mail there and back', de: 'Eine E-Mail hin und zurück' },
  nextFinish: { en: 'Finished: the overview', de: 'Fertig: zur Übersicht' },
  testBoth: { en: 'Test both', de: 'Beide testen' },
  tripHelp: {
    en: 'A real email leaves from the shared address. Answer it: the answer has to arrive in the Email Flow. Sent to the shared address itself, it comes back without an answer.',
    de: 'Eine echte E-Mail geht mit der gemeinsamen Adresse ab. Beantworten Sie sie: Die Antwort muss im Email Flow ankommen. An die gemeinsame Adresse selbst gesendet, kommt sie ohne Antwort zurück.',
  },
  tripTo: { en: 'Send to', de: 'Senden an' },
  tripSend: { en: 'Send test mail', de: 'Test-E-Mail senden' },
  'trip-queued': { en: 'Handed in; waits for its turn', de: 'Übergeben; wartet, bis sie an der Reihe ist' },
  'trip-accepted': { en: 'Accepted by the mail server', de: 'Vom E-Mail Server angenommen' },
  'trip-failed': { en: 'Not sent', de: 'Nicht gesendet' },
  'trip-wait': {
    en: 'Answer awaited in the Email Flow “{flow}” …',
    de: 'Antwort im Email Flow „{flow}“ wird erwartet …',
  },
  'trip-arrived': {
    en: 'Arrived in the Email Flow “{flow}”: the way there and back works.',
    de: 'Im Email Flow „{flow}“ angekommen: Hin- und Rückweg funktionieren.',
  },
  lookAgain: { en: 'Look again', de: 'Erneut nachsehen' },
  setUp: { en: 'Set up Mailroom', de: 'Mailroom einrichten' },
  setUpLead: {
    en: 'No email server is defined yet. Three steps to the first shared mailbox:',
    de: 'Noch ist kein E-Mail Server definiert. Drei Schritte bis zum ersten gemeinsamen Postfach:',
  },
  setUpApplication: {
    en: 'OAuth2 application (Microsoft 365)',
    de: 'OAuth2-Anwendung (Microsoft 365)',
  },
  setUpApplicationThere: { en: 'Configured: {names}', de: 'Eingerichtet: {names}' },
  setUpApplicationMissing: {
    en: 'None yet. Needed for Microsoft 365 only; the wizard says what to register.',
    de: 'Noch keine. Nur für Microsoft 365 nötig; der Assistent sagt, was zu registrieren ist.',
  },
  setUpTest: {
    en: 'Test both servers, and one mail there and back',
    de: 'Beide Server testen, eine E-Mail hin und zurück',
  },
  setUpAsk: { en: 'An administrator of Mailroom does this.', de: 'Das erledigt die Administration von Mailroom.' },
} as const satisfies Words;
