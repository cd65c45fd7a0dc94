// Answers that colleagues sent from Outlook: mails in Sent of the watched mailbox whose In-Reply-To is a message that we have enqueued. STATUS over the
// watcher's connection shows whether Sent has grown; only then is it read, over a short connection of its own.
//
// A forwarded mail has In-Reply-To as well (Exchange): it is an answer only if it was sent to an author of the message.
import type { Message } from '../contract/message.ts';
import { mailboxOfMessageKey } from '../contract/names.ts';
import { answeredBySent, isAnswerTo } from '../domain/answered.ts';
import { emptyView, type FolderView } from '../domain/folder-view.ts';
import { credentialsOf } from '../domain/mailbox-credentials.ts';
import { messageIdHash } from './fingerprint.ts';
import { mailboxEvent, reportEvents } from './mailbox-events.ts';
import type { Mailbox, SentMail } from './ports.ts';
import type { Watched } from './watched.ts';

/** Most mails of Sent that are read at once, the newest. */
const MOST_MAILS = 200;
/** Messages with one Message-ID in one mailbox that an answer is reported for. */
const MOST_COPIES = 5;

/** @param last the view before @returns the view now */
export async function noticeAnswers(
  watched: Watched,
  mailbox: Mailbox,
  last: FolderView | undefined,
): Promise<FolderView | undefined> {
  const { ports, server, mailboxId } = watched;
  const status = await mailbox.sentStatus();
  if (status === undefined) return last;
  const { folder, uidValidity, uidNext } = status;
  const view = last ?? emptyView('', ports.now());
  const readTo = view.sent?.uidValidity === uidValidity ? view.sent.uid : undefined;
  const upTo = (uid: number): FolderView => ({ ...view, sent: { uidValidity, uid } });
  if (readTo === undefined) return reportEvents(watched, { events: [], view: upTo(uidNext - 1) });
  if (uidNext - 1 <= readTo) return last;
  await watched.signInTurn();
  const credentials = await credentialsOf(server, () => ports.getToken(server));
  const { mails, left } = await ports.readSent(server, credentials, {
    folder,
    uidValidity,
    from: readTo + 1,
    most: MOST_MAILS,
  });
  const noticed = { noticedAt: new Date(ports.now()).toISOString() };
  const found = (await Promise.all(mails.filter(({ ours }) => !ours).map((mail) => answeredBy(watched, mail)))).flat();
  const events = found.map(({ mail, messageKey, message }) =>
    mailboxEvent(watched, {
      eventId: `e-${messageKey.slice(2)}-answered-${uidValidity}-${mail.uid}`,
      event: 'answered',
      emailFlow: message?.emailFlow ?? server.emailFlow,
      messageKey,
      ...noticed,
      answered: {
        ...answeredBySent(mail),
        ...(mail.messageId === undefined ? {} : { messageId: mail.messageId }),
      },
    }),
  );
  if (left > 0)
    events.push(
      mailboxEvent(watched, {
        eventId: `e-${mailboxId}-sent-${uidValidity}-overflow-${readTo}`,
        event: 'overflow',
        emailFlow: server.emailFlow,
        ...noticed,
        overflow: { reason: 'too-many', changes: left, kinds: { answered: left } },
      }),
    );
  return reportEvents(watched, {
    events,
    view: upTo(Math.max(readTo, ...mails.map(({ uid }) => uid))),
    answered: found.map(({ mail, messageKey }) => ({ messageKey, answered: answeredBySent(mail) })),
  });
}

interface Answered {
  mail: SentMail;
  messageKey: string;
  message: Message | undefined;
}

/** The messages of this mailbox that the mail answers. */
async function answeredBy({ ports, mailboxId }: Watched, mail: SentMail): Promise<Answered[]> {
  const siblings = await ports.ledgers.siblings(mail.inReplyTo.map(messageIdHash));
  const keys = [...new Set(siblings.flat())].filter((key) => mailboxOfMessageKey(key) === mailboxId);
  const found: Answered[] = [];
  for (const messageKey of keys.slice(-MOST_COPIES)) {
    const message = await ports.readMessage(messageKey);
    if (message === undefined || isAnswerTo(message, mail.to)) found.push({ mail, messageKey, message });
  }
  return found;
}
