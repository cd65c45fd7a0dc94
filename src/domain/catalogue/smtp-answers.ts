// Error catalogue, section smtp, second part: what servers of every make answer about our account, our address and single recipients. The rows that
// produce these codes: adapters/smtp/answers.ts.
import { section } from './entry.ts';

export const smtpAnswerErrors = section({
  SMTP_TLS_REQUIRED: {
    class: 'permission',
    action: 'pause-server',
    message: 'The server requires TLS before mail, and the connection has none',
    hint: {
      en: 'Enable TLS on the email server {server} (implicit TLS on 465, STARTTLS on 587). Jobs are kept meanwhile.',
      de: 'Schalten Sie TLS beim E-Mail Server {server} ein (implizit auf 465, STARTTLS auf 587). Die Aufträge bleiben solange erhalten.',
    },
  },
  SMTP_SIGN_INS_LIMITED: {
    class: 'throttle',
    action: 'back-off',
    message: 'The server reports too many sign-ins for this account',
    hint: {
      en: 'Sending resumes automatically. Look for other programs that sign in as {user}, perhaps with an old password.',
      de: 'Der Versand wird automatisch fortgesetzt. Suchen Sie andere Programme, die sich als {user} anmelden, womöglich mit einem alten Kennwort.',
    },
  },
  SMTP_CONNECTION_ENDED: {
    class: 'transient',
    action: 'retry',
    message: 'The server ended this connection; a new one is opened',
    hint: {
      en: 'Nothing to do: servers end a connection after a number of messages or seconds.',
      de: 'Nichts zu tun: Server beenden eine Verbindung nach einer Anzahl von Nachrichten oder Sekunden.',
    },
  },
  SENDING_SUSPENDED: {
    class: 'throttle',
    action: 'hold',
    message: 'The server has suspended this account for a while; replies wait and none fails',
    hint: {
      en: 'Ask the provider of {host} why it considers the mail of {user} unusual. Mailroom retries automatically.',
      de: 'Fragen Sie den Anbieter von {host}, warum er den Versand von {user} für ungewöhnlich hält. Der Versand wird automatisch wieder versucht.',
    },
    hintAt: {
      google: {
        en: 'Google Admin console > Users > {user}: check for a suspension, and the sending limits of Google Workspace. Mailroom retries automatically.',
        de: 'Google Admin-Konsole > Nutzer > {user}: prüfen Sie eine Sperrung und die Sendelimits von Google Workspace. Der Versand wird automatisch wieder versucht.',
      },
    },
  },
  FROM_NOT_VERIFIED: {
    class: 'permission',
    action: 'fail',
    message: 'The sending service has not verified an address of this message',
    hint: {
      en: 'Verify {from} or its domain with the service behind {host}; an account in its sandbox sends to verified recipients only.',
      de: 'Bestätigen Sie {from} oder die Domäne beim Dienst hinter {host}; ein Konto in dessen Sandbox sendet nur an bestätigte Empfänger.',
    },
  },
  FROM_UNPROVEN: {
    class: 'permanent',
    action: 'fail',
    message: 'The server refuses the From domain because it lacks SPF, DKIM or DMARC',
    hint: {
      en: 'Publish SPF, DKIM and DMARC for the domain of {from}, so that mail sent through {host} passes. The test of {server} names the DNS records to set.',
      de: 'Veröffentlichen Sie SPF, DKIM und DMARC für die Domäne von {from}, sodass über {host} gesendete E-Mails bestehen. Der Test von {server} nennt die nötigen DNS-Einträge.',
    },
  },
  CLIENT_ADDRESS_BLOCKED: {
    class: 'permanent',
    action: 'pause-server',
    message: 'The server refuses the IP address that this machine sends from',
    hint: {
      en: 'The address is on a block list or has no reverse DNS name: see the remote text. Jobs are kept meanwhile.',
      de: 'Die Adresse steht auf einer Sperrliste oder hat keinen Reverse-DNS-Namen: siehe den Text der Gegenstelle. Die Aufträge bleiben solange erhalten.',
    },
  },
  RELAY_DENIED: {
    class: 'permission',
    action: 'fail',
    message: 'The server does not relay to this recipient for us',
    hint: {
      en: 'Check Port and Authentication Type of {server}: {host} relays only for signed-in users or for addresses that it knows.',
      de: 'Prüfen Sie Port und Authentication Type von {server}: {host} leitet nur für angemeldete Benutzer weiter, oder für bekannte Adressen.',
    },
  },
  RECIPIENT_MAILBOX_FULL: {
    class: 'permanent',
    action: 'fail',
    message: "The recipient's mailbox is full",
    hint: {
      en: 'Contact the customer another way; sending again works once the mailbox has space.',
      de: 'Erreichen Sie den Kunden auf anderem Weg; erneutes Senden hilft, sobald im Postfach Platz ist.',
    },
  },
  RECIPIENT_REFUSED: {
    class: 'permanent',
    action: 'fail',
    message: 'The server does not accept this recipient',
    hint: {
      en: 'See the remote text; the other recipients are not affected.',
      de: 'Beachten Sie den Text der Gegenstelle; die anderen Empfänger sind nicht betroffen.',
    },
  },
});
