// Error catalogue, section smtp: what submission servers answer (docs/exchange-online.md, section 9). {user}, {from}, {server}, {host}, {port} in
// hints are filled in with the real names.
import { entry, microsoft, section } from './entry.ts';

export const smtpErrors = section({
  SMTP_AUTH_DISABLED_TENANT: entry('permission', 'pause-server')(
    'SMTP AUTH is disabled for the whole tenant',
    'Set-TransportConfig -SmtpClientAuthenticationDisabled $false, or for this mailbox only: Set-CASMailbox -Identity "{user}" -SmtpClientAuthenticationDisabled $false. Jobs are kept meanwhile.',
    'Set-TransportConfig -SmtpClientAuthenticationDisabled $false, oder nur für dieses Postfach: Set-CASMailbox -Identity "{user}" -SmtpClientAuthenticationDisabled $false. Die Aufträge bleiben solange erhalten.',
  ),
  SMTP_AUTH_DISABLED_MAILBOX: entry('permission', 'pause-server')(
    'SMTP AUTH is disabled for the mailbox that signs in',
    'Set-CASMailbox -Identity "{user}" -SmtpClientAuthenticationDisabled $false. Jobs are kept meanwhile.',
    'Set-CASMailbox -Identity "{user}" -SmtpClientAuthenticationDisabled $false. Die Aufträge bleiben solange erhalten.',
  ),
  SMTP_BASIC_AUTH_DISABLED: entry('auth', 'pause-server')(
    'The server no longer accepts passwords',
    'Set Authentication Type OAuth2 on the email server {server}. Jobs are kept meanwhile.',
    'Stellen Sie beim E-Mail Server {server} Authentication Type auf OAuth2. Die Aufträge bleiben solange erhalten.',
  ),
  SMTP_SECURITY_DEFAULTS: entry('permission', 'pause-server')(
    "The tenant's security defaults refuse this sign-in",
    'Use OAuth2 app-only for {user}, or replace security defaults with a conditional access policy that lets it sign in.',
    'Verwenden Sie OAuth2 „Als Anwendung“ für {user}, oder ersetzen Sie die Sicherheitsstandards durch eine Richtlinie für bedingten Zugriff.',
  ),
  SMTP_ACCESS_POLICY: entry('permission', 'pause-server')(
    'A conditional access or authentication policy refuses this sign-in',
    'Look at the sign-in log of {user} in the Entra admin center and at Get-User -Identity "{user}" | fl AuthenticationPolicy.',
    'Prüfen Sie das Anmeldeprotokoll von {user} im Entra Admin Center und Get-User -Identity "{user}" | fl AuthenticationPolicy.',
  ),
  SMTP_AUTH_FAILED: entry('auth', 'renew-token')(
    'The server refuses the sign-in',
    'Check User {user} and its password or application on {server}. Jobs are kept meanwhile.',
    'Prüfen Sie User {user} und dessen Kennwort oder Anwendung bei {server}. Die Aufträge bleiben erhalten.',
    microsoft(
      'Check User: with delegated sign-in it is the person, with app-only sign-in the mailbox {user}. Check the permission SMTP.Send or SMTP.SendAsApp, and that New-ServicePrincipal was given the Enterprise Application object ID. Jobs are kept meanwhile.',
      'Prüfen Sie User: bei delegierter Anmeldung die Person, bei „Als Anwendung“ das Postfach {user}. Berechtigung SMTP.Send oder SMTP.SendAsApp; New-ServicePrincipal mit der Objekt-ID der Unternehmensanwendung. Die Aufträge bleiben erhalten.',
    ),
  ),
  SMTP_AUTH_NOT_OFFERED: entry('auth', 'pause-server')(
    'The server offers no sign-in on this port',
    'Set Port of {server} to the submission port (587 or 465), or, if {host} knows this machine by its address, Authentication Type to None.',
    'Setzen Sie Port von {server} auf den Submission-Port (587 oder 465), oder, wenn {host} diese Maschine an ihrer Adresse erkennt, Authentication Type auf None.',
  ),
  SMTP_TOKEN_UNAVAILABLE: entry('auth', 'pause-server')(
    'No access token could be obtained for this server',
    'See the error of the OAuth2 application and sign in again if asked to. Jobs of {server} are kept meanwhile.',
    'Beachten Sie den Fehler der OAuth2-Anwendung und melden Sie sich gegebenenfalls neu an. Die Aufträge von {server} bleiben erhalten.',
  ),
  SMTP_NOT_AUTHENTICATED: entry('permission', 'pause-server')(
    'The server requires sign-in before mail, and none took place',
    'Check that {host} offers AUTH on this port (587 with STARTTLS) and that Authentication Type is set on {server}.',
    'Prüfen Sie, ob {host} auf diesem Port AUTH anbietet (587 mit STARTTLS) und bei {server} ein Authentication Type eingestellt ist.',
    microsoft(
      'Set host smtp.office365.com, port 587 and an Authentication Type on {server}. If {host} is the MX of your own tenant, Reject Direct Send is on (5.7.68): mail from your own domain must sign in or use a connector.',
      'Stellen Sie bei {server} Host smtp.office365.com, Port 587 und einen Authentication Type ein. Ist {host} der MX des eigenen Mandanten, ist dort „Reject Direct Send“ eingeschaltet (5.7.68): Mail der eigenen Domäne muss sich anmelden oder einen Connector nutzen.',
    ),
  ),
  SMTP_TLS_FAILED: entry('permission', 'pause-server')(
    'No TLS connection could be established; nothing is sent in plain text',
    'Check host name and certificate of {host}; put a private CA into the field ca of {server}.',
    'Prüfen Sie Hostnamen und Zertifikat von {host}; eine eigene CA gehört ins Feld ca von {server}.',
  ),
  SMTP_EHLO_NAME: entry('invalid', 'pause-server')(
    'The server does not accept our host name in EHLO',
    'Give the machine a valid host name; {host} answered Invalid domain name.',
    'Geben Sie dem Rechner einen gültigen Hostnamen; {host} meldet Invalid domain name.',
  ),
  SEND_AS_DENIED: entry('permission', 'fail')(
    'The signed-in user may not send as this From address',
    'Allow {user} at {host} to send as {from}, or remove the address from Additional Email From Addresses of {server}.',
    'Erlauben Sie {user} bei {host}, als {from} zu senden, oder entfernen Sie die Adresse aus den Additional Email From Addresses von {server}.',
    microsoft(
      'Add-RecipientPermission -Identity "{from}" -AccessRights SendAs -Trustee "{user}" -Confirm:$false',
      'Add-RecipientPermission -Identity "{from}" -AccessRights SendAs -Trustee "{user}" -Confirm:$false',
    ),
  ),
  SMTP_CONNECTION_LIMIT: entry('throttle', 'back-off')(
    'Too many simultaneous connections for this mailbox',
    'Set the connections of {server} to 2, and look for other programs that send as {user}.',
    'Stellen Sie die Verbindungen von {server} auf 2, und suchen Sie andere Programme, die als {user} senden.',
  ),
  SMTP_BUSY: entry('throttle', 'back-off')(
    'The server throttles this sender',
    'Nothing at first. If it lasts for hours, check the reputation of the outgoing IP address.',
    'Zunächst ist nichts zu tun. Dauert es Stunden, prüfen Sie die Reputation der ausgehenden IP-Adresse.',
  ),
  SUBMISSION_QUOTA: entry('throttle', 'hold')(
    'The account has reached its sending limit; replies wait and none fails',
    'See the sending limits of {user} at {host}. Sending resumes automatically.',
    'Beachten Sie die Sendelimits von {user} bei {host}. Der Versand wird automatisch fortgesetzt.',
    microsoft(
      'Recipient limit of {user} (10,000 in 24 hours). Sending resumes automatically.',
      'Empfängergrenze von {user} (10.000 in 24 Stunden). Der Versand wird automatisch fortgesetzt.',
    ),
  ),
  SENDING_MAILBOX_FULL: entry('permanent', 'pause-server')(
    'The sending mailbox is full',
    'Free space in the mailbox of {user}. Jobs are kept meanwhile.',
    'Schaffen Sie Platz im Postfach von {user}. Die Aufträge bleiben solange erhalten.',
    microsoft(
      'Empty Sent Items of {user}, or Set-Mailbox -Identity "{user}" -MessageCopyForSMTPClientSubmissionEnabled $false. A shared mailbox without a licence holds 50 GB. Jobs are kept meanwhile.',
      'Leeren Sie „Gesendete Elemente“ von {user}, oder Set-Mailbox -Identity "{user}" -MessageCopyForSMTPClientSubmissionEnabled $false. Ein gemeinsames Postfach ohne Lizenz fasst 50 GB. Die Aufträge bleiben solange erhalten.',
    ),
  ),
  OUTBOUND_SPAM: entry('permanent', 'pause-server')(
    'The server classifies our mail as outbound spam',
    'Look at what {user} sent, then ask the provider of {host}.',
    'Prüfen Sie, was {user} gesendet hat, und fragen Sie dann den Anbieter von {host}.',
    microsoft(
      'Microsoft Defender: outbound spam policy and restricted entities; look at what {user} sent.',
      'Microsoft Defender: Richtlinie für ausgehenden Spam und eingeschränkte Entitäten; prüfen Sie, was {user} gesendet hat.',
    ),
  ),
  SENDER_BLOCKED: entry('permanent', 'pause-server')(
    'The sending mailbox is blocked for outgoing mail',
    'Ask the provider of {host} to unblock {user}. Find the cause first.',
    'Lassen Sie {user} vom Anbieter von {host} entsperren. Klären Sie zuerst die Ursache.',
    microsoft(
      'Microsoft Defender, Restricted entities: unblock {user}. Find the cause first.',
      'Microsoft Defender, Eingeschränkte Entitäten: {user} entsperren. Klären Sie zuerst die Ursache.',
    ),
  ),
  TENANT_BLOCKED: entry('permanent', 'pause-server')(
    'The tenant may not send to external recipients',
    'The cause is a trial tenant, its reputation or an unregistered domain: open a ticket with Microsoft support.',
    'Testmandant, Reputation oder nicht registrierte Domäne: Eröffnen Sie ein Ticket beim Microsoft-Support.',
  ),
  TENANT_QUOTA: entry('throttle', 'hold')(
    'The tenant has reached its daily limit of external recipients; replies wait and none fails',
    'The tenant external recipient rate limit depends on the licences. Sending resumes automatically.',
    'Grenze des Mandanten für externe Empfänger: hängt von den Lizenzen ab. Der Versand wird automatisch fortgesetzt.',
    microsoft(
      'The tenant external recipient rate limit depends on the licences (500 × licences^0.7 + 9,500 in 24 hours). For a From at onmicrosoft.com it is 100 a day: use a domain of your own. Sending resumes automatically.',
      'Grenze des Mandanten für externe Empfänger: hängt von den Lizenzen ab (500 × Lizenzen^0,7 + 9.500 in 24 Stunden). Für eine Von-Adresse unter onmicrosoft.com sind es 100 am Tag: Verwenden Sie eine eigene Domäne. Der Versand wird automatisch fortgesetzt.',
    ),
  ),
  SMTP_PROXY_TROUBLE: entry('transient', 'retry')(
    'The front end of the server reports a temporary failure',
    'If it lasts for hours, look at the service health of Microsoft 365.',
    'Dauert es Stunden, prüfen Sie den Dienststatus von Microsoft 365.',
  ),
  SMTP_TRANSIENT: entry('transient', 'retry')(
    'The server answers with a temporary failure',
    'Mailroom retries automatically. If it lasts, look at the remote text.',
    'Wird automatisch wiederholt. Hält es an, beachten Sie den Text der Gegenstelle.',
  ),
  SMTP_QUEUE_QUOTA: entry('throttle', 'back-off')(
    "The server's queue for us is full",
    'Mailroom retries automatically with growing pauses.',
    'Wird mit wachsenden Pausen automatisch wiederholt.',
  ),
  MESSAGE_TOO_LARGE: entry('size', 'fail')(
    'The message is larger than the server accepts',
    'Send smaller attachments (base64 adds 33 %), or raise the limit at {host}.',
    'Senden Sie kleinere Anhänge (base64 braucht 33 % mehr), oder erhöhen Sie die Grenze bei {host}.',
    microsoft(
      'Send smaller attachments (base64 adds 33 %), or Set-Mailbox -Identity "{user}" -MaxSendSize 150MB.',
      'Kleinere Anhänge (base64 braucht 33 % mehr), oder Set-Mailbox -Identity "{user}" -MaxSendSize 150MB.',
    ),
  ),
  TOO_MANY_RECIPIENTS: entry('size', 'fail')(
    'The message has more recipients than the server accepts',
    'Use fewer recipients, or raise the limit at {host}.',
    'Senden Sie an weniger Empfänger, oder erhöhen Sie die Grenze bei {host}.',
    microsoft(
      'Use fewer recipients, or Set-Mailbox -Identity "{user}" -RecipientLimits 1000.',
      'Weniger Empfänger, oder Set-Mailbox -Identity "{user}" -RecipientLimits 1000.',
    ),
  ),
  SMTP_RECIPIENTS_LATER: entry('transient', 'retry')(
    'The server accepts no more recipients at present',
    'Mailroom retries automatically.',
    'Wird automatisch wiederholt.',
  ),
  SMTP_BARE_LF: entry('permanent', 'fail')(
    'The server found bare line feeds in the message',
    'This is a bug in Mailroom: report it with the replyId.',
    'Ein Fehler unsererseits: Melden Sie ihn mit der replyId.',
  ),
  SMTP_FROM_REFUSED: entry('permanent', 'fail')(
    'The server refuses the From of this message',
    'Use exactly one From, at a domain that exists and that {host} may send for.',
    'Genau ein Absender, in einer Domäne, die existiert und für die {host} senden darf.',
    microsoft(
      'Use exactly one From, at a domain that is registered in the tenant: Get-AcceptedDomain.',
      'Genau ein Absender, und eine im Mandanten registrierte Domäne: Get-AcceptedDomain.',
    ),
  ),
  MAIL_LOOP: entry('permanent', 'fail')(
    'The message is in a mail loop',
    "Look at the mail flow rules and forwardings of the recipient's domain.",
    'Prüfen Sie Nachrichtenflussregeln und Weiterleitungen der Empfängerdomäne.',
  ),
  RECIPIENT_RATE: entry('throttle', 'back-off')(
    'This recipient is receiving too much mail at present',
    'Mailroom retries automatically in an hour.',
    'Wird in einer Stunde automatisch wiederholt.',
  ),
  RECIPIENT_UNKNOWN: entry('permanent', 'fail')(
    'The recipient does not exist',
    'Check the customer’s address.',
    'Prüfen Sie die Adresse des Kunden.',
  ),
  SMTP_UNREACHABLE: entry('transient', 'retry')(
    'The server cannot be reached',
    'If no connection is ever made: does a firewall allow outgoing port {port} to {host}? Replies are tried again automatically.',
    'Kommt nie eine Verbindung zustande: Erlaubt eine Firewall ausgehend Port {port} zu {host}? Antworten werden automatisch wieder versucht.',
  ),
  SMTP_REJECTED: entry('permanent', 'fail')(
    'The server refuses the message',
    'See the remote text.',
    'Beachten Sie den Text der Gegenstelle.',
  ),
  SMTP_ANSWER_UNKNOWN: entry('transient', 'retry')(
    "Mailroom does not recognise the server's answer",
    'Mailroom retries automatically. Report the remote text if it lasts.',
    'Wird automatisch wiederholt. Melden Sie den Text der Gegenstelle, wenn es anhält.',
  ),
  DELIVERY_UNCERTAIN: entry('ambiguous', 'settle')(
    'The connection was lost after the message was sent and before the server answered',
    'Mailroom searches Sent of {user} and does not send again unless the policy of {server} allows it. If the reply is not found, a person decides.',
    'Wird in „Gesendete Elemente“ von {user} gesucht; nur dann erneut gesendet, wenn die Regel von {server} es sagt. Findet sie sich dort nicht, entscheidet eine Person.',
  ),
});
