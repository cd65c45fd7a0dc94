// Reads a quarantined message again with this version's parser: from the raw mail of its job, or from its mailbox when that was never stored.
import type { QuarantineNote } from '../adapters/redis/quarantine.ts';
import type { Message } from '../contract/message.ts';
import { partsOfMessageKey } from '../contract/names.ts';
import type { ImapServer } from '../domain/email-server.ts';
import { MailroomError } from '../domain/errors.ts';
import { faultOf, type IngestDeps, type Item, ingest, messageOf } from '../inbound/index.ts';
import type { FetchAgain } from './fetch-again.ts';

/** The raw mail was never stored: it is fetched from the mailbox again. */
const NEEDS_THE_MAILBOX = ['no-data', 'connection-closed', 'server-silent', 'fetch-refused', 'replacement-text'];

/** @param message its job's; undefined when that is no longer kept */
export const fetchesAgain = ({ reason }: QuarantineNote, message: Message | undefined): boolean =>
  message === undefined || NEEDS_THE_MAILBOX.includes(reason);

type Target = Parameters<typeof ingest>[1];

const unreadable = (why: string) =>
  new MailroomError('MESSAGE_STILL_UNREADABLE', { message: `The message still cannot be read: ${why}.`, field: 'key' });

interface ReadAgainDeps {
  ingestDeps: IngestDeps;
  fetchAgain: FetchAgain;
  /** The server that watches the note's mailbox now. */
  watching(note: QuarantineNote): ImapServer | undefined;
}

/** The returned function throws MESSAGE_STILL_UNREADABLE, and errors of the connection to the mailbox. */
export function createReadAgain({ ingestDeps, fetchAgain, watching }: ReadAgainDeps) {
  async function read(target: Target, item: Item): Promise<Message> {
    let message: Message | undefined;
    await ingest(ingestDeps, target, [item], async ([one], durable) => {
      await durable;
      if (one === undefined) return;
      if (one.parsed.parse === 'failed') throw unreadable(one.parsed.warnings[0]?.code ?? 'parser-failed');
      message = messageOf(one);
    });
    if (message === undefined) throw unreadable('no-data');
    return message;
  }

  /** Only the parser's results change. */
  async function fromRaw(note: QuarantineNote, before: Message): Promise<Message> {
    const { messageKey, emailFlow, mailbox, folder, uidValidity, uid, receivedAt, raw, siblings, fingerprint } = before;
    const target = {
      server: {
        // Nothing is trusted for a removed definition.
        ...(watching(note) ?? { host: '', maxMessageSize: Number.POSITIVE_INFINITY }),
        ...{ name: before.server, user: mailbox, folder, emailFlow },
        flowByRecipient: {}, // it stays in its flow
      },
      mailboxId: note.mailboxId,
      meta: { uidValidity, era: '' },
    };
    const item = { uid, internalDate: new Date(receivedAt), size: undefined, source: Buffer.alloc(0), raw };
    return { ...(await read(target, item)), messageKey, siblings, fingerprint };
  }

  async function fromMailbox({ messageKey, mailboxId }: QuarantineNote, server: ImapServer, emailFlow: string) {
    const { uidValidity = '', era = '' } = partsOfMessageKey(messageKey) ?? {};
    const target = { server: { ...server, emailFlow, flowByRecipient: {} }, mailboxId, meta: { uidValidity, era } };
    return fetchAgain(server, messageKey, async (item) => {
      if (item === undefined) throw unreadable('the mailbox does not have it any more');
      return { ...(await read(target, item)), messageKey };
    }).catch((error) => {
      const fault = faultOf(error);
      throw fault === undefined ? error : unreadable(fault);
    });
  }

  return async (note: QuarantineNote, before: Message | undefined, alsoCrashed: boolean): Promise<Message> => {
    if (note.reason === 'parser-crashed' && !alsoCrashed) throw unreadable(note.reason);
    if (before !== undefined && !fetchesAgain(note, before)) return fromRaw(note, before);
    const server = watching(note);
    if (server === undefined) throw unreadable('no email server watches its mailbox any more');
    return fromMailbox(note, server, before?.emailFlow ?? server.emailFlow);
  };
}
