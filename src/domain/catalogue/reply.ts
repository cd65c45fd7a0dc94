// Error catalogue, section reply: what is wrong with a reply before any server sees it, and how it can end.
import { section } from './entry.ts';

export const replyErrors = section({
  REPLY_MALFORMED: {
    class: 'invalid',
    action: 'refuse',
    message: 'The reply does not conform to mailroom.reply/1',
    hint: {
      en: 'Correct the named field; schemas/reply-1.json is the schema.',
      de: 'Korrigieren Sie das genannte Feld; schemas/reply-1.json ist das Schema.',
    },
  },
  REPLY_ID_REUSED: {
    class: 'invalid',
    action: 'refuse',
    message: 'This replyId was already used for different content',
    hint: {
      en: 'Use a separate replyId for each reply; repeat a replyId only to submit the same reply again.',
      de: 'Jede Antwort braucht eine eigene replyId; dieselbe replyId steht nur für dieselbe Antwort.',
    },
  },
  REPLY_UNKNOWN: {
    class: 'invalid',
    action: 'refuse',
    message: 'No reply with this replyId is known',
    hint: {
      en: 'Replies are kept for ten days after they end.',
      de: 'Antworten werden nach ihrem Ende zehn Tage aufbewahrt.',
    },
  },
  REPLY_NOT_HELD: {
    class: 'invalid',
    action: 'refuse',
    message: 'This reply is not held',
    hint: {
      en: 'Only a held reply can be released or dropped.',
      de: 'Nur eine zurückgehaltene Antwort kann erneut gesendet oder verworfen werden.',
    },
  },
  REPLY_HELD: {
    class: 'ambiguous',
    action: 'hold',
    message: 'The reply may or may not have reached the recipient; a person decides',
    hint: {
      en: 'Ask the recipient or look in the mailbox’s Sent folder. Then release the reply (it is sent again; the recipient gets it twice if the first one arrived) or drop it (it is never sent again).',
      de: 'Fragen Sie beim Empfänger nach oder sehen Sie im Ordner „Gesendete Elemente“ des Postfachs nach. Wählen Sie dann „Erneut senden“ (womöglich erhält er sie ein zweites Mal) oder „Verwerfen“ (sie wird nie gesendet).',
    },
  },
  REPLY_ANSWERED_ELSEWHERE: {
    class: 'ambiguous',
    action: 'hold',
    message: 'A colleague has answered this message in Outlook; a person decides whether this reply is sent as well',
    hint: {
      en: 'Read the colleague’s answer in the mailbox. Then release the reply (it is sent as well) or drop it. The policy is answeredElsewhere of the SMTP server; force in a reply overrides it.',
      de: 'Lesen Sie die Antwort des Kollegen im Postfach. Wählen Sie dann „Erneut senden“ (sie geht zusätzlich hinaus) oder „Verwerfen“. Die Regel ist answeredElsewhere des SMTP-Servers; force in der Antwort geht ihr vor.',
    },
  },
  REPLY_JOB_FAILED: {
    class: 'permanent',
    action: 'fail',
    message: 'The job of this reply failed in its queue for a reason outside Mailroom',
    hint: {
      en: 'Something else failed the job (a BullMQ tool, another worker on the queue). Submit the reply again with a new replyId.',
      de: 'Jemand oder etwas anderes hat den Auftrag scheitern lassen (ein BullMQ-Werkzeug, ein fremder Worker). Reichen Sie die Antwort unter einer neuen replyId noch einmal ein.',
    },
  },
  REPLY_SENDER_CHANGED: {
    class: 'ambiguous',
    action: 'hold',
    message:
      'The server was changed after a copy of this reply may have been sent, and it would now be sent from another sender',
    hint: {
      en: 'The message names what changed. Release the reply to send it from the current sender, or drop it. It is held again if the server changes once more.',
      de: 'Die Meldung nennt, was sich geändert hat. Senden Sie die Antwort erneut, dann mit dem heutigen Absender, oder verwerfen Sie sie. Ändert sich der Server noch einmal, wird sie wieder zurückgehalten.',
    },
  },
  SMTP_SERVER_REPLACED: {
    class: 'permission',
    action: 'hold',
    message: 'The SMTP email server of this reply no longer exists, and a server with another User now has its name',
    hint: {
      en: 'Release the reply to send it through the server that now has the name, or drop it and submit it again to the right server.',
      de: 'Senden Sie die Antwort erneut, dann über den Server, der jetzt so heißt, oder verwerfen Sie sie und reichen Sie sie unter dem richtigen Server neu ein.',
    },
  },
  REPLY_NOT_COMPOSED: {
    class: 'permanent',
    action: 'hold',
    message: 'Composing the bodies of this reply exceeded the time or memory limit; nothing was sent',
    hint: {
      en: 'The cause is its HTML, or the HTML of the message that it quotes. Drop the reply and submit it again as text or without the quotation, with a new replyId. Release it to try once more.',
      de: 'Ursache ist ihr HTML oder das HTML der zitierten Nachricht. Verwerfen Sie die Antwort und senden Sie sie als Text oder ohne Zitat unter einer neuen replyId. Senden Sie sie erneut, um es noch einmal zu versuchen.',
    },
  },
  REPLY_CRASHED: {
    class: 'permanent',
    action: 'hold',
    message: 'Processes crashed while preparing this reply; nothing was sent',
    hint: {
      en: 'Look in the log of the orchestrator for the cause of the crashes (out of memory, an error). Drop the reply and submit it again as text or with smaller attachments, with a new replyId. Release it to try once more.',
      de: 'Suchen Sie im Log des Orchestrators nach dem Ende dieser Prozesse (Speicher, Fehler). Verwerfen Sie die Antwort und senden Sie sie als Text oder mit kleineren Anhängen unter einer neuen replyId. Senden Sie sie erneut, um es noch einmal zu versuchen.',
    },
  },
  REPLY_DROPPED: {
    class: 'permanent',
    action: 'fail',
    message: 'A person dropped the held reply',
    hint: {
      en: 'Nothing to do.',
      de: 'Nichts zu tun.',
    },
  },
  REPLY_CANCELLED: {
    class: 'permanent',
    action: 'fail',
    message: 'The reply was cancelled before it was sent',
    hint: {
      en: 'Nothing to do. Submit it with a new replyId to send it after all.',
      de: 'Nichts zu tun. Soll sie doch gesendet werden, reichen Sie sie unter einer neuen replyId ein.',
    },
  },
  REPLY_EXPIRED: {
    class: 'permanent',
    action: 'fail',
    message: 'The reply was not sent before its expiresAt',
    hint: {
      en: 'Look at the pause and backlog of its server. Submit the reply with a new replyId to send it after all.',
      de: 'Sehen Sie nach Pause und Rückstand ihres Servers. Soll sie doch gesendet werden, reichen Sie sie unter einer neuen replyId ein.',
    },
  },
  REPLY_TOO_LATE: {
    class: 'invalid',
    action: 'refuse',
    message: 'It is too late to cancel this reply or to change its priority',
    hint: {
      en: 'The message names its state. What may have been sent can no longer be cancelled; only what waits has a priority.',
      de: 'Die Meldung nennt ihren Zustand. Was gesendet sein kann, lässt sich nicht mehr zurücknehmen; nur was wartet, hat eine Priorität.',
    },
  },
  SMTP_SERVER_UNKNOWN: {
    class: 'invalid',
    action: 'refuse',
    message: 'No SMTP email server has this name',
    hint: {
      en: 'Use the Name of an SMTP email server from the configuration; GET /v1/email-flows/:flow/senders lists them.',
      de: 'Name eines SMTP-Servers wie in der Konfiguration; GET /v1/email-flows/:flow/senders nennt sie.',
    },
  },
  SMTP_SERVER_DISABLED: {
    class: 'invalid',
    action: 'refuse',
    message: 'This SMTP email server is disabled',
    hint: {
      en: 'Enable the server, or reply through another one. Jobs already in its queue are kept.',
      de: 'Aktivieren Sie den Server oder antworten Sie über einen anderen. Aufträge in seiner Warteschlange bleiben erhalten.',
    },
  },
  FROM_NOT_PERMITTED: {
    class: 'invalid',
    action: 'refuse',
    message: 'This From is not permitted on this server',
    hint: {
      en: 'Add the address to Additional Email From Addresses of the server, or choose one of those permitted.',
      de: 'Tragen Sie die Adresse unter Additional Email From Addresses ein, oder wählen Sie eine erlaubte.',
    },
  },
  FROM_ROLE_REQUIRED: {
    class: 'invalid',
    action: 'refuse',
    message: 'This agent may not use this From',
    hint: {
      en: 'The From is restricted to roles; see fromRoles of the server.',
      de: 'Die Von-Adresse ist auf Rollen beschränkt; siehe fromRoles des Servers.',
    },
  },
  FROM_AMBIGUOUS: {
    class: 'invalid',
    action: 'refuse',
    message: 'From must be exactly one address',
    hint: {
      en: 'Use one plain address without list, group, route or comment.',
      de: 'Eine einfache Adresse; keine Liste, Gruppe, Route oder Kommentar.',
    },
  },
  FROM_INVALID: {
    class: 'invalid',
    action: 'refuse',
    message: 'From is not a valid address',
    hint: {
      en: 'Use an address of the form name@domain.',
      de: 'Geben Sie eine Adresse der Form name@domain an.',
    },
  },
  FROM_NAME_SPOOFED: {
    class: 'invalid',
    action: 'refuse',
    message: 'The display name of From imitates another sender',
    hint: {
      en: 'Remove other addresses and invisible or direction-changing characters from the display name.',
      de: 'Keine andere Adresse, keine unsichtbaren oder richtungsändernden Zeichen im Anzeigenamen.',
    },
  },
  HEADER_FORBIDDEN: {
    class: 'invalid',
    action: 'refuse',
    message: 'This header is not allowed, or its value contains a line break',
    hint: {
      en: 'Use only headers that outbound.allowedHeaders names, without CR, LF and NUL.',
      de: 'Nur Kopfzeilen, die outbound.allowedHeaders nennt, ohne CR, LF und NUL.',
    },
  },
  RECIPIENT_MISSING: {
    class: 'invalid',
    action: 'refuse',
    message: 'The reply has no recipient',
    hint: {
      en: 'Put at least one address into to, cc or bcc.',
      de: 'Mindestens eine Adresse in to, cc oder bcc.',
    },
  },
  RECIPIENTS_TOO_MANY: {
    class: 'invalid',
    action: 'refuse',
    message: 'The reply has more recipients than allowed',
    hint: {
      en: 'Send several replies, or raise outbound.recipientsPerReply (Exchange Online’s own limit for a mailbox is 500 unless changed).',
      de: 'Senden Sie mehrere Antworten, oder erhöhen Sie outbound.recipientsPerReply (Exchange Online erlaubt je Postfach 500, wenn nicht anders eingestellt).',
    },
  },
  RECIPIENT_INVALID: {
    class: 'invalid',
    action: 'refuse',
    message: 'A recipient is not a valid address',
    hint: {
      en: 'Use an address of the form name@domain.',
      de: 'Geben Sie eine Adresse der Form name@domain an.',
    },
  },
  SMTPUTF8_NOT_OFFERED: {
    class: 'invalid',
    action: 'refuse',
    message:
      'The part before the @ of an address is not ASCII, and the server does not support such addresses (no SMTPUTF8)',
    hint: {
      en: 'Use the ASCII address of this recipient, or reply through a server that offers SMTPUTF8. International domain names work everywhere.',
      de: 'Verwenden Sie die ASCII-Adresse dieses Empfängers, oder antworten Sie über einen Server mit SMTPUTF8. Umlautdomänen sind kein Problem.',
    },
  },
  REPLY_READ_DIFFERENTLY: {
    class: 'invalid',
    action: 'refuse',
    message: 'The composed mail reads differently from what was decided: a sender, recipient or header line differs',
    hint: {
      en: 'The message names the field. Write the address plainly, without unusual characters; if it already is plain, report this as a bug in Mailroom.',
      de: 'Die Meldung nennt das Feld. Schreiben Sie die Adresse schlicht, ohne ungewöhnliche Zeichen; ist sie es schon, melden Sie dies als Fehler von Mailroom.',
    },
  },
  REPLY_TO_INVALID: {
    class: 'invalid',
    action: 'refuse',
    message: 'Reply-To is not a valid address',
    hint: {
      en: 'Use an address of the form name@domain.',
      de: 'Geben Sie eine Adresse der Form name@domain an.',
    },
  },
  SENT_COPY_FAILED: {
    class: 'transient',
    action: 'warn',
    message: 'The copy in the Sent folder could not be stored; the reply itself was accepted',
    hint: {
      en: 'Check the folder name of sentCopy and Full Access of the signed-in user.',
      de: 'Prüfen Sie den Ordnernamen von sentCopy und den Vollen Zugriff (Full Access) des angemeldeten Benutzers.',
    },
  },
  SENT_SEARCH_FAILED: {
    class: 'transient',
    action: 'retry',
    message: 'The Sent folder could not be searched',
    hint: {
      en: 'Check that IMAP is enabled for the sending mailbox, and check its Sent folder.',
      de: 'Prüfen Sie, ob IMAP für das sendende Postfach aktiviert ist, und dessen Ordner „Gesendete Elemente“.',
    },
  },
  ATTACHMENT_UNAVAILABLE: {
    class: 'invalid',
    action: 'refuse',
    message: 'A referenced attachment cannot be read',
    hint: {
      en: 'The message or blob may be past its retention; send the attachment by value.',
      de: 'Nachricht oder Blob sind womöglich älter als die Aufbewahrung; geben Sie den Anhang als Wert an.',
    },
  },
  QUOTE_UNAVAILABLE: {
    class: 'invalid',
    action: 'refuse',
    message: 'The message to quote cannot be read',
    hint: {
      en: 'quote requires answers.messageKey of a message that is still stored.',
      de: 'quote braucht answers.messageKey einer noch aufbewahrten Nachricht.',
    },
  },
  AUTO_REPLY_TO_AUTOMATIC: {
    class: 'invalid',
    action: 'refuse',
    message: 'No automatic reply to automatic mail',
    hint: {
      en: 'RFC 3834: the replies could loop. Let a person answer if needed.',
      de: 'RFC 3834: Es könnte eine Schleife entstehen. Bei Bedarf antwortet ein Mensch.',
    },
  },
  AUTO_REPLY_TO_SELF: {
    class: 'invalid',
    action: 'refuse',
    message: 'No automatic reply to an address of our own',
    hint: {
      en: 'A recipient is a mailbox that Mailroom watches or sends from, so its answer would come back. Use the customer’s address.',
      de: 'Ein Empfänger ist ein Postfach, das Mailroom überwacht oder von dem es sendet: Die Antwort käme zurück. Nehmen Sie die Adresse des Kunden.',
    },
  },
  AUTO_REPLY_BUDGET: {
    class: 'invalid',
    action: 'refuse',
    message: 'This recipient or conversation has reached today’s limit of automatic replies',
    hint: {
      en: 'The loop limit allows a few automatic replies a day; further ones are refused.',
      de: 'Die Schleifenbremse erlaubt wenige automatische Antworten am Tag; weitere werden abgelehnt.',
    },
  },
});
