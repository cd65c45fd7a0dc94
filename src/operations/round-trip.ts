// A test mail on a customer's way: submitted as a reply, sent by the SMTP server, answered, and back in the email flow. Only its id is special, so it
// shows what happens to every reply and message.

import { randomUUID } from 'node:crypto';
import type { Message } from '../contract/message.ts';
import type { ReplyInput } from '../contract/reply.ts';
import type { Result } from '../contract/result.ts';
import { normalAddress } from '../domain/address.ts';
import type { AuditLog } from '../domain/audit.ts';
import { MailroomError } from '../domain/errors.ts';
import type { RoundTrip } from '../http/portal/deps.ts';
import { defined } from '../lib/defined.ts';

interface RoundTripDeps {
  submitReply(reply: ReplyInput): Promise<Result>;
  getReply(replyId: string): Promise<Result | undefined>;
  audit: Pick<AuditLog, 'write'>;
  /** The newest messages of an email flow, consumed or not. */
  newest(emailFlow: string, count: number): Promise<readonly Message[]>;
}

/** Newest messages of the flow that may be the answer. */
const CANDIDATES = 100;
const ID = /^mailroom-test-[0-9a-f-]{36}$/;

const texts = {
  en: {
    subject: 'Mailroom test: please answer this mail',
    text: 'This is a test mail of a new shared mailbox. Please answer it: the answer shows that mails come back.',
  },
  de: {
    subject: 'Mailroom-Test: bitte diese E-Mail beantworten',
    text: 'Dies ist eine Test-E-Mail eines neuen gemeinsamen Postfachs. Bitte antworten Sie darauf: Die Antwort zeigt, dass E-Mails zurückkommen.',
  },
};

export function createRoundTrips({ submitReply, getReply, newest, audit }: RoundTripDeps) {
  return {
    /** @throws MailroomError as a reply of a backend */
    async send(mail: { server: string; from: string; to: string; language: 'en' | 'de' }, by: string): Promise<string> {
      const { server, from, to, language } = mail;
      if (normalAddress(to) === undefined) throw new MailroomError('RECIPIENT_INVALID', { field: 'to' });
      const replyId = `mailroom-test-${randomUUID()}`;
      await submitReply({
        schema: 'mailroom.reply/1',
        replyId,
        server,
        from,
        to: [to],
        conversationId: replyId,
        ...texts[language],
      });
      await audit.write({ by, action: 'round-trip', server, changes: [] });
      return replyId;
    },
    /** @throws MailroomError REPLY_UNKNOWN */
    async look(replyId: string, emailFlow: string): Promise<RoundTrip> {
      const result = ID.test(replyId) ? await getReply(replyId) : undefined;
      if (result === undefined) throw new MailroomError('REPLY_UNKNOWN');
      const { state, failure, messageId, serverMessageId } = result;
      const ids = new Set([messageId, serverMessageId].filter((id) => id !== undefined));
      const isIt = ({ threading, conversation }: Partial<Message>) => {
        const { messageId: own, inReplyTo = [], references = [] } = threading ?? {};
        const known = [own, ...inReplyTo, ...references].some((id) => id !== undefined && ids.has(id));
        return known || conversation?.id === replyId;
      };
      return {
        id: replyId,
        state,
        ...defined({ code: failure?.code, said: failure?.remote?.text }),
        arrived: (await newest(emailFlow, CANDIDATES)).some(isIt),
      };
    },
  };
}
