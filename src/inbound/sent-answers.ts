// Answers that colleagues sent from Outlook: mails in Sent of the watched mailbox whose In-Reply-To is a message that we have enqueued. STATUS over the
// watcher's connection shows whether Sent has grown; only then is it read, over a short connection of its own.
//
// A forwarded mail has In-Reply-To as well (Exchange): it is an answer only if it was sent to an author of the message.
import { MAILBOX_EVENT_SCHEMA, type MailboxEvent } from '../contract/mailbox-event.ts';
import type { Message } from '../contract/message.ts';
import { mailboxOfMessageKey } from '../contract/names.ts';
import { type AnsweredElsewhere, isAnswerTo } from '../domain/answered.ts';
import { emptyView, type FolderView } from '../domain/folder-view.ts';
import { credentialsOf } from '../domain/mailbox-credentials.ts';
import { messageIdHash } from './fingerprint.ts';
import type { Mailbox, SentMail } from './ports.ts';
import { placeOf, type Watched } from './watched.ts';

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
  if (readTo === undefined) {
    const next = upTo(uidNext - 1);
    await watched.commit({ outcomes: [] }, { view: next });
    return next;
  }
  if (uidNext - 1 <= readTo) return last;
  await watched.signInTurn();
  const credentials = await credentialsOf(server, () => ports.getToken(server));
  const { mails, left } = await ports.readSent(server, credentials, {
    folder,
    uidValidity,
    from: readTo + 1,
    most: MOST_MAILS,
  });
  const answers = (await Promise.all(mails.filter(({ ours }) => !ours).map((mail) => answersOf(watched, mail)))).flat();
  const noticedAt = new Date(ports.now()).toISOString();
  const events = answers.map(
    ({ mail, messageKey, message, answered }): MailboxEvent => ({
      schema: MAILBOX_EVENT_SCHEMA,
      eventId: `e-${messageKey.slice(2)}-answered-${uidValidity}-${mail.uid}`,
      ...placeOf(watched),
      event: 'answered',
      emailFlow: message?.emailFlow ?? server.emailFlow,
      messageKey,
      noticedAt,
      answered: { ...answered, ...(mail.messageId === undefined ? {} : { messageId: mail.messageId }) },
    }),
  );
  if (left > 0)
    events.push({
      schema: MAILBOX_EVENT_SCHEMA,
      eventId: `e-${mailboxId}-sent-${uidValidity}-overflow-${readTo}`,
      ...placeOf(watched),
      event: 'overflow',
      emailFlow: server.emailFlow,
      noticedAt,
      overflow: { reason: 'too-many', changes: left, kinds: { answered: left } },
    });
  const next = upTo(Math.max(readTo, ...mails.map(({ uid }) => uid)));
  await watched.commit({ outcomes: [] }, { view: next, events, answered: answers });
  for (const { event, emailFlow } of events)
    ports.emit('MailboxEventReported', { server: server.name, emailFlow, kind: event });
  return next;
}

interface Answer {
  mail: SentMail;
  messageKey: string;
  message: Message | undefined;
  answered: AnsweredElsewhere;
}

async function answersOf({ ports, mailboxId }: Watched, mail: SentMail): Promise<Answer[]> {
  const siblings = await ports.ledgers.siblings(mail.inReplyTo.map(messageIdHash));
  const keys = [...new Set(siblings.flat())].filter((key) => mailboxOfMessageKey(key) === mailboxId);
  const answers: Answer[] = [];
  for (const messageKey of keys.slice(-MOST_COPIES)) {
    const message = await ports.readMessage(messageKey);
    if (message !== undefined && !isAnswerTo(message, mail.to)) continue;
    answers.push({
      ...{ mail, messageKey, message },
      answered: {
        by: 'sent',
        ...(mail.who === undefined ? {} : { who: mail.who }),
        ...(mail.at === undefined ? {} : { at: mail.at.toISOString() }),
      },
    });
  }
  return answers;
}
