// Decisions on quarantined messages: parsed again with this version's parser and enqueued again, or accepted unchanged. The ledger is
// not changed: the UID's outcome is quarantined, and its first job (with the raw mail, parse: failed) has long been on the queue.

import type { Quarantine, QuarantineNote } from '../adapters/redis/quarantine.ts';
import type { Config } from '../config/config.ts';
import type { EmailServerWatch } from '../config/watch.ts';
import type { Message } from '../contract/message.ts';
import { MESSAGE_JOB, mailboxId, partsOfMessageKey } from '../contract/names.ts';
import type { AuditLog } from '../domain/audit.ts';
import { type ImapServer, isImap } from '../domain/email-server.ts';
import { MailroomError } from '../domain/errors.ts';
import { emptyLedger } from '../domain/ledger.ts';
import type { QuarantineApi, Quarantined, QuarantinedMessage } from '../http/api/quarantine.ts';
import { faultOf, type IngestDeps, type Item, ingest, messageOf } from '../inbound/index.ts';
import { NEWEST_FIRST, sorted } from '../lib/sort.ts';
import { DAY_SECONDS } from '../lib/time.ts';
import type { Emit } from '../telemetry/events.ts';
import type { Stores } from '../wiring/stores.ts';
import type { FetchAgain } from './fetch-again.ts';
import { keysOfPerson, listed, namesByMailbox } from './message-lists.ts';

/** The raw mail was never stored: it is fetched from the mailbox again. */
const NEEDS_THE_MAILBOX = ['no-data', 'connection-closed', 'server-silent', 'fetch-refused', 'replacement-text'];

type Target = Parameters<typeof ingest>[1];

interface QuarantineDeps {
  config: Config;
  stores: Pick<Stores, 'flows' | 'blobs' | 'ledgers' | 'readMessage' | 'findIndex'>;
  watch: EmailServerWatch;
  quarantine: Quarantine;
  ingestDeps: IngestDeps;
  fetchAgain: FetchAgain;
  audit: Pick<AuditLog, 'write'>;
  emit: Emit;
}

const fetchesAgain = ({ reason }: QuarantineNote, message: Message | undefined): boolean =>
  message === undefined || NEEDS_THE_MAILBOX.includes(reason);

const unreadable = (why: string) =>
  new MailroomError('MESSAGE_STILL_UNREADABLE', { message: `The message still cannot be read: ${why}.`, field: 'key' });

