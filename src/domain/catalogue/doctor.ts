// Error catalogue, section doctor: what only `mailroom check` looks for. {user}, {host} and so on are filled in with the real names
// (doctor/fixes.ts).
import { entry, microsoft, section } from './entry.ts';

export const doctorErrors = section({
  CHECK_DEFINITION_WRONG: entry('invalid', 'warn')(
    'The definition of the email server is wrong',
    'Correct the fields named in the message.',
    'Korrigieren Sie die Felder, die die Meldung nennt.',
  ),
  CHECK_TOKEN_AUDIENCE: entry('auth', 'warn')(
    'The access token was issued for a service other than Exchange Online',
    'Set cloud of the OAuth2 application "{application}" to the cloud of tenant {tenant}.',
    'Setzen Sie cloud der OAuth2-Anwendung „{application}“ auf die Cloud des Mandanten {tenant}.',
  ),
  CHECK_TOKEN_PERMISSION: entry('permission', 'warn')(
    'The access token does not carry the mail permission',
    'Entra admin center > App registrations > {application} ({clientId}) > API permissions > Add a permission > APIs my organization uses > Office 365 Exchange Online: add {permission}, then "Grant admin consent", or open {consentUrl}',
    'Entra Admin Center > App-Registrierungen > {application} ({clientId}) > API-Berechtigungen > Berechtigung hinzufügen > Von meiner Organisation verwendete APIs > Office 365 Exchange Online: {permission} hinzufügen, dann „Administratorzustimmung erteilen“, oder öffnen Sie {consentUrl}',
  ),
  CHECK_AFTER_QUEUED_FOLDER_MISSING: entry('permanent', 'warn')(
    'The folder for queued messages does not exist',
    'Create the folder "{folder}" in the mailbox {user}, or correct afterQueued of {server}.',
    'Legen Sie den Ordner „{folder}“ im Postfach {user} an, oder korrigieren Sie afterQueued von {server}.',
    microsoft(
      'Create the folder "{folder}" in the mailbox {user} (Outlook on the web: open another mailbox), or correct afterQueued of {server}.',
      'Legen Sie den Ordner „{folder}“ im Postfach {user} an (Outlook im Web: Anderes Postfach öffnen), oder korrigieren Sie afterQueued von {server}.',
    ),
  ),
  CHECK_POP3_UNREACHABLE: entry('transient', 'warn')(
    'POP3 is not reachable; Mailroom does not use it',
    'Mailroom needs nothing here. If your handbook asks for POP3: enable it on {host}, with port 995 open.',
    'Für Mailroom ist nichts nötig. Verlangt Ihr Handbuch POP3: Aktivieren Sie es auf {host}, mit offenem Port 995.',
    microsoft(
      'Mailroom needs nothing here. If your handbook asks for POP3: Set-CASMailbox -Identity "{user}" -PopEnabled $true, and port 995 open to {host}.',
      'Für Mailroom ist nichts nötig. Verlangt Ihr Handbuch POP3: Set-CASMailbox -Identity "{user}" -PopEnabled $true, und Port 995 zu {host} offen.',
    ),
  ),
  CHECK_SENT_COPY_MISSING: entry('permanent', 'warn')(
    'The probe was accepted, but no copy of it appeared in Sent',
    'Set sentCopy of {server} to append with the name of the Sent folder: this server saves no copies.',
    'Stellen Sie sentCopy von {server} auf append mit dem Namen des Ordners „Gesendete Elemente“: Dieser Server legt keine Kopien ab.',
    microsoft(
      'Set-Mailbox -Identity "{user}" -MessageCopyForSMTPClientSubmissionEnabled $true, or set the Sent copy of {server} to append.',
      'Set-Mailbox -Identity "{user}" -MessageCopyForSMTPClientSubmissionEnabled $true, oder stellen Sie sentCopy von {server} auf append.',
    ),
  ),
  CHECK_SENT_COPY_LEFT: entry('permission', 'warn')(
    'A copy was stored in Sent for the check, but could not be removed',
    'Delete "Mailroom check" from the Sent folder of {user}. Copies of replies are stored; the user only lacks the right to delete.',
    'Löschen Sie „Mailroom check“ aus dem Ordner „Gesendete Elemente“ von {user}. Kopien der Antworten werden abgelegt; dem Benutzer fehlt nur das Recht zum Löschen.',
  ),
  CHECK_SHARED_ADDRESS_NOT_PERMITTED: entry('permission', 'warn')(
    'No SMTP server may send from the shared address; replies would be sent from the personal address',
    'Add {user} to Additional Email From Addresses of an SMTP server.',
    'Fügen Sie {user} den Additional Email From Addresses eines SMTP-Servers hinzu.',
  ),
  CHECK_DELEGATED_USER_IS_SHARED: entry('auth', 'warn')(
    'Delegated SMTP sign-in uses the shared mailbox as User; Exchange Online answers 535 5.7.3',
    'Set User of {server} to the person who signs in, and add {user} to Additional Email From Addresses.',
    'Setzen Sie User von {server} auf die Person, die sich anmeldet, und {user} in Additional Email From Addresses.',
  ),
  CHECK_FROM_DOMAIN: entry('permanent', 'warn')(
    'Mail from this domain may be refused or marked as spam: its DNS records are not enough',
    'Set the DNS records that the check names at the provider of the domain, then check again.',
    'Setzen Sie beim Anbieter der Domäne die DNS-Einträge, die die Prüfung nennt, und prüfen Sie erneut.',
  ),
  CHECK_STEP_FAILED: entry('transient', 'warn')(
    'The check itself failed at this step',
    'Run the check again; report it if it repeats.',
    'Wiederholen Sie die Prüfung; melden Sie es, wenn es bleibt.',
  ),
});
