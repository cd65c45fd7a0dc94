// Error catalogue, section imap: what the inbound side can meet. Rows of exchange-online.md §9.
import { section } from './entry.ts';

export const imapErrors = section({
  IMAP_AUTH_FAILED: {
    class: 'auth',
    action: 'renew-token',
    message: 'The server refused the sign-in',
    hint: {
      en: 'Check User (the shared mailbox address), admin consent for IMAP.AccessAsApp, that New-ServicePrincipal was given the Enterprise Application object id, and that IMAP is enabled for the mailbox (Set-CASMailbox -ImapEnabled $true).',
      de: 'Prüfen Sie User (die Adresse des freigegebenen Postfachs), die Administratorzustimmung für IMAP.AccessAsApp, dass New-ServicePrincipal die Objekt-ID der Unternehmensanwendung bekam, und dass IMAP für das Postfach aktiviert ist (Set-CASMailbox -ImapEnabled $true).',
    },
  },
  IMAP_NOT_CONNECTED: {
    class: 'permission',
    action: 'back-off',
    message: 'Signed in, but the mailbox does not open',
    hint: {
      en: 'Grant Full Access on the mailbox (Add-MailboxPermission -AccessRights FullAccess), enable IMAP for it, and look at the service health; it may also pass by itself.',
      de: 'Erteilen Sie Vollzugriff auf das Postfach (Add-MailboxPermission -AccessRights FullAccess), aktivieren Sie IMAP dafür, und sehen Sie nach der Dienstintegrität; es kann auch von selbst vergehen.',
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
    message: 'The server throttles this mailbox and said how long to wait',
    hint: {
      en: 'Reduce other IMAP clients on this mailbox; fetching goes on by itself.',
      de: 'Verringern Sie andere IMAP-Clients an diesem Postfach; der Abruf geht von selbst weiter.',
    },
  },
  IMAP_CONNECTION_CLOSED: {
    class: 'transient',
    action: 'retry',
    message: 'The server closed the connection',
    hint: {
      en: 'Reconnecting by itself. If it repeats, look at the errors just before it.',
      de: 'Die Verbindung wird neu aufgebaut. Wiederholt es sich, sehen Sie sich die Fehler unmittelbar davor an.',
    },
  },
  IMAP_SERVER_UNAVAILABLE: {
    class: 'transient',
    action: 'back-off',
    message: 'The server says that it is unavailable',
    hint: {
      en: 'Look at the service health. On sign-in it may also mean a basic password where OAuth2 is required.',
      de: 'Sehen Sie nach der Dienstintegrität. Bei der Anmeldung kann es auch ein einfaches Kennwort bedeuten, wo OAuth2 verlangt ist.',
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
    message: 'The server answered OK but gave no data for a message that exists; tried again for an hour',
    hint: {
      en: 'Open the message in Outlook on the web. It is tried again by itself.',
      de: 'Öffnen Sie die Nachricht in Outlook im Web. Es wird von selbst wieder versucht.',
    },
  },
  IMAP_POISON_MESSAGE: {
    class: 'permanent',
    action: 'quarantine',
    message: 'The server gives a replacement text instead of this message',
    hint: {
      en: 'Open the message in Outlook on the web, or move it out of the folder and back.',
      de: 'Öffnen Sie die Nachricht in Outlook im Web, oder verschieben Sie sie aus dem Ordner und zurück.',
    },
  },
  IMAP_UNREACHABLE: {
    class: 'transient',
    action: 'retry',
    message: 'The server cannot be reached',
    hint: {
      en: 'Check Host and Port, and that the firewall lets port 993 out.',
      de: 'Prüfen Sie Host und Port, und dass die Firewall Port 993 nach außen erlaubt.',
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
    hint: { en: 'Reconnecting by itself.', de: 'Die Verbindung wird neu aufgebaut.' },
  },
  IMAP_FOLDER_MISSING: {
    class: 'permanent',
    action: 'back-off',
    message: 'The folder does not exist in this mailbox',
    hint: {
      en: 'Correct the folder of the email server, or create it in Outlook. Names are localized: "Gesendete Elemente" is not "Sent Items".',
      de: 'Korrigieren Sie den Ordner des E-Mail-Servers, oder legen Sie ihn in Outlook an. Namen sind übersetzt: „Gesendete Elemente“ ist nicht „Sent Items“.',
    },
  },
  IMAP_MESSAGE_TOO_LARGE: {
    class: 'size',
    action: 'warn',
    message: 'The message is over the maximum size; its job carries headers and the reference only',
    hint: {
      en: 'The untouched mail is in the blob store. Raise maximumSize if the backend wants such mails parsed.',
      de: 'Die unveränderte Mail liegt im Blob-Speicher. Erhöhen Sie maximumSize, wenn das Backend solche Mails zerlegt braucht.',
    },
  },
  IMAP_APPEND_TOO_LARGE: {
    class: 'size',
    action: 'fail',
    message: 'The server refused to append: too large',
    hint: { en: 'Raise MaxReceiveSize of the mailbox.', de: 'Erhöhen Sie MaxReceiveSize des Postfachs.' },
  },
  IMAP_COMMAND_FAILED: {
    class: 'transient',
    action: 'retry',
    message: 'The server refused a command',
    hint: { en: "Read the server's words.", de: 'Lesen Sie die Worte des Servers.' },
  },
});
