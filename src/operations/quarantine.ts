// Decisions about quarantined messages: parsed again with this version's parser and enqueued once more, or accepted as they are. The ledger is
// not touched: the UID's outcome is quarantined, and its first job (with the raw mail, parse: failed) has long been on the queue.

import type { Quarantine, QuarantineNote } from '../adapters/redis/quarantine.ts';
import type { Config } from '../config/config.ts';
import type { EmailServerWatch } from '../config/watch.ts';
import type { Message } from '../contract/message.ts';
import { MESSAGE_JOB, mailboxId } from '../contract/names.ts';
import type { AuditLog } from '../domain/audit.ts';
import { isImap } from '../domain/email-server.ts';
import { MailroomError } from '../domain/errors.ts';
import { emptyLedger } from '../domain/ledger.ts';
import type { QuarantineApi, Quarantined, QuarantinedMessage } from '../http/api/quarantine.ts';
import { type IngestDeps, ingest, messageOf } from '../inbound/index.ts';
import { DAY_SECONDS } from '../lib/time.ts';
import type { Emit } from '../telemetry/events.ts';
import type { Stores } from '../wiring/stores.ts';

/** The raw mail was never here (the server did not give it), or reading it ended processes: `mailroom replay` does it in one of its own. */
const NEEDS_THE_MAILBOX = [
  'no-data',
  'connection-closed',
  'server-silent',
  'fetch-refused',
  'replacement-text',
  'parser-crashed',
];

interface QuarantineDeps {
  config: Config;
  stores: Pick<Stores, 'flows' | 'blobs' | 'ledgers' | 'readMessage'>;
  watch: EmailServerWatch;
  quarantine: Quarantine;
  ingestDeps: IngestDeps;
  audit: Pick<AuditLog, 'write'>;
  emit: Emit;
}

export function createQuarantineDecisions(deps: QuarantineDeps): QuarantineApi {
  const { config, stores, watch, quarantine, ingestDeps, audit, emit } = deps;

  async function view(note: QuarantineNote, message?: Message): Promise<Quarantined> {
    const server = watch
      .current()
      .servers.filter(isImap)
      .find((one) => mailboxId(one) === note.mailboxId);
    const { meta } = message === undefined ? await stores.ledgers.load(note.mailboxId).catch(() => emptyLedger()) : {};
    return {
      messageKey: note.messageKey,
      server: message?.server ?? server?.name ?? '',
      emailFlow: message?.emailFlow ?? server?.emailFlow ?? meta?.emailFlows.at(-1) ?? '',
      folder: message?.folder ?? server?.folder ?? meta?.folder ?? '',
      uid: note.uid,
      reason: note.reason,
      at: note.at,
      ...(message === undefined ? {} : { size: message.raw.size }),
    };
  }

  /** A ledger or job that cannot be read hides none of the others. */
  async function whole(note: QuarantineNote): Promise<QuarantinedMessage> {
    const message = await stores.readMessage(note.messageKey).catch(() => undefined);
    const [sender] = message?.from ?? [];
    return {
      ...(await view(note, message)),
      ...(message?.subject === undefined ? {} : { subject: message.subject }),
      ...(sender === undefined ? {} : { sender: sender.address }),
      ...(message === undefined ? {} : { date: message.date ?? message.receivedAt }),
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

  /** @throws MailroomError MESSAGE_STILL_UNREADABLE */
  async function readAgain(note: QuarantineNote, message: Message | undefined): Promise<Message> {
    const replay = `mailroom replay ${JSON.stringify(message?.server ?? 'server')} ${note.uid}`;
    const unreadable = (why: string) =>
      new MailroomError('MESSAGE_STILL_UNREADABLE', {
        message: `The message cannot be read: ${why}`,
        hint: `\`${replay}\` fetches it from the mailbox again; or accept it as it is: the raw mail stays with its job.`,
        field: 'key',
      });
    if (message === undefined) throw unreadable('its job is no longer kept');
    if (NEEDS_THE_MAILBOX.includes(note.reason)) throw unreadable(note.reason);
    const { messageKey, emailFlow, mailbox, folder, uidValidity, uid, receivedAt, raw, siblings } = message;
    const known = watch
      .current()
      .servers.filter(isImap)
      .find(({ name }) => name === message.server);
    const target = {
      server: {
        // Of a definition that is gone nothing is believed.
        ...(known ?? { host: '', maxMessageSize: Number.POSITIVE_INFINITY }),
        ...{ name: message.server, user: mailbox, folder, emailFlow },
        flowByRecipient: {}, // it stays in its flow
      },
      mailboxId: note.mailboxId,
      meta: { uidValidity, era: '' },
    };
    const item = { uid, internalDate: new Date(receivedAt), size: undefined, source: Buffer.alloc(0), raw };
    // It stays the message it was, but for what the parser says.
    const identity = { messageKey, siblings, fingerprint: message.fingerprint };
    let again = message;
    await ingest(ingestDeps, target, [item], async (ready) => {
      for (const one of ready) {
        if (one.parsed.parse === 'failed') throw unreadable(one.parsed.warnings[0]?.code ?? 'parser-failed');
        again = { ...messageOf(one), ...identity };
      }
    });
    return again;
  }

  return {
    async quarantined({ server, reason, from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY, order }, page) {
      const notes = (await Promise.all((await stores.ledgers.mailboxIds()).map((id) => quarantine.list(id)))).flat();
      const reasons = [...new Set(notes.map((note) => note.reason))].sort();
      const names = new Map(
        watch
          .current()
          .servers.filter(isImap)
          .map((one) => [mailboxId(one), one.name]),
      );
      const fits = notes.filter(
        (note) =>
          (server === undefined || names.get(note.mailboxId) === server) &&
          (reason === undefined || note.reason === reason) &&
          Date.parse(note.at) >= from &&
          Date.parse(note.at) <= to,
      );
      const sign = order === 'oldest' ? -1 : 1;
      fits.sort((left, right) => (left.at < right.at ? sign : left.at > right.at ? -sign : 0));
      const shown = fits.slice(page.offset, page.offset + page.limit);
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
    async enqueueAgain(messageKey, by) {
      const note = await noted(messageKey);
      const before = await stores.readMessage(messageKey);
      const message = await readAgain(note, before);
      const queue = await stores.flows.queueOf(message.emailFlow);
      // Two who decide at once add one job; a crash before the note is gone lets the decision be repeated without a second job.
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
