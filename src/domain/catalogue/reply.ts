// Error catalogue, section reply: what is wrong with a reply before any server sees it, and how it can end.
import { entry, section } from './entry.ts';

const useOneAddress = [
  'Use an address of the form name@domain.',
  'Geben Sie eine Adresse der Form name@domain an.',
] as const;

export const replyErrors = section({
  REPLY_MALFORMED: entry('invalid', 'refuse')(
    'The reply does not conform to mailroom.reply/1',
    'Correct the named field; schemas/reply-1.json is the schema.',
    'Korrigieren Sie das genannte Feld; schemas/reply-1.json ist das Schema.',
  ),
  REPLY_ID_REUSED: entry('invalid', 'refuse')(
    'This replyId was already used for different content',
    'Use a separate replyId for each reply; repeat a replyId only to submit the same reply again.',
    'Jede Antwort braucht eine eigene replyId; dieselbe replyId steht nur für dieselbe Antwort.',
  ),
  REPLY_UNKNOWN: entry('invalid', 'refuse')(
    'No reply with this replyId is known',
    'Replies are kept for ten days after they end.',
    'Antworten werden nach ihrem Ende zehn Tage aufbewahrt.',
  ),
  REPLY_NOT_HELD: entry('invalid', 'refuse')(
    'This reply is not held',
    'Only a held reply can be released or dropped.',
    'Nur eine zurückgehaltene Antwort kann erneut gesendet oder verworfen werden.',
  ),
  REPLY_HELD: entry('ambiguous', 'hold')(
    'The reply may or may not have reached the recipient; a person decides',
    'Ask the recipient or look in the mailbox’s Sent folder. Then release the reply (it is sent again; the recipient gets it twice if the first one arrived) or drop it (it is never sent again).',
    'Fragen Sie beim Empfänger nach oder sehen Sie im Ordner „Gesendete Elemente“ des Postfachs nach. Wählen Sie dann „Erneut senden“ (womöglich erhält er sie ein zweites Mal) oder „Verwerfen“ (sie wird nie gesendet).',
  ),
  REPLY_ANSWERED_ELSEWHERE: entry('ambiguous', 'hold')(
    'A colleague has answered this message in Outlook; a person decides whether this reply is sent as well',
    'Read the colleague’s answer in the mailbox. Then release the reply (it is sent as well) or drop it. The policy is answeredElsewhere of the SMTP server; force in a reply overrides it.',
    'Lesen Sie die Antwort des Kollegen im Postfach. Wählen Sie dann „Erneut senden“ (sie geht zusätzlich hinaus) oder „Verwerfen“. Die Regel ist answeredElsewhere des SMTP-Servers; force in der Antwort geht ihr vor.',
  ),
  REPLY_JOB_FAILED: entry('permanent', 'fail')(
    'The job of this reply failed in its queue for a reason outside Mailroom',
    'Something else failed the job (a BullMQ tool, another worker on the queue). Submit the reply again with a new replyId.',
    'Jemand oder etwas anderes hat den Auftrag scheitern lassen (ein BullMQ-Werkzeug, ein fremder Worker). Reichen Sie die Antwort unter einer neuen replyId noch einmal ein.',
  ),
  REPLY_SENDER_CHANGED: entry('ambiguous', 'hold')(
    'The server was changed after a copy of this reply may have been sent, and it would now be sent from another sender',
    'The message names what changed. Release the reply to send it from the current sender, or drop it. It is held again if the server changes once more.',
    'Die Meldung nennt, was sich geändert hat. Senden Sie die Antwort erneut, dann mit dem heutigen Absender, oder verwerfen Sie sie. Ändert sich der Server noch einmal, wird sie wieder zurückgehalten.',
  ),
  SMTP_SERVER_REPLACED: entry('permission', 'hold')(
    'The SMTP email server of this reply no longer exists, and a server with another User now has its name',
    'Release the reply to send it through the server that now has the name, or drop it and submit it again to the right server.',
    'Senden Sie die Antwort erneut, dann über den Server, der jetzt so heißt, oder verwerfen Sie sie und reichen Sie sie unter dem richtigen Server neu ein.',
  ),
  REPLY_NOT_COMPOSED: entry('permanent', 'hold')(
    'Composing the bodies of this reply exceeded the time or memory limit; nothing was sent',
    'The cause is its HTML, or the HTML of the message that it quotes. Drop the reply and submit it again as text or without the quotation, with a new replyId. Release it to try once more.',
    'Ursache ist ihr HTML oder das HTML der zitierten Nachricht. Verwerfen Sie die Antwort und senden Sie sie als Text oder ohne Zitat unter einer neuen replyId. Senden Sie sie erneut, um es noch einmal zu versuchen.',
  ),
  REPLY_CRASHED: entry('permanent', 'hold')(
    'Processes crashed while preparing this reply; nothing was sent',
    'Look in the log of the orchestrator for the cause of the crashes (out of memory, an error). Drop the reply and submit it again as text or with smaller attachments, with a new replyId. Release it to try once more.',
    'Suchen Sie im Log des Orchestrators nach dem Ende dieser Prozesse (Speicher, Fehler). Verwerfen Sie die Antwort und senden Sie sie als Text oder mit kleineren Anhängen unter einer neuen replyId. Senden Sie sie erneut, um es noch einmal zu versuchen.',
  ),
  REPLY_DROPPED: entry('permanent', 'fail')('A person dropped the held reply', 'Nothing to do.', 'Nichts zu tun.'),
  REPLY_CANCELLED: entry('permanent', 'fail')(
    'The reply was cancelled before it was sent',
    'Nothing to do. Submit it with a new replyId to send it after all.',
    'Nichts zu tun. Soll sie doch gesendet werden, reichen Sie sie unter einer neuen replyId ein.',
  ),
  REPLY_EXPIRED: entry('permanent', 'fail')(
    'The reply was not sent before its expiresAt',
    'Look at the pause and backlog of its server. Submit the reply with a new replyId to send it after all.',
    'Sehen Sie nach Pause und Rückstand ihres Servers. Soll sie doch gesendet werden, reichen Sie sie unter einer neuen replyId ein.',
  ),
  REPLY_TOO_LATE: entry('invalid', 'refuse')(
    'It is too late to cancel this reply or to change its priority',
    'The message names its state. What may have been sent can no longer be cancelled; only what waits has a priority.',
    'Die Meldung nennt ihren Zustand. Was gesendet sein kann, lässt sich nicht mehr zurücknehmen; nur was wartet, hat eine Priorität.',
  ),
  SMTP_SERVER_UNKNOWN: entry('invalid', 'refuse')(
    'No SMTP email server has this name',
    'Use the Name of an SMTP email server from the configuration; GET /v1/email-flows/:flow/senders lists them.',
    'Name eines SMTP-Servers wie in der Konfiguration; GET /v1/email-flows/:flow/senders nennt sie.',
  ),
  SMTP_SERVER_DISABLED: entry('invalid', 'refuse')(
    'This SMTP email server is disabled',
    'Enable the server, or reply through another one. Jobs already in its queue are kept.',
    'Aktivieren Sie den Server oder antworten Sie über einen anderen. Aufträge in seiner Warteschlange bleiben erhalten.',
  ),
  FROM_NOT_PERMITTED: entry('invalid', 'refuse')(
    'This From is not permitted on this server',
    'Add the address to Additional Email From Addresses of the server, or choose one of those permitted.',
    'Tragen Sie die Adresse unter Additional Email From Addresses ein, oder wählen Sie eine erlaubte.',
  ),
  FROM_ROLE_REQUIRED: entry('invalid', 'refuse')(
    'This agent may not use this From',
    'The From is restricted to roles; see fromRoles of the server.',
    'Die Von-Adresse ist auf Rollen beschränkt; siehe fromRoles des Servers.',
  ),
  FROM_AMBIGUOUS: entry('invalid', 'refuse')(
    'From must be exactly one address',
    'Use one plain address without list, group, route or comment.',
    'Eine einfache Adresse; keine Liste, Gruppe, Route oder Kommentar.',
  ),
  FROM_INVALID: entry('invalid', 'refuse')('From is not a valid address', ...useOneAddress),
  FROM_NAME_SPOOFED: entry('invalid', 'refuse')(
    'The display name of From imitates another sender',
    'Remove other addresses and invisible or direction-changing characters from the display name.',
    'Keine andere Adresse, keine unsichtbaren oder richtungsändernden Zeichen im Anzeigenamen.',
  ),
  HEADER_FORBIDDEN: entry('invalid', 'refuse')(
    'This header is not allowed, or its value contains a line break',
    'Use only headers that outbound.allowedHeaders names, without CR, LF and NUL.',
    'Nur Kopfzeilen, die outbound.allowedHeaders nennt, ohne CR, LF und NUL.',
  ),
  RECIPIENT_MISSING: entry('invalid', 'refuse')(
    'The reply has no recipient',
    'Put at least one address into to, cc or bcc.',
    'Mindestens eine Adresse in to, cc oder bcc.',
  ),
  RECIPIENTS_TOO_MANY: entry('invalid', 'refuse')(
    'The reply has more recipients than allowed',
    'Send several replies, or raise outbound.recipientsPerReply (Exchange Online’s own limit for a mailbox is 500 unless changed).',
    'Senden Sie mehrere Antworten, oder erhöhen Sie outbound.recipientsPerReply (Exchange Online erlaubt je Postfach 500, wenn nicht anders eingestellt).',
  ),
  RECIPIENT_INVALID: entry('invalid', 'refuse')('A recipient is not a valid address', ...useOneAddress),
  SMTPUTF8_NOT_OFFERED: entry('invalid', 'refuse')(
    'The part before the @ of an address is not ASCII, and the server does not support such addresses (no SMTPUTF8)',
    'Use the ASCII address of this recipient, or reply through a server that offers SMTPUTF8. International domain names work everywhere.',
    'Verwenden Sie die ASCII-Adresse dieses Empfängers, oder antworten Sie über einen Server mit SMTPUTF8. Umlautdomänen sind kein Problem.',
  ),
  REPLY_READ_DIFFERENTLY: entry('invalid', 'refuse')(
    'The composed mail reads differently from what was decided: a sender, recipient or header line differs',
    'The message names the field. Write the address plainly, without unusual characters; if it already is plain, report this as a bug in Mailroom.',
    'Die Meldung nennt das Feld. Schreiben Sie die Adresse schlicht, ohne ungewöhnliche Zeichen; ist sie es schon, melden Sie dies als Fehler von Mailroom.',
  ),
  REPLY_TO_INVALID: entry('invalid', 'refuse')('Reply-To is not a valid address', ...useOneAddress),
  SENT_COPY_FAILED: entry('transient', 'warn')(
    'The copy in the Sent folder could not be stored; the reply itself was accepted',
    'Check the folder name of sentCopy and Full Access of the signed-in user.',
    'Prüfen Sie den Ordnernamen von sentCopy und den Vollen Zugriff (Full Access) des angemeldeten Benutzers.',
  ),
  SENT_SEARCH_FAILED: entry('transient', 'retry')(
    'The Sent folder could not be searched',
    'Check that IMAP is enabled for the sending mailbox, and check its Sent folder.',
    'Prüfen Sie, ob IMAP für das sendende Postfach aktiviert ist, und dessen Ordner „Gesendete Elemente“.',
  ),
  ATTACHMENT_UNAVAILABLE: entry('invalid', 'refuse')(
    'A referenced attachment cannot be read',
    'The message or blob may be past its retention; send the attachment by value.',
    'Nachricht oder Blob sind womöglich älter als die Aufbewahrung; geben Sie den Anhang als Wert an.',
  ),
  QUOTE_UNAVAILABLE: entry('invalid', 'refuse')(
    'The message to quote cannot be read',
    'quote requires answers.messageKey of a message that is still stored.',
    'quote braucht answers.messageKey einer noch aufbewahrten Nachricht.',
  ),
  AUTO_REPLY_TO_AUTOMATIC: entry('invalid', 'refuse')(
    'No automatic reply to automatic mail',
    'RFC 3834: the replies could loop. Let a person answer if needed.',
    'RFC 3834: Es könnte eine Schleife entstehen. Bei Bedarf antwortet ein Mensch.',
  ),
  AUTO_REPLY_TO_SELF: entry('invalid', 'refuse')(
    'No automatic reply to an address of our own',
    'A recipient is a mailbox that Mailroom watches or sends from, so its answer would come back. Use the customer’s address.',
    'Ein Empfänger ist ein Postfach, das Mailroom überwacht oder von dem es sendet: Die Antwort käme zurück. Nehmen Sie die Adresse des Kunden.',
  ),
  AUTO_REPLY_BUDGET: entry('invalid', 'refuse')(
    'This recipient or conversation has reached today’s limit of automatic replies',
    'The loop limit allows a few automatic replies a day; further ones are refused.',
    'Die Schleifenbremse erlaubt wenige automatische Antworten am Tag; weitere werden abgelehnt.',
  ),
});