export function createQuarantineDecisions(deps: QuarantineDeps): QuarantineApi {
  const { config, stores, watch, quarantine, ingestDeps, fetchAgain, audit, emit } = deps;

  async function view(note: QuarantineNote, message?: Message): Promise<Quarantined> {
    const server = watching(note);
    const { meta } = message === undefined ? await stores.ledgers.load(note.mailboxId).catch(() => emptyLedger()) : {};
    return {
      messageKey: note.messageKey,
      server: message?.server ?? server?.name ?? '',
      emailFlow: message?.emailFlow ?? server?.emailFlow ?? meta?.emailFlows.at(-1) ?? '',
      folder: message?.folder ?? server?.folder ?? meta?.folder ?? '',
      uid: note.uid,
      reason: note.reason,
      at: note.at,
      ...(typeof message?.raw?.size === 'number' ? { size: message.raw.size } : {}), // a job that somebody wrote wrongly has none
    };
  }

  /** An unreadable ledger or job does not hide the others. */
  async function whole(note: QuarantineNote): Promise<QuarantinedMessage> {
    const message = await stores.readMessage(note.messageKey).catch(() => undefined);
    return {
      ...(await view(note, message)),
      fetchesAgain: fetchesAgain(note, message),
      ...listed(message),
    };
  }

  async function noted(messageKey: string): Promise<QuarantineNote> {
    const note = await quarantine.read(messageKey);
    if (note === undefined) throw new MailroomError('MESSAGE_NOT_QUARANTINED', { field: 'key' });
    return note;
  }

  async function decided(action: string, note: QuarantineNote, shown: Quarantined, by: string): Promise<Quarantined> {
    if (!(await quarantine.remove(note))) throw new MailroomError('MESSAGE_NOT_QUARANTINED', { field: 'key' });
    await audit.write({
      by,
      action,
      server: shown.server,
      changes: [
        { field: note.messageKey, from: 'quarantined', to: action === 'enqueue-again' ? 'enqueued' : 'accepted' },
      ],
    });
    emit('QuarantineDecided', {
      server: shown.server,
      uid: note.uid,
      kind: action,
      jobId: note.messageKey,
      detail: { by },
    });
    return shown;
  }

  const watching = ({ mailboxId: id }: QuarantineNote): ImapServer | undefined =>
    watch
      .current()
      .servers.filter(isImap)
      .find((one) => mailboxId(one) === id);

  /** Reads an item as this version does. @throws MailroomError MESSAGE_STILL_UNREADABLE */
  async function read(target: Target, item: Item): Promise<Message> {
    let read: Message | undefined;
    await ingest(ingestDeps, target, [item], async ([one], durable) => {
      await durable;
      if (one === undefined) return;
      if (one.parsed.parse === 'failed') throw unreadable(one.parsed.warnings[0]?.code ?? 'parser-failed');
      read = messageOf(one);
    });
    if (read === undefined) throw unreadable('no-data');
    return read;
  }

  /** From the raw mail of its job: the message stays the same, except for the parser's results. */
  async function readRaw(note: QuarantineNote, before: Message): Promise<Message> {
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

  /** From the mailbox: the queued message contained nothing of the mail. */
  async function readMailbox(note: QuarantineNote, before: Message | undefined): Promise<Message> {
    const server = watching(note);
    if (server === undefined) throw unreadable('no email server watches its mailbox any more');
    const emailFlow = before?.emailFlow ?? server.emailFlow;
    return fetchAgain(server, note.messageKey, async (item) => {
      if (item === undefined) throw unreadable('the mailbox does not have it any more');
      const { uidValidity = '', era = '' } = partsOfMessageKey(note.messageKey) ?? {};
      const target = { server: { ...server, emailFlow, flowByRecipient: {} }, mailboxId: note.mailboxId };
      const message = await read({ ...target, meta: { uidValidity, era } }, item);
      return { ...message, messageKey: note.messageKey };
    }).catch((error) => {
      const fault = faultOf(error);
      throw fault === undefined ? error : unreadable(fault);
    });
  }

  /** @throws MailroomError MESSAGE_STILL_UNREADABLE; errors of the connection to the mailbox */
  async function readAgain(note: QuarantineNote, message: Message | undefined, alsoCrashed: boolean): Promise<Message> {
    if (note.reason === 'parser-crashed' && !alsoCrashed) throw unreadable(note.reason);
    return message === undefined || fetchesAgain(note, message) ? readMailbox(note, message) : readRaw(note, message);
  }

  return {
    async quarantined(filter, page) {
      const { server, reason, person, from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY } = filter;
      const notes = (await Promise.all((await stores.ledgers.mailboxIds()).map((id) => quarantine.list(id)))).flat();
      const reasons = [...new Set(notes.map((note) => note.reason))].sort();
      const names = namesByMailbox(watch.current().servers);
      const theirs = person === undefined ? undefined : await keysOfPerson(stores.findIndex, person);
      const fits = notes.filter(
        (note) =>
          (server === undefined || names.get(note.mailboxId) === server) &&
          (reason === undefined || note.reason === reason) &&
          (theirs === undefined || theirs.has(note.messageKey)) &&
          Date.parse(note.at) >= from &&
          Date.parse(note.at) <= to,
      );
      fits.sort((left, right) => (left.at < right.at ? 1 : left.at > right.at ? -1 : 0));
      const inOrder = sorted(fits, filter.sort ?? NEWEST_FIRST, {
        server: ({ mailboxId: id }) => names.get(id) ?? '',
        code: (note) => note.reason,
      });
      const shown = inOrder.slice(page.offset, page.offset + page.limit);
      return { messages: await Promise.all(shown.map(whole)), total: fits.length, reasons };
    },
    async quarantinedOne(messageKey) {
      const note = await quarantine.read(messageKey);
      return note === undefined ? undefined : whole(note);
    },
    async quarantinedRaw(messageKey) {
      const note = await noted(messageKey);
      return (await stores.readMessage(note.messageKey))?.raw;
    },
    async enqueueAgain(messageKey, by, { alsoCrashed = false } = {}) {
      const note = await noted(messageKey);
      const before = await stores.readMessage(messageKey);
      const message = await readAgain(note, before, alsoCrashed);
      const queue = await stores.flows.queueOf(message.emailFlow);
      // Two simultaneous decisions add one job; after a crash before the record is removed, the decision can be repeated without a second job.
      await queue.add(MESSAGE_JOB, message, {
        jobId: `${messageKey}-again`,
        removeOnComplete: { age: config.inbound.completedJobRetentionDays * DAY_SECONDS },
      });
      return decided('enqueue-again', note, await view(note, message), by);
    },
    async acceptQuarantined(messageKey, by) {
      const note = await noted(messageKey);
      return decided('accept', note, await view(note, await stores.readMessage(messageKey)), by);
    },
  };
}
