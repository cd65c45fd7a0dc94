// Error catalogue, section imap: what the inbound side can meet. Rows of docs/exchange-online.md §9.
import { entry, google, microsoft, section } from './entry.ts';

export const imapErrors = section({
  IMAP_AUTH_FAILED: entry('auth', 'renew-token')(
    'The server refused the sign-in',
    'Check User and password of the email server, that the server lets this user sign in by IMAP, and that it supports the Authentication Type.',
    'Prüfen Sie User und Kennwort des E-Mail Servers, ob der Server diesen Benutzer per IMAP anmeldet, und ob er den Authentication Type annimmt.',
    microsoft(
      'Check User (the shared mailbox address), admin consent for IMAP.AccessAsApp, that New-ServicePrincipal was given the Enterprise Application object ID, and that IMAP is enabled for the mailbox (Set-CASMailbox -ImapEnabled $true).',
      'Prüfen Sie User (die Adresse des gemeinsamen Postfachs), die Administratorzustimmung für IMAP.AccessAsApp, dass New-ServicePrincipal die Objekt-ID der Unternehmensanwendung bekam, und dass IMAP für das Postfach aktiviert ist (Set-CASMailbox -ImapEnabled $true).',
    ),
    google(
      'Check User. With a password, use an app password (myaccount.google.com/apppasswords), not the account password; with OAuth2, use the scope https://mail.google.com/. IMAP must be enabled: Admin console > Apps > Google Workspace > Gmail > End User Access.',
      'Prüfen Sie User. Verwenden Sie mit Kennwort ein App-Passwort (myaccount.google.com/apppasswords), nicht das des Kontos; mit OAuth2 den Bereich https://mail.google.com/. IMAP muss aktiviert sein: Admin-Konsole > Apps > Google Workspace > Gmail > Endnutzerzugriff.',
    ),
  ),
  IMAP_NOT_CONNECTED: entry('permission', 'back-off')(
    'Signed in, but the mailbox does not open',
    'Give the signed-in account the right to open this mailbox (ACL, shared mailbox, master user), or set User to the mailbox itself.',
    'Geben Sie dem Konto, das sich anmeldet, das Recht auf dieses Postfach (ACL, gemeinsames Postfach, Master-Benutzer), oder setzen Sie User auf das Postfach selbst.',
    microsoft(
      'Grant Full Access on the mailbox (Add-MailboxPermission -AccessRights FullAccess), enable IMAP for it, and look at the service health; the problem may also resolve itself.',
      'Erteilen Sie Vollen Zugriff (Full Access) auf das Postfach (Add-MailboxPermission -AccessRights FullAccess), aktivieren Sie IMAP dafür, und sehen Sie nach dem Dienststatus; es kann auch von allein vergehen.',
    ),
  ),
  IMAP_TOKEN_REFUSED: entry('auth', 'renew-token')(
    'The server refused the access token',
    'The token is expired or was issued for another scope; a new one is fetched. If it repeats, check the API permissions of the application.',
    'Das Token ist abgelaufen oder für einen anderen Geltungsbereich; ein neues wird geholt. Wiederholt es sich, prüfen Sie die API-Berechtigungen der Anwendung.',
  ),
  IMAP_TOKEN_EXPIRED: entry('auth', 'renew-token')(
    'The session ended because its access token expired; reconnecting with a new one',
    'Nothing to do; this is normal.',
    'Nichts zu tun; das ist normal.',
  ),
  IMAP_THROTTLED: entry('throttle', 'back-off')(
    'The server throttles this mailbox',
    'Use fewer other IMAP clients on this mailbox. Fetching resumes automatically, after the time that the server asked for, if any.',
    'Verringern Sie andere IMAP-Clients an diesem Postfach; der Abruf wird automatisch fortgesetzt, nach der Zeit, die der Server nennt, falls er eine nennt.',
  ),
  IMAP_CONNECTION_LIMIT: entry('throttle', 'back-off')(
    'The server allows no more connections for this user or from this address',
    'Close other mail clients of this user, or raise the limit of the server (Dovecot: mail_max_userip_connections; Courier: MAXPERIP). Mailroom holds one connection per mailbox, and briefly a second one while it renews the first. User and password are not the cause.',
    'Schließen Sie andere Mailprogramme dieses Benutzers, oder erhöhen Sie die Grenze des Servers (Dovecot: mail_max_userip_connections; Courier: MAXPERIP). Mailroom hält eine Verbindung je Postfach, und kurz eine zweite, wenn es sie erneuert. User und Kennwort sind nicht der Grund.',
    microsoft(
      'Exchange Online allows about 16 to 20 IMAP connections per account. Use app-only sign-in, or spread the mailboxes over several people; close other IMAP clients.',
      'Exchange Online erlaubt etwa 16 bis 20 IMAP-Verbindungen je Konto. Verwenden Sie die Anmeldung „Als Anwendung“, oder verteilen Sie die Postfächer auf mehrere Personen; schließen Sie andere IMAP-Clients.',
    ),
    google(
      'Gmail allows 15 IMAP connections per account: close other mail clients.',
      'Gmail erlaubt 15 IMAP-Verbindungen je Konto: schließen Sie andere Mailprogramme.',
    ),
  ),
  IMAP_MAILBOX_IN_USE: entry('transient', 'retry')(
    'Another session locks what the server needs; retrying',
    'Nothing to do. If it repeats, look for another program that locks the mailbox (a POP3 client, a backup).',
    'Nichts zu tun. Wiederholt es sich, suchen Sie ein anderes Programm, das das Postfach sperrt (ein POP3-Client, eine Sicherung).',
  ),
  IMAP_CREDENTIALS_EXPIRED: entry('auth', 'renew-token')(
    'The password or token of this user has expired',
    'Set a new password for User and enter it in the email server; a token is renewed automatically.',
    'Setzen Sie ein neues Kennwort für User, und tragen Sie es beim E-Mail Server ein; ein Token wird automatisch erneuert.',
  ),
  IMAP_TLS_REQUIRED: entry('permanent', 'back-off')(
    'The server refuses sign-in without TLS',
    'Set TLS of the email server to starttls or implicit, with the Port that belongs to it.',
    'Setzen Sie TLS des E-Mail Servers auf starttls oder implicit, mit dem zugehörigen Port.',
  ),
  IMAP_CONTACT_ADMIN: entry('permanent', 'back-off')(
    'The server wants this user to contact its administrator',
    "Read the server's words; its administrator has locked this user or requires an action.",
    'Siehe die Antwort des Servers; dessen Administrator hat den Benutzer gesperrt oder erwartet etwas von ihm.',
  ),
  IMAP_NO_PERMISSION: entry('permission', 'back-off')(
    'The signed-in user lacks the required right on the folder',
    'Give the user the rights to read, and for afterQueued also to flag and delete messages in the folder (IMAP ACL lrswte), or set afterQueued to leave.',
    'Geben Sie dem Benutzer die Rechte zum Lesen, und für afterQueued auch zum Markieren und Löschen in dem Ordner (IMAP-ACL lrswte), oder setzen Sie afterQueued auf leave.',
  ),
  IMAP_SERVER_BUG: entry('transient', 'back-off')(
    'The server reports an internal error',
    "Look at the mail server's log for this time; Mailroom retries.",
    'Sehen Sie im Protokoll des Mailservers zu dieser Zeit nach; Mailroom versucht es wieder.',
  ),
  IMAP_SERVER_CORRUPTION: entry('permanent', 'back-off')(
    'The server reports damaged data in this mailbox',
    'Have the mailbox repaired on the server (Dovecot: doveadm force-resync; Cyrus: reconstruct). Mailroom retries.',
    'Lassen Sie das Postfach auf dem Server reparieren (Dovecot: doveadm force-resync; Cyrus: reconstruct). Mailroom versucht es wieder.',
  ),
  IMAP_MAILBOX_FULL: entry('permanent', 'warn')(
    'The mailbox is over its quota; the server refuses to store anything in it',
    'Free space in the mailbox, Sent included, or raise its quota.',
    'Schaffen Sie Platz im Postfach, auch in „Gesendete Elemente“, oder erhöhen Sie das Kontingent.',
  ),
  IMAP_COMMAND_IMPOSSIBLE: entry('permanent', 'back-off')(
    'The server reports that it can never do what was requested',
    "Read the server's words. If the definition asks for nothing unusual (folder, afterQueued), report it.",
    'Siehe die Antwort des Servers. Verlangt die Definition nichts Ungewöhnliches (Ordner, afterQueued), melden Sie es.',
  ),
  IMAP_CONNECTION_CLOSED: entry('transient', 'retry')(
    'The server closed the connection',
    'Mailroom reconnects automatically. If it repeats, look at the errors just before it.',
    'Die Verbindung wird neu aufgebaut. Wiederholt es sich, sehen Sie sich die Fehler unmittelbar davor an.',
  ),
  IMAP_SERVER_UNAVAILABLE: entry('transient', 'back-off')(
    'The server reports that it is unavailable',
    'Check whether the mail server, or the user directory behind it, is up; Mailroom retries.',
    'Prüfen Sie, ob der Mailserver oder das Benutzerverzeichnis dahinter läuft; Mailroom versucht es wieder.',
    microsoft(
      'Look at the service health. At sign-in it may also mean that a basic password was used where OAuth2 is required.',
      'Sehen Sie nach dem Dienststatus. Bei der Anmeldung kann es auch ein einfaches Kennwort bedeuten, wo OAuth2 verlangt ist.',
    ),
  ),
  IMAP_MESSAGE_SET_INVALID: entry('transient', 'retry')(
    'The server says the message set is invalid; the folder is opened again',
    'Nothing to do.',
    'Nichts zu tun.',
  ),
  IMAP_EMPTY_FETCH: entry('transient', 'retry')(
    'The server answered OK but returned no data for an existing message; retrying for an hour',
    'Open the message in another mail program. Mailroom retries.',
    'Öffnen Sie die Nachricht in einem anderen Mailprogramm. Mailroom versucht es wieder.',
    microsoft(
      'Open the message in Outlook on the web. Mailroom retries.',
      'Öffnen Sie die Nachricht in Outlook im Web. Mailroom versucht es wieder.',
    ),
  ),
  IMAP_POISON_MESSAGE: entry('permanent', 'quarantine')(
    'The server returns a replacement text instead of this message',
    'Open the message in another mail program, or move it out of the folder and back.',
    'Öffnen Sie die Nachricht in einem anderen Mailprogramm, oder verschieben Sie sie aus dem Ordner und zurück.',
    microsoft(
      'Open the message in Outlook on the web, or move it out of the folder and back.',
      'Öffnen Sie die Nachricht in Outlook im Web, oder verschieben Sie sie aus dem Ordner und zurück.',
    ),
  ),
  IMAP_UNREACHABLE: entry('transient', 'retry')(
    'The server cannot be reached',
    'Check Host and Port, and that the firewall allows outgoing connections to this port.',
    'Prüfen Sie Host und Port, und dass die Firewall ausgehende Verbindungen zu diesem Port erlaubt.',
  ),
  IMAP_HOST_UNKNOWN: entry('transient', 'retry')(
    'The host name does not resolve',
    'Check Host, and DNS on this machine.',
    'Prüfen Sie Host und die Namensauflösung dieser Maschine.',
  ),
  IMAP_TLS_FAILED: entry('permanent', 'back-off')(
    'No trusted TLS connection',
    'Check Host (the certificate must name it), Port, and the CA of the certificate.',
    'Prüfen Sie Host (das Zertifikat muss ihn nennen), Port und die Zertifizierungsstelle.',
  ),
  IMAP_SILENT: entry('transient', 'retry')(
    'The server did not answer in time; the connection is treated as dead',
    'Mailroom reconnects automatically.',
    'Die Verbindung wird neu aufgebaut.',
  ),
  IMAP_FOLDER_MISSING: entry('permanent', 'back-off')(
    'The folder does not exist in this mailbox',
    'Set the folder of the email server to one of those listed, or create it. Names are localized: "Gesendete Elemente" is not "Sent Items".',
    'Korrigieren Sie den Ordner des E-Mail Servers auf einen der genannten, oder legen Sie ihn an. Namen sind übersetzt: „Gesendete Elemente“ ist nicht „Sent Items“.',
  ),
  IMAP_UIDVALIDITY_MISSING: entry('permanent', 'back-off')(
    'The server returns no UIDVALIDITY for this folder, so its messages cannot be identified reliably',
    'The folder has no persistent UIDs (RFC 3501, section 6.3.1). Use another folder or another IMAP server.',
    'Der Ordner hat keine dauerhaften UIDs (RFC 3501, Abschnitt 6.3.1). Verwenden Sie einen anderen Ordner oder einen anderen IMAP-Server.',
  ),
  IMAP_SESSION_STALE: entry('transient', 'retry')(
    'The session does not see what the server reports about the folder; reconnecting',
    'Nothing to do: Mailroom opens a new session. If it repeats, look at the log of the IMAP server.',
    'Nichts zu tun: eine neue Sitzung wird geöffnet. Wiederholt es sich, sehen Sie im Protokoll des IMAP-Servers nach.',
  ),
  IMAP_MOVE_UNSUPPORTED: entry('permanent', 'back-off')(
    'The server offers neither MOVE nor UIDPLUS; moving a message would also delete messages of other people',
    'Set afterQueued to leave or seen. Without MOVE or UIDPLUS, only a plain EXPUNGE remains, which removes every message that anybody has marked as deleted.',
    'Setzen Sie afterQueued auf leave oder seen. Ohne MOVE oder UIDPLUS bleibt nur ein einfaches EXPUNGE, das jede als gelöscht markierte Nachricht entfernt, gleich wer sie markiert hat.',
  ),
  IMAP_MESSAGE_TOO_LARGE: entry('size', 'warn')(
    'The message exceeds the maximum size; its job contains only headers and the reference',
    'The unmodified mail is in the blob store. Raise maximumSize if the backend wants such mails parsed.',
    'Die unveränderte E-Mail liegt im Blob-Speicher. Erhöhen Sie maximumSize, wenn das Backend solche E-Mails verarbeitet braucht.',
  ),
  IMAP_APPEND_TOO_LARGE: entry('size', 'fail')(
    'The server refused to append: too large',
    'Raise the largest message size of the IMAP server.',
    'Erhöhen Sie die größte Nachrichtengröße des IMAP-Servers.',
    microsoft(
      'Raise MaxReceiveSize of the mailbox: Set-Mailbox -MaxReceiveSize.',
      'Erhöhen Sie MaxReceiveSize des Postfachs: Set-Mailbox -MaxReceiveSize.',
    ),
  ),
  IMAP_COMMAND_FAILED: entry('transient', 'retry')(
    'The server refused a command',
    "Read the server's words.",
    'Siehe die Antwort des Servers.',
  ),
});
