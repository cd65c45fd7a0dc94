// Error catalogue, section smtp, second part: what servers of every make answer about our account, our address and single recipients. The rows that
// produce these codes: adapters/smtp/answers.ts.
import { entry, google, section } from './entry.ts';

export const smtpAnswerErrors = section({
  SMTP_TLS_REQUIRED: entry('permission', 'pause-server')(
    'The server requires TLS before mail, and the connection has none',
    'Enable TLS on the email server {server} (implicit TLS on 465, STARTTLS on 587). Jobs are kept meanwhile.',
    'Schalten Sie TLS beim E-Mail Server {server} ein (implizit auf 465, STARTTLS auf 587). Die Aufträge bleiben solange erhalten.',
  ),
  SMTP_SIGN_INS_LIMITED: entry('throttle', 'back-off')(
    'The server reports too many sign-ins for this account',
    'Sending resumes automatically. Look for other programs that sign in as {user}, perhaps with an old password.',
    'Der Versand wird automatisch fortgesetzt. Suchen Sie andere Programme, die sich als {user} anmelden, womöglich mit einem alten Kennwort.',
  ),
  SMTP_CONNECTION_ENDED: entry('transient', 'retry')(
    'The server ended this connection; a new one is opened',
    'Nothing to do: servers end a connection after a number of messages or seconds.',
    'Nichts zu tun: Server beenden eine Verbindung nach einer Anzahl von Nachrichten oder Sekunden.',
  ),
  SENDING_SUSPENDED: entry('throttle', 'hold')(
    'The server has suspended this account for a while; replies wait and none fails',
    'Ask the provider of {host} why it considers the mail of {user} unusual. Mailroom retries automatically.',
    'Fragen Sie den Anbieter von {host}, warum er den Versand von {user} für ungewöhnlich hält. Der Versand wird automatisch wieder versucht.',
    google(
      'Google Admin console > Users > {user}: check for a suspension, and the sending limits of Google Workspace. Mailroom retries automatically.',
      'Google Admin-Konsole > Nutzer > {user}: prüfen Sie eine Sperrung und die Sendelimits von Google Workspace. Der Versand wird automatisch wieder versucht.',
    ),
  ),
  FROM_NOT_VERIFIED: entry('permission', 'fail')(
    'The sending service has not verified an address of this message',
    'Verify {from} or its domain with the service behind {host}; an account in its sandbox sends to verified recipients only.',
    'Bestätigen Sie {from} oder die Domäne beim Dienst hinter {host}; ein Konto in dessen Sandbox sendet nur an bestätigte Empfänger.',
  ),
  FROM_UNPROVEN: entry('permanent', 'fail')(
    'The server refuses the From domain because it lacks SPF, DKIM or DMARC',
    'Publish SPF, DKIM and DMARC for the domain of {from}, so that mail sent through {host} passes. The test of {server} names the DNS records to set.',
    'Veröffentlichen Sie SPF, DKIM und DMARC für die Domäne von {from}, sodass über {host} gesendete E-Mails bestehen. Der Test von {server} nennt die nötigen DNS-Einträge.',
  ),
  CLIENT_ADDRESS_BLOCKED: entry('permanent', 'pause-server')(
    'The server refuses the IP address that this machine sends from',
    'The address is on a block list or has no reverse DNS name: see the remote text. Jobs are kept meanwhile.',
    'Die Adresse steht auf einer Sperrliste oder hat keinen Reverse-DNS-Namen: siehe den Text der Gegenstelle. Die Aufträge bleiben solange erhalten.',
  ),
  RELAY_DENIED: entry('permission', 'fail')(
    'The server does not relay to this recipient for us',
    'Check Port and Authentication Type of {server}: {host} relays only for signed-in users or for addresses that it knows.',
    'Prüfen Sie Port und Authentication Type von {server}: {host} leitet nur für angemeldete Benutzer weiter, oder für bekannte Adressen.',
  ),
  RECIPIENT_MAILBOX_FULL: entry('permanent', 'fail')(
    "The recipient's mailbox is full",
    'Contact the customer another way; sending again works once the mailbox has space.',
    'Erreichen Sie den Kunden auf anderem Weg; erneutes Senden hilft, sobald im Postfach Platz ist.',
  ),
  RECIPIENT_REFUSED: entry('permanent', 'fail')(
    'The server does not accept this recipient',
    'See the remote text; the other recipients are not affected.',
    'Beachten Sie den Text der Gegenstelle; die anderen Empfänger sind nicht betroffen.',
  ),
});
