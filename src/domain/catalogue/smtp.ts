// Error catalogue, section smtp: what submission servers answer (docs/exchange-online.md, section 9). {user}, {from}, {server}, {host}, {port} in
// hints are filled in with the real names.
import { section } from './entry.ts';

export const smtpErrors = section({
  SMTP_AUTH_DISABLED_TENANT: {
    class: 'permission',
    action: 'pause-server',
    message: 'SMTP AUTH is disabled for the whole tenant',
    hint: {
      en: 'Set-TransportConfig -SmtpClientAuthenticationDisabled $false, or for this mailbox only: Set-CASMailbox -Identity "{user}" -SmtpClientAuthenticationDisabled $false. Jobs are kept meanwhile.',
      de: 'Set-TransportConfig -SmtpClientAuthenticationDisabled $false, oder nur für dieses Postfach: Set-CASMailbox -Identity "{user}" -SmtpClientAuthenticationDisabled $false. Die Aufträge bleiben solange erhalten.',
    },
  },
  SMTP_AUTH_DISABLED_MAILBOX: {
    class: 'permission',
    action: 'pause-server',
    message: 'SMTP AUTH is disabled for the mailbox that signs in',
    hint: {
      en: 'Set-CASMailbox -Identity "{user}" -SmtpClientAuthenticationDisabled $false. Jobs are kept meanwhile.',
      de: 'Set-CASMailbox -Identity "{user}" -SmtpClientAuthenticationDisabled $false. Die Aufträge bleiben solange erhalten.',
    },
  },
  SMTP_BASIC_AUTH_DISABLED: {
    class: 'auth',
    action: 'pause-server',
    message: 'The server no longer accepts passwords',
    hint: {
      en: 'Set Authentication Type OAuth2 on the email server {server}. Jobs are kept meanwhile.',
      de: 'Stellen Sie beim E-Mail Server {server} Authentication Type auf OAuth2. Die Aufträge bleiben solange erhalten.',
    },
  },
  SMTP_SECURITY_DEFAULTS: {
    class: 'permission',
    action: 'pause-server',
    message: "The tenant's security defaults refuse this sign-in",
    hint: {
      en: 'Use OAuth2 app-only for {user}, or replace security defaults with a conditional access policy that lets it sign in.',
      de: 'Verwenden Sie OAuth2 „Als Anwendung“ für {user}, oder ersetzen Sie die Sicherheitsstandards durch eine Richtlinie für bedingten Zugriff.',
    },
  },
  SMTP_ACCESS_POLICY: {
    class: 'permission',
    action: 'pause-server',
    message: 'A conditional access or authentication policy refuses this sign-in',
    hint: {
      en: 'Look at the sign-in log of {user} in the Entra admin center and at Get-User -Identity "{user}" | fl AuthenticationPolicy.',
      de: 'Prüfen Sie das Anmeldeprotokoll von {user} im Entra Admin Center und Get-User -Identity "{user}" | fl AuthenticationPolicy.',
    },
  },
  SMTP_AUTH_FAILED: {
    class: 'auth',
    action: 'renew-token',
    message: 'The server refuses the sign-in',
    hint: {
      en: 'Check User {user} and its password or application on {server}. Jobs are kept meanwhile.',
      de: 'Prüfen Sie User {user} und dessen Kennwort oder Anwendung bei {server}. Die Aufträge bleiben erhalten.',
    },
    hintAt: {
      microsoft: {
        en: 'Check User: with delegated sign-in it is the person, with app-only sign-in the mailbox {user}. Check the permission SMTP.Send or SMTP.SendAsApp, and that New-ServicePrincipal was given the Enterprise Application object ID. Jobs are kept meanwhile.',
        de: 'Prüfen Sie User: bei delegierter Anmeldung die Person, bei „Als Anwendung“ das Postfach {user}. Berechtigung SMTP.Send oder SMTP.SendAsApp; New-ServicePrincipal mit der Objekt-ID der Unternehmensanwendung. Die Aufträge bleiben erhalten.',
      },
    },
  },
  SMTP_AUTH_NOT_OFFERED: {
    class: 'auth',
    action: 'pause-server',
    message: 'The server offers no sign-in on this port',
    hint: {
      en: 'Set Port of {server} to the submission port (587 or 465), or, if {host} knows this machine by its address, Authentication Type to None.',
      de: 'Setzen Sie Port von {server} auf den Submission-Port (587 oder 465), oder, wenn {host} diese Maschine an ihrer Adresse erkennt, Authentication Type auf None.',
    },
  },
  SMTP_TOKEN_UNAVAILABLE: {
    class: 'auth',
    action: 'pause-server',
    message: 'No access token could be obtained for this server',
    hint: {
      en: 'See the error of the OAuth2 application and sign in again if asked to. Jobs of {server} are kept meanwhile.',
      de: 'Beachten Sie den Fehler der OAuth2-Anwendung und melden Sie sich gegebenenfalls neu an. Die Aufträge von {server} bleiben erhalten.',
    },
  },
  SMTP_NOT_AUTHENTICATED: {
    class: 'permission',
    action: 'pause-server',
    message: 'The server requires sign-in before mail, and none took place',
    hint: {
      en: 'Check that {host} offers AUTH on this port (587 with STARTTLS) and that Authentication Type is set on {server}.',
      de: 'Prüfen Sie, ob {host} auf diesem Port AUTH anbietet (587 mit STARTTLS) und bei {server} ein Authentication Type eingestellt ist.',
    },
    hintAt: {
      microsoft: {
        en: 'Set host smtp.office365.com, port 587 and an Authentication Type on {server}. If {host} is the MX of your own tenant, Reject Direct Send is on (5.7.68): mail from your own domain must sign in or use a connector.',
        de: 'Stellen Sie bei {server} Host smtp.office365.com, Port 587 und einen Authentication Type ein. Ist {host} der MX des eigenen Mandanten, ist dort „Reject Direct Send“ eingeschaltet (5.7.68): Mail der eigenen Domäne muss sich anmelden oder einen Connector nutzen.',
      },
    },
  },
  SMTP_TLS_FAILED: {
    class: 'permission',
    action: 'pause-server',
    message: 'No TLS connection could be established; nothing is sent in plain text',
    hint: {
      en: 'Check host name and certificate of {host}; put a private CA into the field ca of {server}.',
      de: 'Prüfen Sie Hostnamen und Zertifikat von {host}; eine eigene CA gehört ins Feld ca von {server}.',
    },
  },
  SMTP_EHLO_NAME: {
    class: 'invalid',
    action: 'pause-server',
    message: 'The server does not accept our host name in EHLO',
    hint: {
      en: 'Give the machine a valid host name; {host} answered Invalid domain name.',
      de: 'Geben Sie dem Rechner einen gültigen Hostnamen; {host} meldet Invalid domain name.',
    },
  },
  SEND_AS_DENIED: {
    class: 'permission',
    action: 'fail',
    message: 'The signed-in user may not send as this From address',
    hint: {
      en: 'Allow {user} at {host} to send as {from}, or remove the address from Additional Email From Addresses of {server}.',
      de: 'Erlauben Sie {user} bei {host}, als {from} zu senden, oder entfernen Sie die Adresse aus den Additional Email From Addresses von {server}.',
    },
    hintAt: {
      microsoft: {
        en: 'Add-RecipientPermission -Identity "{from}" -AccessRights SendAs -Trustee "{user}" -Confirm:$false',
        de: 'Add-RecipientPermission -Identity "{from}" -AccessRights SendAs -Trustee "{user}" -Confirm:$false',
      },
    },
  },
  SMTP_CONNECTION_LIMIT: {
    class: 'throttle',
    action: 'back-off',
    message: 'Too many simultaneous connections for this mailbox',
    hint: {
      en: 'Set the connections of {server} to 2, and look for other programs that send as {user}.',
      de: 'Stellen Sie die Verbindungen von {server} auf 2, und suchen Sie andere Programme, die als {user} senden.',
    },
  },
  SMTP_BUSY: {
    class: 'throttle',
    action: 'back-off',
    message: 'The server throttles this sender',
    hint: {
      en: 'Nothing at first. If it lasts for hours, check the reputation of the outgoing IP address.',
      de: 'Zunächst ist nichts zu tun. Dauert es Stunden, prüfen Sie die Reputation der ausgehenden IP-Adresse.',
    },
  },
  SUBMISSION_QUOTA: {
    class: 'throttle',
    action: 'hold',
    message: 'The account has reached its sending limit; replies wait and none fails',
    hint: {
      en: 'See the sending limits of {user} at {host}. Sending resumes automatically.',
      de: 'Beachten Sie die Sendelimits von {user} bei {host}. Der Versand wird automatisch fortgesetzt.',
    },
    hintAt: {
      microsoft: {
        en: 'Recipient limit of {user} (10,000 in 24 hours). Sending resumes automatically.',
        de: 'Empfängergrenze von {user} (10.000 in 24 Stunden). Der Versand wird automatisch fortgesetzt.',
      },
    },
  },
  SENDING_MAILBOX_FULL: {
    class: 'permanent',
    action: 'pause-server',
    message: 'The sending mailbox is full',
    hint: {
      en: 'Free space in the mailbox of {user}. Jobs are kept meanwhile.',
      de: 'Schaffen Sie Platz im Postfach von {user}. Die Aufträge bleiben solange erhalten.',
    },
    hintAt: {
      microsoft: {
        en: 'Empty Sent Items of {user}, or Set-Mailbox -Identity "{user}" -MessageCopyForSMTPClientSubmissionEnabled $false. A shared mailbox without a licence holds 50 GB. Jobs are kept meanwhile.',
        de: 'Leeren Sie „Gesendete Elemente“ von {user}, oder Set-Mailbox -Identity "{user}" -MessageCopyForSMTPClientSubmissionEnabled $false. Ein gemeinsames Postfach ohne Lizenz fasst 50 GB. Die Aufträge bleiben solange erhalten.',
      },
    },
  },
  OUTBOUND_SPAM: {
    class: 'permanent',
    action: 'pause-server',
    message: 'The server classifies our mail as outbound spam',
    hint: {
      en: 'Look at what {user} sent, then ask the provider of {host}.',
      de: 'Prüfen Sie, was {user} gesendet hat, und fragen Sie dann den Anbieter von {host}.',
    },
    hintAt: {
      microsoft: {
        en: 'Microsoft Defender: outbound spam policy and restricted entities; look at what {user} sent.',
        de: 'Microsoft Defender: Richtlinie für ausgehenden Spam und eingeschränkte Entitäten; prüfen Sie, was {user} gesendet hat.',
      },
    },
  },
  SENDER_BLOCKED: {
    class: 'permanent',
    action: 'pause-server',
    message: 'The sending mailbox is blocked for outgoing mail',
    hint: {
      en: 'Ask the provider of {host} to unblock {user}. Find the cause first.',
      de: 'Lassen Sie {user} vom Anbieter von {host} entsperren. Klären Sie zuerst die Ursache.',
    },
    hintAt: {
      microsoft: {
        en: 'Microsoft Defender, Restricted entities: unblock {user}. Find the cause first.',
        de: 'Microsoft Defender, Eingeschränkte Entitäten: {user} entsperren. Klären Sie zuerst die Ursache.',
      },
    },
  },
  TENANT_BLOCKED: {
    class: 'permanent',
    action: 'pause-server',
    message: 'The tenant may not send to external recipients',
    hint: {
      en: 'The cause is a trial tenant, its reputation or an unregistered domain: open a ticket with Microsoft support.',
      de: 'Testmandant, Reputation oder nicht registrierte Domäne: Eröffnen Sie ein Ticket beim Microsoft-Support.',
    },
  },
  TENANT_QUOTA: {
    class: 'throttle',
    action: 'hold',
    message: 'The tenant has reached its daily limit of external recipients; replies wait and none fails',
    hint: {
      en: 'The tenant external recipient rate limit depends on the licences. Sending resumes automatically.',
      de: 'Grenze des Mandanten für externe Empfänger: hängt von den Lizenzen ab. Der Versand wird automatisch fortgesetzt.',
    },
    hintAt: {
      microsoft: {
        en: 'The tenant external recipient rate limit depends on the licences (500 × licences^0.7 + 9,500 in 24 hours). For a From at onmicrosoft.com it is 100 a day: use a domain of your own. Sending resumes automatically.',
        de: 'Grenze des Mandanten für externe Empfänger: hängt von den Lizenzen ab (500 × Lizenzen^0,7 + 9.500 in 24 Stunden). Für eine Von-Adresse unter onmicrosoft.com sind es 100 am Tag: Verwenden Sie eine eigene Domäne. Der Versand wird automatisch fortgesetzt.',
      },
    },
  },
  SMTP_PROXY_TROUBLE: {
    class: 'transient',
    action: 'retry',
    message: 'The front end of the server reports a temporary failure',
    hint: {
      en: 'If it lasts for hours, look at the service health of Microsoft 365.',
      de: 'Dauert es Stunden, prüfen Sie den Dienststatus von Microsoft 365.',
    },
  },
  SMTP_TRANSIENT: {
    class: 'transient',
    action: 'retry',
    message: 'The server answers with a temporary failure',
    hint: {
      en: 'Mailroom retries automatically. If it lasts, look at the remote text.',
      de: 'Wird automatisch wiederholt. Hält es an, beachten Sie den Text der Gegenstelle.',
    },
  },
  SMTP_QUEUE_QUOTA: {
    class: 'throttle',
    action: 'back-off',
    message: "The server's queue for us is full",
    hint: {
      en: 'Mailroom retries automatically with growing pauses.',
      de: 'Wird mit wachsenden Pausen automatisch wiederholt.',
    },
  },
  MESSAGE_TOO_LARGE: {
    class: 'size',
    action: 'fail',
    message: 'The message is larger than the server accepts',
    hint: {
      en: 'Send smaller attachments (base64 adds 33 %), or raise the limit at {host}.',
      de: 'Senden Sie kleinere Anhänge (base64 braucht 33 % mehr), oder erhöhen Sie die Grenze bei {host}.',
    },
    hintAt: {
      microsoft: {
        en: 'Send smaller attachments (base64 adds 33 %), or Set-Mailbox -Identity "{user}" -MaxSendSize 150MB.',
        de: 'Kleinere Anhänge (base64 braucht 33 % mehr), oder Set-Mailbox -Identity "{user}" -MaxSendSize 150MB.',
      },
    },
  },
  TOO_MANY_RECIPIENTS: {
    class: 'size',
    action: 'fail',
    message: 'The message has more recipients than the server accepts',
    hint: {
      en: 'Use fewer recipients, or raise the limit at {host}.',
      de: 'Senden Sie an weniger Empfänger, oder erhöhen Sie die Grenze bei {host}.',
    },
    hintAt: {
      microsoft: {
        en: 'Use fewer recipients, or Set-Mailbox -Identity "{user}" -RecipientLimits 1000.',
        de: 'Weniger Empfänger, oder Set-Mailbox -Identity "{user}" -RecipientLimits 1000.',
      },
    },
  },
  SMTP_RECIPIENTS_LATER: {
    class: 'transient',
    action: 'retry',
    message: 'The server accepts no more recipients at present',
    hint: {
      en: 'Mailroom retries automatically.',
      de: 'Wird automatisch wiederholt.',
    },
  },
  SMTP_BARE_LF: {
    class: 'permanent',
    action: 'fail',
    message: 'The server found bare line feeds in the message',
    hint: {
      en: 'This is a bug in Mailroom: report it with the replyId.',
      de: 'Ein Fehler unsererseits: Melden Sie ihn mit der replyId.',
    },
  },
  SMTP_FROM_REFUSED: {
    class: 'permanent',
    action: 'fail',
    message: 'The server refuses the From of this message',
    hint: {
      en: 'Use exactly one From, at a domain that exists and that {host} may send for.',
      de: 'Genau ein Absender, in einer Domäne, die existiert und für die {host} senden darf.',
    },
    hintAt: {
      microsoft: {
        en: 'Use exactly one From, at a domain that is registered in the tenant: Get-AcceptedDomain.',
        de: 'Genau ein Absender, und eine im Mandanten registrierte Domäne: Get-AcceptedDomain.',
      },
    },
  },
  MAIL_LOOP: {
    class: 'permanent',
    action: 'fail',
    message: 'The message is in a mail loop',
    hint: {
      en: "Look at the mail flow rules and forwardings of the recipient's domain.",
      de: 'Prüfen Sie Nachrichtenflussregeln und Weiterleitungen der Empfängerdomäne.',
    },
  },
  RECIPIENT_RATE: {
    class: 'throttle',
    action: 'back-off',
    message: 'This recipient is receiving too much mail at present',
    hint: {
      en: 'Mailroom retries automatically in an hour.',
      de: 'Wird in einer Stunde automatisch wiederholt.',
    },
  },
  RECIPIENT_UNKNOWN: {
    class: 'permanent',
    action: 'fail',
    message: 'The recipient does not exist',
    hint: {
      en: 'Check the customer’s address.',
      de: 'Prüfen Sie die Adresse des Kunden.',
    },
  },
  SMTP_UNREACHABLE: {
    class: 'transient',
    action: 'retry',
    message: 'The server cannot be reached',
    hint: {
      en: 'If no connection is ever made: does a firewall allow outgoing port {port} to {host}? Replies are tried again automatically.',
      de: 'Kommt nie eine Verbindung zustande: Erlaubt eine Firewall ausgehend Port {port} zu {host}? Antworten werden automatisch wieder versucht.',
    },
  },
  SMTP_REJECTED: {
    class: 'permanent',
    action: 'fail',
    message: 'The server refuses the message',
    hint: {
      en: 'See the remote text.',
      de: 'Beachten Sie den Text der Gegenstelle.',
    },
  },
  SMTP_ANSWER_UNKNOWN: {
    class: 'transient',
    action: 'retry',
    message: "Mailroom does not recognise the server's answer",
    hint: {
      en: 'Mailroom retries automatically. Report the remote text if it lasts.',
      de: 'Wird automatisch wiederholt. Melden Sie den Text der Gegenstelle, wenn es anhält.',
    },
  },
  DELIVERY_UNCERTAIN: {
    class: 'ambiguous',
    action: 'settle',
    message: 'The connection was lost after the message was sent and before the server answered',
    hint: {
      en: 'Mailroom searches Sent of {user} and does not send again unless the policy of {server} allows it. If the reply is not found, a person decides.',
      de: 'Wird in „Gesendete Elemente“ von {user} gesucht; nur dann erneut gesendet, wenn die Regel von {server} es sagt. Findet sie sich dort nicht, entscheidet eine Person.',
    },
  },
});
