// Decisions on quarantined messages: parsed again with this version's parser and enqueued again, or accepted unchanged. The ledger is
// not changed: the UID's outcome is quarantined, and its first job (with the raw mail, parse: failed) has long been on the queue.

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
import type { IngestDeps } from '../inbound/index.ts';
import { NEWEST_FIRST, sorted } from '../lib/sort.ts';
import { DAY_SECONDS } from '../lib/time.ts';
import type { Emit } from '../telemetry/events.ts';
import type { Stores } from '../wiring/stores.ts';
import type { FetchAgain } from './fetch-again.ts';
import { listed, namesByMailbox, ofPerson } from './message-lists.ts';
import { createReadAgain, fetchesAgain } from './read-again.ts';

interface QuarantineDeps {
  config: Config;
  stores: Pick<Stores, 'flows' | 'ledgers' | 'readMessage' | 'findIndex'>;
  watch: EmailServerWatch;
  quarantine: Quarantine;
  ingestDeps: IngestDeps;
  fetchAgain: FetchAgain;
  audit: Pick<AuditLog, 'write'>;
  emit: Emit;
}

export function createQuarantineDecisions(deps: QuarantineDeps): QuarantineApi {
  const { config, stores, watch, quarantine, audit, emit } = deps;
  const watching = ({ mailboxId: id }: QuarantineNote) =>
    watch
      .current()
      .servers.filter(isImap)
      .find((one) => mailboxId(one) === id);
  const readAgain = createReadAgain({ ...deps, watching });

  async function view(note: QuarantineNote, message?: Message): Promise<Quarantined> {
    const { messageKey, uid, reason, at } = note;
    const server = watching(note);
    const { meta } = message === undefined ? await stores.ledgers.load(note.mailboxId).catch(() => emptyLedger()) : {};
    return {
      messageKey,
      server: message?.server ?? server?.name ?? '',
      emailFlow: message?.emailFlow ?? server?.emailFlow ?? meta?.emailFlows.at(-1) ?? '',
      folder: message?.folder ?? server?.folder ?? meta?.folder ?? '',
      ...{ uid, reason, at },
      ...(typeof message?.raw?.size === 'number' ? { size: message.raw.size } : {}), // a job that somebody wrote wrongly has none
    };
  }

  /** An unreadable ledger or job does not hide the others. */
  async function whole(note: QuarantineNote): Promise<QuarantinedMessage> {
    const message = await stores.readMessage(note.messageKey).catch(() => undefined);
    return { ...(await view(note, message)), fetchesAgain: fetchesAgain(note, message), ...listed(message) };
  }

  async function noted(messageKey: string): Promise<QuarantineNote> {
    const note = await quarantine.read(messageKey);
    if (note === undefined) throw new MailroomError('MESSAGE_NOT_QUARANTINED', { field: 'key' });
    return note;
  }

  async function decided(
    action: 'enqueue-again' | 'accept',
    note: QuarantineNote,
    message: Message | undefined,
    by: string,
  ): Promise<Quarantined> {
    const shown = await view(note, message);
    if (!(await quarantine.remove(note))) throw new MailroomError('MESSAGE_NOT_QUARANTINED', { field: 'key' });
    const { messageKey: field, server, uid } = shown;
    const to = action === 'accept' ? 'accepted' : 'enqueued';
    await audit.write({ by, action, server, changes: [{ field, from: 'quarantined', to }] });
    emit('QuarantineDecided', { server, uid, kind: action, jobId: field, detail: { by } });
    return shown;
  }

  return {
    async quarantined(filter, page) {
      const { server, reason, person, from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY } = filter;
      const notes = (await Promise.all((await stores.ledgers.mailboxIds()).map((id) => quarantine.list(id)))).flat();
      const reasons = [...new Set(notes.map((note) => note.reason))].sort();
      const names = namesByMailbox(watch.current().servers);
      const isTheirs = await ofPerson(stores.findIndex, person);
      const fits = notes.filter(
        (note) =>
          (server === undefined || names.get(note.mailboxId) === server) &&
          (reason === undefined || note.reason === reason) &&
          isTheirs(note.messageKey) &&
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
    quarantinedRaw: async (messageKey) => (await stores.readMessage((await noted(messageKey)).messageKey))?.raw,
    async enqueueAgain(messageKey, by, { alsoCrashed = false } = {}) {
      const note = await noted(messageKey);
      const message = await readAgain(note, await stores.readMessage(messageKey), alsoCrashed);
      const queue = await stores.flows.queueOf(message.emailFlow);
      // Two simultaneous decisions add one job; after a crash before the record is removed, the decision can be repeated without a second job.
      await queue.add(MESSAGE_JOB, message, {
        jobId: `${messageKey}-again`,
        removeOnComplete: { age: config.inbound.completedJobRetentionDays * DAY_SECONDS },
      });
      return decided('enqueue-again', note, message, by);
    },
    async acceptQuarantined(messageKey, by) {
      const note = await noted(messageKey);
      return decided('accept', note, await stores.readMessage(messageKey), by);
    },
  };
}
