// Error catalogue, section imap: what the inbound side can meet. Rows of docs/exchange-online.md §9.
import { section } from './entry.ts';

export const imapErrors = section({
  IMAP_AUTH_FAILED: {
    class: 'auth',
    action: 'renew-token',
    message: 'The server refused the sign-in',
    hint: {
      en: 'Check User and password of the email server, that the server lets this user sign in by IMAP, and that it supports the Authentication Type.',
      de: 'Prüfen Sie User und Kennwort des E-Mail Servers, ob der Server diesen Benutzer per IMAP anmeldet, und ob er den Authentication Type annimmt.',
    },
    hintAt: {
      microsoft: {
        en: 'Check User (the shared mailbox address), admin consent for IMAP.AccessAsApp, that New-ServicePrincipal was given the Enterprise Application object ID, and that IMAP is enabled for the mailbox (Set-CASMailbox -ImapEnabled $true).',
        de: 'Prüfen Sie User (die Adresse des gemeinsamen Postfachs), die Administratorzustimmung für IMAP.AccessAsApp, dass New-ServicePrincipal die Objekt-ID der Unternehmensanwendung bekam, und dass IMAP für das Postfach aktiviert ist (Set-CASMailbox -ImapEnabled $true).',
      },
      google: {
        en: 'Check User. With a password, use an app password (myaccount.google.com/apppasswords), not the account password; with OAuth2, use the scope https://mail.google.com/. IMAP must be enabled: Admin console > Apps > Google Workspace > Gmail > End User Access.',
        de: 'Prüfen Sie User. Verwenden Sie mit Kennwort ein App-Passwort (myaccount.google.com/apppasswords), nicht das des Kontos; mit OAuth2 den Bereich https://mail.google.com/. IMAP muss aktiviert sein: Admin-Konsole > Apps > Google Workspace > Gmail > Endnutzerzugriff.',
      },
    },
  },
  IMAP_NOT_CONNECTED: {
    class: 'permission',
    action: 'back-off',
    message: 'Signed in, but the mailbox does not open',
    hint: {
      en: 'Give the signed-in account the right to open this mailbox (ACL, shared mailbox, master user), or set User to the mailbox itself.',
      de: 'Geben Sie dem Konto, das sich anmeldet, das Recht auf dieses Postfach (ACL, gemeinsames Postfach, Master-Benutzer), oder setzen Sie User auf das Postfach selbst.',
    },
    hintAt: {
      microsoft: {
        en: 'Grant Full Access on the mailbox (Add-MailboxPermission -AccessRights FullAccess), enable IMAP for it, and look at the service health; the problem may also resolve itself.',
        de: 'Erteilen Sie Vollen Zugriff (Full Access) auf das Postfach (Add-MailboxPermission -AccessRights FullAccess), aktivieren Sie IMAP dafür, und sehen Sie nach dem Dienststatus; es kann auch von allein vergehen.',
      },
    },
  },
  IMAP_TOKEN_REFUSED: {
    class: 'auth',
    action: 'renew-token',
    message: 'The server refused the access token',
    hint: {
      en: 'The token is expired or was issued for another scope; a new one is fetched. If it repeats, check the API permissions of the application.',
      de: 'Das Token ist abgelaufen oder für einen anderen Geltungsbereich; ein neues wird geholt. Wiederholt es sich, prüfen Sie die API-Berechtigungen der Anwendung.',
    },
  },
  IMAP_TOKEN_EXPIRED: {
    class: 'auth',
    action: 'renew-token',
    message: 'The session ended because its access token expired; reconnecting with a new one',
    hint: { en: 'Nothing to do; this is normal.', de: 'Nichts zu tun; das ist normal.' },
  },
  IMAP_THROTTLED: {
    class: 'throttle',
    action: 'back-off',
    message: 'The server throttles this mailbox',
    hint: {
      en: 'Use fewer other IMAP clients on this mailbox. Fetching resumes automatically, after the time that the server asked for, if any.',
      de: 'Verringern Sie andere IMAP-Clients an diesem Postfach; der Abruf wird automatisch fortgesetzt, nach der Zeit, die der Server nennt, falls er eine nennt.',
    },
  },
  IMAP_CONNECTION_LIMIT: {
    class: 'throttle',
    action: 'back-off',
    message: 'The server allows no more connections for this user or from this address',
    hint: {
      en: 'Close other mail clients of this user, or raise the limit of the server (Dovecot: mail_max_userip_connections; Courier: MAXPERIP). Mailroom holds one connection per mailbox, and briefly a second one while it renews the first. User and password are not the cause.',
      de: 'Schließen Sie andere Mailprogramme dieses Benutzers, oder erhöhen Sie die Grenze des Servers (Dovecot: mail_max_userip_connections; Courier: MAXPERIP). Mailroom hält eine Verbindung je Postfach, und kurz eine zweite, wenn es sie erneuert. User und Kennwort sind nicht der Grund.',
    },
    hintAt: {
      microsoft: {
        en: 'Exchange Online allows about 16 to 20 IMAP connections per account. Use app-only sign-in, or spread the mailboxes over several people; close other IMAP clients.',
        de: 'Exchange Online erlaubt etwa 16 bis 20 IMAP-Verbindungen je Konto. Verwenden Sie die Anmeldung „Als Anwendung“, oder verteilen Sie die Postfächer auf mehrere Personen; schließen Sie andere IMAP-Clients.',
      },
      google: {
        en: 'Gmail allows 15 IMAP connections per account: close other mail clients.',
        de: 'Gmail erlaubt 15 IMAP-Verbindungen je Konto: schließen Sie andere Mailprogramme.',
      },
    },
  },
  IMAP_MAILBOX_IN_USE: {
    class: 'transient',
    action: 'retry',
    message: 'Another session locks what the server needs; retrying',
    hint: {
      en: 'Nothing to do. If it repeats, look for another program that locks the mailbox (a POP3 client, a backup).',
      de: 'Nichts zu tun. Wiederholt es sich, suchen Sie ein anderes Programm, das das Postfach sperrt (ein POP3-Client, eine Sicherung).',
    },
  },
  IMAP_CREDENTIALS_EXPIRED: {
    class: 'auth',
    action: 'renew-token',
    message: 'The password or token of this user has expired',
    hint: {
      en: 'Set a new password for User and enter it in the email server; a token is renewed automatically.',
      de: 'Setzen Sie ein neues Kennwort für User, und tragen Sie es beim E-Mail Server ein; ein Token wird automatisch erneuert.',
    },
  },
  IMAP_TLS_REQUIRED: {
    class: 'permanent',
    action: 'back-off',
    message: 'The server refuses sign-in without TLS',
    hint: {
      en: 'Set TLS of the email server to starttls or implicit, with the Port that belongs to it.',
      de: 'Setzen Sie TLS des E-Mail Servers auf starttls oder implicit, mit dem zugehörigen Port.',
    },
  },
  IMAP_CONTACT_ADMIN: {
    class: 'permanent',
    action: 'back-off',
    message: 'The server wants this user to contact its administrator',
    hint: {
      en: "Read the server's words; its administrator has locked this user or requires an action.",
      de: 'Siehe die Antwort des Servers; dessen Administrator hat den Benutzer gesperrt oder erwartet etwas von ihm.',
    },
  },
  IMAP_NO_PERMISSION: {
    class: 'permission',
    action: 'back-off',
    message: 'The signed-in user lacks the required right on the folder',
    hint: {
      en: 'Give the user the rights to read, and for afterQueued also to flag and delete messages in the folder (IMAP ACL lrswte), or set afterQueued to leave.',
      de: 'Geben Sie dem Benutzer die Rechte zum Lesen, und für afterQueued auch zum Markieren und Löschen in dem Ordner (IMAP-ACL lrswte), oder setzen Sie afterQueued auf leave.',
    },
  },
  IMAP_SERVER_BUG: {
    class: 'transient',
    action: 'back-off',
    message: 'The server reports an internal error',
    hint: {
      en: "Look at the mail server's log for this time; Mailroom retries.",
      de: 'Sehen Sie im Protokoll des Mailservers zu dieser Zeit nach; Mailroom versucht es wieder.',
    },
  },
  IMAP_SERVER_CORRUPTION: {
    class: 'permanent',
    action: 'back-off',
    message: 'The server reports damaged data in this mailbox',
    hint: {
      en: 'Have the mailbox repaired on the server (Dovecot: doveadm force-resync; Cyrus: reconstruct). Mailroom retries.',
      de: 'Lassen Sie das Postfach auf dem Server reparieren (Dovecot: doveadm force-resync; Cyrus: reconstruct). Mailroom versucht es wieder.',
    },
  },
  IMAP_MAILBOX_FULL: {
    class: 'permanent',
    action: 'warn',
    message: 'The mailbox is over its quota; the server refuses to store anything in it',
    hint: {
      en: 'Free space in the mailbox, Sent included, or raise its quota.',
      de: 'Schaffen Sie Platz im Postfach, auch in „Gesendete Elemente“, oder erhöhen Sie das Kontingent.',
    },
  },
  IMAP_COMMAND_IMPOSSIBLE: {
    class: 'permanent',
    action: 'back-off',
    message: 'The server reports that it can never do what was requested',
    hint: {
      en: "Read the server's words. If the definition asks for nothing unusual (folder, afterQueued), report it.",
      de: 'Siehe die Antwort des Servers. Verlangt die Definition nichts Ungewöhnliches (Ordner, afterQueued), melden Sie es.',
    },
  },
  IMAP_CONNECTION_CLOSED: {
    class: 'transient',
    action: 'retry',
    message: 'The server closed the connection',
    hint: {
      en: 'Mailroom reconnects automatically. If it repeats, look at the errors just before it.',
      de: 'Die Verbindung wird neu aufgebaut. Wiederholt es sich, sehen Sie sich die Fehler unmittelbar davor an.',
    },
  },
  IMAP_SERVER_UNAVAILABLE: {
    class: 'transient',
    action: 'back-off',
    message: 'The server reports that it is unavailable',
    hint: {
      en: 'Check whether the mail server, or the user directory behind it, is up; Mailroom retries.',
      de: 'Prüfen Sie, ob der Mailserver oder das Benutzerverzeichnis dahinter läuft; Mailroom versucht es wieder.',
    },
    hintAt: {
      microsoft: {
        en: 'Look at the service health. At sign-in it may also mean that a basic password was used where OAuth2 is required.',
        de: 'Sehen Sie nach dem Dienststatus. Bei der Anmeldung kann es auch ein einfaches Kennwort bedeuten, wo OAuth2 verlangt ist.',
      },
    },
  },
  IMAP_MESSAGE_SET_INVALID: {
    class: 'transient',
    action: 'retry',
    message: 'The server says the message set is invalid; the folder is opened again',
    hint: { en: 'Nothing to do.', de: 'Nichts zu tun.' },
  },
  IMAP_EMPTY_FETCH: {
    class: 'transient',
    action: 'retry',
    message: 'The server answered OK but returned no data for an existing message; retrying for an hour',
    hint: {
      en: 'Open the message in another mail program. Mailroom retries.',
      de: 'Öffnen Sie die Nachricht in einem anderen Mailprogramm. Mailroom versucht es wieder.',
    },
    hintAt: {
      microsoft: {
        en: 'Open the message in Outlook on the web. Mailroom retries.',
        de: 'Öffnen Sie die Nachricht in Outlook im Web. Mailroom versucht es wieder.',
      },
    },
  },
  IMAP_POISON_MESSAGE: {
    class: 'permanent',
    action: 'quarantine',
    message: 'The server returns a replacement text instead of this message',
    hint: {
      en: 'Open the message in another mail program, or move it out of the folder and back.',
      de: 'Öffnen Sie die Nachricht in einem anderen Mailprogramm, oder verschieben Sie sie aus dem Ordner und zurück.',
    },
    hintAt: {
      microsoft: {
        en: 'Open the message in Outlook on the web, or move it out of the folder and back.',
        de: 'Öffnen Sie die Nachricht in Outlook im Web, oder verschieben Sie sie aus dem Ordner und zurück.',
      },
    },
  },
  IMAP_UNREACHABLE: {
    class: 'transient',
    action: 'retry',
    message: 'The server cannot be reached',
    hint: {
      en: 'Check Host and Port, and that the firewall allows outgoing connections to this port.',
      de: 'Prüfen Sie Host und Port, und dass die Firewall ausgehende Verbindungen zu diesem Port erlaubt.',
    },
  },
  IMAP_HOST_UNKNOWN: {
    class: 'transient',
    action: 'retry',
    message: 'The host name does not resolve',
    hint: {
      en: 'Check Host, and DNS on this machine.',
      de: 'Prüfen Sie Host und die Namensauflösung dieser Maschine.',
    },
  },
  IMAP_TLS_FAILED: {
    class: 'permanent',
    action: 'back-off',
    message: 'No trusted TLS connection',
    hint: {
      en: 'Check Host (the certificate must name it), Port, and the CA of the certificate.',
      de: 'Prüfen Sie Host (das Zertifikat muss ihn nennen), Port und die Zertifizierungsstelle.',
    },
  },
  IMAP_SILENT: {
    class: 'transient',
    action: 'retry',
    message: 'The server did not answer in time; the connection is treated as dead',
    hint: { en: 'Mailroom reconnects automatically.', de: 'Die Verbindung wird neu aufgebaut.' },
  },
  IMAP_FOLDER_MISSING: {
    class: 'permanent',
    action: 'back-off',
    message: 'The folder does not exist in this mailbox',
    hint: {
      en: 'Set the folder of the email server to one of those listed, or create it. Names are localized: "Gesendete Elemente" is not "Sent Items".',
      de: 'Korrigieren Sie den Ordner des E-Mail Servers auf einen der genannten, oder legen Sie ihn an. Namen sind übersetzt: „Gesendete Elemente“ ist nicht „Sent Items“.',
    },
  },
  IMAP_UIDVALIDITY_MISSING: {
    class: 'permanent',
    action: 'back-off',
    message: 'The server returns no UIDVALIDITY for this folder, so its messages cannot be identified reliably',
    hint: {
      en: 'The folder has no persistent UIDs (RFC 3501, section 6.3.1). Use another folder or another IMAP server.',
      de: 'Der Ordner hat keine dauerhaften UIDs (RFC 3501, Abschnitt 6.3.1). Verwenden Sie einen anderen Ordner oder einen anderen IMAP-Server.',
    },
  },
  IMAP_SESSION_STALE: {
    class: 'transient',
    action: 'retry',
    message: 'The session does not see what the server reports about the folder; reconnecting',
    hint: {
      en: 'Nothing to do: Mailroom opens a new session. If it repeats, look at the log of the IMAP server.',
      de: 'Nichts zu tun: eine neue Sitzung wird geöffnet. Wiederholt es sich, sehen Sie im Protokoll des IMAP-Servers nach.',
    },
  },
  IMAP_MOVE_UNSUPPORTED: {
    class: 'permanent',
    action: 'back-off',
    message: 'The server offers neither MOVE nor UIDPLUS; moving a message would also delete messages of other people',
    hint: {
      en: 'Set afterQueued to leave or seen. Without MOVE or UIDPLUS, only a plain EXPUNGE remains, which removes every message that anybody has marked as deleted.',
      de: 'Setzen Sie afterQueued auf leave oder seen. Ohne MOVE oder UIDPLUS bleibt nur ein einfaches EXPUNGE, das jede als gelöscht markierte Nachricht entfernt, gleich wer sie markiert hat.',
    },
  },
  IMAP_MESSAGE_TOO_LARGE: {
    class: 'size',
    action: 'warn',
    message: 'The message exceeds the maximum size; its job contains only headers and the reference',
    hint: {
      en: 'The unmodified mail is in the blob store. Raise maximumSize if the backend wants such mails parsed.',
      de: 'Die unveränderte E-Mail liegt im Blob-Speicher. Erhöhen Sie maximumSize, wenn das Backend solche E-Mails verarbeitet braucht.',
    },
  },
  IMAP_APPEND_TOO_LARGE: {
    class: 'size',
    action: 'fail',
    message: 'The server refused to append: too large',
    hint: {
      en: 'Raise the largest message size of the IMAP server.',
      de: 'Erhöhen Sie die größte Nachrichtengröße des IMAP-Servers.',
    },
    hintAt: {
      microsoft: {
        en: 'Raise MaxReceiveSize of the mailbox: Set-Mailbox -MaxReceiveSize.',
        de: 'Erhöhen Sie MaxReceiveSize des Postfachs: Set-Mailbox -MaxReceiveSize.',
      },
    },
  },
  IMAP_COMMAND_FAILED: {
    class: 'transient',
    action: 'retry',
    message: 'The server refused a command',
    hint: { en: "Read the server's words.", de: 'Siehe die Antwort des Servers.' },
  },
});
