// Answers that colleagues sent from Outlook: mails in Sent of the watched mailbox whose In-Reply-To is a message that we have enqueued. STATUS over the
// connection that is there says whether Sent has grown; only then it is read, over a short connection of its own.
//
// A forwarded mail has In-Reply-To as well (Exchange): it is an answer only when it went to one whom the message was from.
import { MAILBOX_EVENT_SCHEMA, type MailboxEvent } from '../contract/mailbox-event.ts';
import type { Message } from '../contract/message.ts';
import { mailboxOfMessageKey } from '../contract/names.ts';
import { type AnsweredElsewhere, isAnswerTo } from '../domain/answered.ts';
import { emptyView, type FolderView } from '../domain/folder-view.ts';
import { messageIdHash } from './fingerprint.ts';
import { commit } from './ledger-commit.ts';
import type { Mailbox, SentMail } from './ports.ts';
import { placeOf, type Watched } from './watched.ts';

/** Mails of Sent that are read at once; of more the newest. */
const MOST_MAILS = 200;
/** Messages with one Message-ID in one mailbox that an answer is reported for. */
const MOST_COPIES = 5;

export async function noticeAnswers(watched: Watched, mailbox: Mailbox): Promise<void> {
  const { ports, server, mailboxId } = watched;
  const status = await mailbox.sentStatus();
  if (status === undefined) return;
  const { folder, uidValidity, uidNext } = status;
  const view = watched.view ?? emptyView('', ports.now());
  const readTo = view.sent?.uidValidity === uidValidity ? view.sent.uid : undefined;
  const upTo = (uid: number): FolderView => ({ ...view, sent: { uidValidity, uid } });
  if (readTo === undefined) {
    await commit(watched, { outcomes: [] }, { view: upTo(uidNext - 1) });
    watched.view = upTo(uidNext - 1);
    return;
  }
  if (uidNext - 1 <= readTo) return;
  await watched.signInTurn();
  const { authentication } = server;
  const credentials =
    authentication.type === 'Password'
      ? { password: authentication.password }
      : { accessToken: (await ports.getToken(server)).accessToken };
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
  await commit(watched, { outcomes: [] }, { view: next, events, answered: answers });
  watched.view = next;
  for (const { event, emailFlow } of events)
    ports.emit('MailboxEventReported', { server: server.name, emailFlow, kind: event });
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
