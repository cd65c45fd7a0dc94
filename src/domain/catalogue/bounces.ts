// Error catalogue, section bounces: why a reply that the server accepted did not arrive, or not yet. One code for each class of mailroom.result/1
// (domain/delivery.ts has the table of statuses).
import { entry, section } from './entry.ts';

export const bounceErrors = section({
  DELIVERY_DELAYED: entry('transient', 'warn')(
    'The reply has not arrived yet; a mail system on the way is still trying',
    'Nothing to do yet: a bounce follows if it cannot be delivered, as a rule within two to five days. Call the customer if it is urgent.',
    'Noch nichts zu tun: lässt sie sich nicht zustellen, folgt meist binnen zwei bis fünf Tagen eine Rückläufer-Meldung. Ist es eilig, rufen Sie den Kunden an.',
  ),
  BOUNCED_ADDRESS_UNKNOWN: entry('permanent', 'warn')(
    'The recipient’s mail system does not know the address',
    'Correct the address and send a new reply, or contact the customer another way.',
    'Korrigieren Sie die Adresse und senden Sie eine neue Antwort, oder erreichen Sie den Kunden auf anderem Weg.',
  ),
  BOUNCED_MAILBOX_FULL: entry('permanent', 'warn')(
    'The recipient’s mailbox is full',
    'Contact the customer another way; sending again works once the mailbox has space.',
    'Erreichen Sie den Kunden auf anderem Weg; erneutes Senden hilft, sobald im Postfach Platz ist.',
  ),
  BOUNCED_BLOCKED: entry('permanent', 'warn')(
    'A mail system blocks the sender, its tenant or its servers',
    'Have an administrator check the reputation and the block lists of the sending domain, and in Exchange Online the restricted entities. Sending again does not help before that.',
    'Lassen Sie Reputation und Sperrlisten der sendenden Domäne prüfen, bei Exchange Online auch die eingeschränkten Entitäten. Vorher hilft erneutes Senden nicht.',
  ),
  BOUNCED_CONTENT: entry('permanent', 'warn')(
    'A mail system refused the content of the reply',
    'Send it again without the attachment or link that may have caused it; the remote text often names it.',
    'Senden Sie sie ohne den Anhang oder Link, an dem es liegen kann; der Text der Gegenstelle nennt ihn oft.',
  ),
  BOUNCED_POLICY: entry('permanent', 'warn')(
    'A rule of the recipient’s or of your own mail system refused the reply',
    'See the remote text. If it speaks of SPF, DKIM or DMARC, publish them for the domain of the From (the test of the SMTP email server names the DNS records); otherwise the recipient’s administrator decides.',
    'Beachten Sie den Text der Gegenstelle. Geht es um SPF, DKIM oder DMARC, veröffentlichen Sie sie für die Domäne der Von-Adresse (der Test des SMTP-Servers nennt die DNS-Einträge); sonst entscheidet die Administration des Empfängers.',
  ),
  BOUNCED_SIZE: entry('permanent', 'warn')(
    'The reply is larger than a mail system on the way accepts',
    'Send smaller attachments, or a link to them.',
    'Senden Sie kleinere Anhänge oder einen Link darauf.',
  ),
  BOUNCED_QUOTA: entry('permanent', 'warn')(
    'A limit on the number of mails is used up',
    'If it is a limit of your own tenant or mailbox, its server is paused and the replies wait; send this one again when it has passed. A limit of the recipient’s mailbox passes within hours.',
    'Ist es ein Limit des eigenen Mandanten oder Postfachs, ist der Server angehalten, und die Antworten warten; senden Sie diese danach erneut. Ein Limit beim Empfänger ist nach Stunden vorbei.',
  ),
  BOUNCED_RELAY: entry('permanent', 'warn')(
    'A mail system on the way did not pass the reply on, or could not reach the next one',
    'Check the domain of the address. If many recipients of one domain are affected, its mail system is unreachable or the connectors of your own tenant are wrong.',
    'Prüfen Sie die Domäne der Adresse. Sind viele Empfänger einer Domäne betroffen, ist deren Mailsystem nicht erreichbar, oder die Connectors des eigenen Mandanten sind falsch.',
  ),
  BOUNCED_OTHER: entry('permanent', 'warn')(
    'The reply was not delivered',
    'See the remote text, or contact the customer another way.',
    'Beachten Sie den Text der Gegenstelle, oder erreichen Sie den Kunden auf anderem Weg.',
  ),
});
