// Error catalogue, section http: the blob store and the HTTP API.
import { entry, section } from './entry.ts';

export const httpErrors = section({
  BLOB_STORE_FULL: entry('transient', 'retry')(
    'The blob store is full.',
    'Free space or enlarge the volume (or raise the quota). Mail waits in the mailbox meanwhile; nothing is lost.',
    'Schaffen Sie Speicherplatz, oder vergrößern Sie das Volume (die Quota). E-Mails warten so lange im Postfach; nichts geht verloren.',
  ),
  BLOB_STORE_UNAVAILABLE: entry('transient', 'retry')(
    'The blob store cannot be read or written.',
    'Check that the folder exists, is mounted and belongs to the user that Mailroom runs as; with S3: endpoint, bucket, credentials and network.',
    'Prüfen Sie, ob der Ordner existiert, eingehängt ist und dem Benutzer gehört, unter dem Mailroom läuft; bei S3: Endpunkt, Bucket, Zugangsdaten und Netz.',
  ),
  BLOB_NOT_FOUND: entry('permanent', 'refuse')(
    'The blob store does not hold this blob.',
    'The blob is past its retention, or this process uses a different folder, bucket or encryption key from the process that stored it.',
    'Er ist älter als die Aufbewahrungsfrist, oder dieser Prozess verwendet einen anderen Ordner, Bucket oder Schlüssel als der, der ihn abgelegt hat.',
  ),
  BLOB_DAMAGED: entry('permanent', 'fail')(
    'The stored bytes have changed: they were damaged or tampered with.',
    'Restore the blob from a backup or fetch the mail from the mailbox again (mailroom replay); check the volume.',
    'Stellen Sie den Blob aus einer Sicherung wieder her, oder holen Sie die E-Mail erneut aus dem Postfach (mailroom replay); prüfen Sie das Volume.',
  ),
  BLOB_KEY_MISSING: entry('invalid', 'refuse')(
    'The blob was encrypted with a key that is not in the key ring.',
    'Put the key back at the end of blobs.encryptionKeys until everything encrypted with it is past its retention.',
    'Setzen Sie den Schlüssel wieder ans Ende von blobs.encryptionKeys, bis alles damit Verschlüsselte die Aufbewahrungsfrist überschritten hat.',
  ),
  HTTP_PORT_UNAVAILABLE: entry('invalid', 'stop')(
    'The HTTP server cannot listen on this host and port.',
    'Choose another http.port, stop the process that uses it, or use a port above 1023 (http.host must be an address of this machine).',
    'Wählen Sie einen anderen http.port, beenden Sie den Prozess, der ihn belegt, oder nehmen Sie einen Port über 1023 (http.host muss eine Adresse dieses Rechners sein).',
  ),
  HTTP_UNAUTHENTICATED: entry('auth', 'refuse')(
    'This request needs a valid API token.',
    'Send `Authorization: Bearer <token>` with a token of http.apiTokens.',
    'Senden Sie `Authorization: Bearer <Token>` mit einem Token aus http.apiTokens.',
  ),
  HTTP_FORBIDDEN: entry('permission', 'refuse')(
    'This token does not permit this action.',
    'Use a token with a role that permits it (viewer, operator, administrator or backend; see http.apiTokens).',
    'Verwenden Sie ein Token mit einer Rolle, die es erlaubt (viewer, operator, administrator oder backend; siehe http.apiTokens).',
  ),
  HTTP_NOT_FOUND: entry('invalid', 'refuse')(
    'Nothing exists at this address.',
    '/v1/openapi.json lists the routes of this API.',
    'Die Routen dieser API stehen in /v1/openapi.json.',
  ),
  HTTP_REQUEST_INVALID: entry('invalid', 'refuse')(
    'The request is not valid.',
    'Correct the named fields; the schemas are in /v1/openapi.json.',
    'Korrigieren Sie die genannten Felder; die Schemas stehen in /v1/openapi.json.',
  ),
  HTTP_BODY_MALFORMED: entry('invalid', 'refuse')(
    'The request body is not readable JSON.',
    'Send one JSON value in UTF-8 with `Content-Type: application/json`.',
    'Senden Sie einen JSON-Wert in UTF-8 mit `Content-Type: application/json`.',
  ),
  HTTP_BODY_TOO_LARGE: entry('size', 'refuse')(
    'The request body is larger than permitted.',
    'Refer to attachments instead of sending them by value, or raise http.bodyLimit.',
    'Senden Sie Anhänge als Verweis statt als Inhalt, oder erhöhen Sie http.bodyLimit.',
  ),
  HTTP_MEDIA_TYPE: entry('invalid', 'refuse')(
    'The media type of the request body is not supported.',
    'Send `Content-Type: application/json`.',
    'Senden Sie `Content-Type: application/json`.',
  ),
  HTTP_TOO_MANY_STREAMS: entry('throttle', 'refuse')(
    'This client has too many downloads or tests open at once.',
    'Finish the open downloads and tests, then try again; or raise http.streamsPerClient.',
    'Lesen Sie die offenen Antworten, und fragen Sie dann noch einmal an; oder erhöhen Sie http.streamsPerClient.',
  ),
  PRIVACY_ADDRESS_INVALID: entry('invalid', 'refuse')(
    'This is not one mail address.',
    'Enter the address of the person alone, as in anna@customer.example.',
    'Geben Sie nur die Adresse der Person ein, zum Beispiel anna@customer.example.',
  ),
  PRIVACY_ADDRESS_IS_OURS: entry('invalid', 'refuse')(
    'This is an address of an email server, which every mail contains.',
    'Enter the address of a customer. Addresses of email servers (User, aliases, Additional Email From Addresses) are refused, because everything would be erased.',
    'Geben Sie die Adresse einer Kundin oder eines Kunden ein. Adressen von E-Mail Servern (User, Aliasse, Additional Email From Addresses) werden abgelehnt, weil sonst alles gelöscht würde.',
  ),
  HTTP_RANGE_NOT_SATISFIABLE: entry('invalid', 'refuse')(
    'The requested range lies outside the content.',
    'Request a range within the size given in Content-Range.',
    'Fordern Sie einen Bereich innerhalb der in Content-Range genannten Größe an.',
  ),
  HTTP_INTERNAL: entry('transient', 'refuse')(
    'The request failed because of an internal error.',
    'Try again. If it keeps failing, look for the event ApiRequestFailed in the log.',
    'Versuchen Sie es noch einmal; bleibt der Fehler, suchen Sie im Log nach dem Ereignis ApiRequestFailed.',
  ),
  MESSAGE_UNKNOWN: entry('invalid', 'refuse')(
    'No message is known under this key.',
    'Check the messageKey; a message is known as long as its job is kept (inbound.completedJobRetentionDays).',
    'Prüfen Sie den messageKey; Nachrichten sind bekannt, solange ihr Auftrag aufbewahrt wird (inbound.completedJobRetentionDays).',
  ),
  ATTACHMENT_UNKNOWN: entry('invalid', 'refuse')(
    'The message has no attachment with this number.',
    'Attachments are numbered from 0, as `n` in the message.',
    'Anhänge sind ab 0 nummeriert, wie `n` in der Nachricht.',
  ),
  MESSAGE_TEXT_UNKNOWN: entry('invalid', 'refuse')(
    'The message has no such text.',
    'Request the other one of /text and /html. If neither exists, the mail contains only attachments: request those, or /raw.',
    'Nehmen Sie das andere von /text und /html. Ohne beides hat die E-Mail nur Anhänge: Nehmen Sie diese oder /raw.',
  ),
  EMAIL_FLOW_UNKNOWN: entry('invalid', 'refuse')(
    'No enabled IMAP email server has this email flow.',
    'Check the name (percent-encoded UTF-8 in the path) and the email servers.',
    'Prüfen Sie den Namen (im Pfad prozentkodiertes UTF-8) und die E-Mail Server.',
  ),
  EMAIL_FLOW_IN_USE: entry('invalid', 'refuse')(
    'An IMAP email server still feeds this email flow; its messages cannot be moved.',
    'Give that server another email flow first, or let a consumer take the messages.',
    'Geben Sie diesem Server zuerst einen anderen Email Flow, oder lassen Sie die Nachrichten abholen.',
  ),
  EMAIL_SERVER_READ_ONLY: entry('invalid', 'refuse')(
    'This email server is defined in a file and cannot be changed here.',
    'Change the file (Mailroom reloads it at once), or copy the server and change the copy.',
    'Ändern Sie die Datei (sie wird sofort neu gelesen), oder kopieren Sie den Server und ändern Sie die Kopie.',
  ),
  EMAIL_SERVER_REVISION_REQUIRED: entry('invalid', 'refuse')(
    'A change must name the revision that it applies to.',
    'Read the email server and send its ETag as If-Match.',
    'Lesen Sie den E-Mail Server, und senden Sie dessen ETag als If-Match.',
  ),
  EMAIL_SERVER_HOST_REFUSED: entry('permission', 'pause-server')(
    'An email server created in the portal points to an address that Mailroom must not connect to.',
    'Correct Host or proxy; if the address is right, ask the operator to allow it with security.portalAllowedHosts or to define the server in a file.',
    'Korrigieren Sie Host oder Proxy; ist die Adresse richtig, erlaubt der Betrieb sie mit security.portalAllowedHosts oder definiert den Server in einer Datei.',
  ),
  EMAIL_SERVER_CANNOT_PAUSE: entry('invalid', 'refuse')(
    'Only an enabled SMTP email server can be paused.',
    'To stop an IMAP server, disable it: its mail stays safe in the mailbox.',
    'Deaktivieren Sie einen IMAP-Server, um ihn anzuhalten: Seine E-Mails bleiben sicher im Postfach.',
  ),
  SMTP_SERVER_PAUSED_BY_PERSON: entry('permission', 'pause-server')(
    'A person paused sending through this server.',
    'Its replies wait; resume it in the portal or with POST /v1/email-servers/{name}/resume.',
    'Seine Antworten warten; setzen Sie den Versand im Portal oder mit POST /v1/email-servers/{name}/resume fort.',
  ),
  MESSAGE_NOT_QUARANTINED: entry('invalid', 'refuse')(
    'No quarantined message has this key, or somebody has already dealt with it.',
    'Load the list again: GET /v1/quarantined-messages.',
    'Laden Sie die Liste neu: GET /v1/quarantined-messages.',
  ),
  DEAD_LETTER_UNKNOWN: entry('invalid', 'refuse')(
    'No failed job of this email flow has this id, or somebody has already dealt with it.',
    'Load the list again: GET /v1/email-flows/{flow}/dead-letters.',
    'Laden Sie die Liste neu: GET /v1/email-flows/{flow}/dead-letters.',
  ),
  MESSAGE_STILL_UNREADABLE: entry('permanent', 'refuse')(
    'The message still cannot be read.',
    'Open or move the message in its mailbox and try again, or fetch it with `mailroom replay`; or accept it as it is: the raw mail stays with its job.',
    'Öffnen oder verschieben Sie die Nachricht in ihrem Postfach und versuchen Sie es erneut, oder holen Sie sie mit `mailroom replay`; oder nehmen Sie sie so an: Die Originalnachricht bleibt bei ihrem Auftrag.',
  ),
  PORTAL_SIGN_IN_REFUSED: entry('auth', 'refuse')(
    'Sign-in refused: the token or one-time code is not valid.',
    'Create a one-time code with `mailroom invite`, or use an API token with the role viewer, operator or administrator.',
    'Erstellen Sie mit `mailroom invite` einen Einmalcode, oder verwenden Sie ein API-Token mit der Rolle viewer, operator oder administrator.',
  ),
  PORTAL_OIDC_UNAVAILABLE: entry('transient', 'refuse')(
    'The identity provider cannot be reached.',
    'Try again later; check http.oidc.issuer, the network and, with a private CA, http.oidc.ca. A one-time code (`mailroom invite`) signs in without it.',
    'Versuchen Sie es später erneut; prüfen Sie http.oidc.issuer, Netz und bei privater CA http.oidc.ca. Mit einem Einmalcode (`mailroom invite`) gelingt die Anmeldung ohne ihn.',
  ),
  PORTAL_OIDC_REFUSED: entry('auth', 'refuse')(
    'The sign-in at the identity provider did not succeed.',
    'Start the sign-in again. If it fails again, compare client id, client secret and redirect address (<http.publicUrl>/portal/oidc/callback) with the provider.',
    'Beginnen Sie die Anmeldung neu. Wiederholt es sich: Vergleichen Sie Client-ID, Clientgeheimnis und Umleitungsadresse (<http.publicUrl>/portal/oidc/callback) mit dem Anbieter.',
  ),
  PORTAL_OIDC_NO_ROLE: entry('permission', 'refuse')(
    'The user is signed in but has no role in Mailroom.',
    'At the provider, give the user one of the roles or groups of http.oidc.roles. Mailroom reads them from the claim http.oidc.rolesClaim of the ID token.',
    'Geben Sie der Person beim Anbieter eine der Rollen oder Gruppen aus http.oidc.roles; gesucht wird im Claim http.oidc.rolesClaim des ID-Tokens.',
  ),
  PORTAL_OIDC_GROUPS_OMITTED: entry('permission', 'refuse')(
    'The provider left out the groups of the user, because there are too many.',
    'Assign app roles instead of groups at the provider and set http.oidc.rolesClaim: roles. Entra ID puts at most 200 groups into a token.',
    'Vergeben Sie beim Anbieter App-Rollen statt Gruppen und setzen Sie http.oidc.rolesClaim: roles. Entra ID nennt höchstens 200 Gruppen in einem Token.',
  ),
  HTTP_LOCKED: entry('throttle', 'refuse')(
    'Too many requests with a wrong API token from this address.',
    'Correct the token of the calling program, and wait until Retry-After has passed.',
    'Korrigieren Sie das Token des anfragenden Programms, und warten Sie, bis Retry-After vorbei ist.',
  ),
  PORTAL_LOCKED: entry('throttle', 'refuse')(
    'Too many failed sign-ins from this address.',
    'Wait 15 minutes and try again.',
    'Versuchen Sie es in 15 Minuten erneut.',
  ),
  PORTAL_FORM_FORGED: entry('permission', 'refuse')(
    'The form does not belong to this session.',
    'Load the page again and repeat the change.',
    'Laden Sie die Seite neu, und wiederholen Sie die Änderung.',
  ),
});
