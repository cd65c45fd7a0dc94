// Export and erasure of everything that is kept of one person (personal-data.ts finds it). Data that the two invariants need stays: hashes that prevent a mail
// from being enqueued again and a reply from being sent again. The address is written to no log, and to the audit log as a hash.

import { hash } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import type { JobRemoval } from '../adapters/queue/job-removal.ts';
import type { PersonalData } from '../adapters/redis/personal-data.ts';
import { RESULT_SCHEMA } from '../contract/result.ts';
import { type EmailServer, isSmtp } from '../domain/email-server.ts';
import { MailroomError } from '../domain/errors.ts';
import { type PersonMatcher, personMatcher } from '../domain/personal-data.ts';
import { type ErasureReport, type PrivacyApi, parts } from '../http/api/privacy.ts';
import { messageIdHash } from '../inbound/index.ts';
import { defined } from '../lib/defined.ts';
import { collect } from '../lib/streams.ts';
import type { Replies } from '../outbound/index.ts';
import type { Emit } from '../telemetry/events.ts';
import type { Stores } from '../wiring/stores.ts';
import { type Item, type Kept, searchPerson } from './personal-data.ts';
import { type ZipEntry, zipOf } from './zip.ts';

interface PrivacyDeps extends Pick<Stores, 'blobs' | 'quarantine' | 'audit'> {
  kept: PersonalData;
  /** Its own queues: closed with it. */
  openJobs(): JobRemoval;
  cancelReply: Replies['cancelReply'];
  servers(): readonly EmailServer[];
  emit: Emit;
}

/** Replaces an address. */
const ERASED = 'erased';

export function createPrivacy(deps: PrivacyDeps): PrivacyApi {
  const { audit, emit } = deps;

  async function withJobs<T>(action: (jobs: JobRemoval) => Promise<T>): Promise<T> {
    const jobs = deps.openJobs();
    try {
      return await action(jobs);
    } finally {
      await jobs.close();
    }
  }

  /** @throws MailroomError PRIVACY_ADDRESS_INVALID, PRIVACY_ADDRESS_IS_OURS */
  function personOf(address: string): PersonMatcher {
    const person = personMatcher(address);
    if (person === undefined) throw new MailroomError('PRIVACY_ADDRESS_INVALID', { field: 'address' });
    const ours = deps
      .servers()
      .flatMap((server) => [
        server.user,
        ...(isSmtp(server) ? server.additionalFromAddresses : (server.aliases ?? [])),
      ]);
    if (ours.some((one) => person.inText(one)))
      throw new MailroomError('PRIVACY_ADDRESS_IS_OURS', { field: 'address' });
    return person;
  }

  const record = (action: string, by: string, person: PersonMatcher, counts: string) =>
    audit.write({ by, action, server: '', changes: [{ field: `sha256:${hashOf(person)}`, from: '', to: counts }] });

  return {
    async exportPerson(address, by) {
      const person = personOf(address);
      const kept = await withJobs((jobs) => searchPerson({ ...deps, jobs }, person));
      await record('privacy-export', by, person, countsText(kept.items));
      emit('PersonalDataExported', { count: kept.items.length, detail: { by } });
      return zipOf(filesOf(deps, reportOf(person, kept, { dryRun: true, alsoWaiting: false }), kept.items));
    },

    async erasePerson(address, { dryRun, alsoWaiting }, by) {
      const person = personOf(address);
      return withJobs(async (jobs) => {
        let kept = await searchPerson({ ...deps, jobs }, person);
        const options = { dryRun, alsoWaiting };
        if (dryRun) return reportOf(person, alsoWaiting ? withWaiting(kept) : kept, options);
        if (alsoWaiting) {
          const tooLate = await cancelWaiting(deps, jobs, kept.items);
          kept = withWaiting(await searchPerson({ ...deps, jobs, tooLate }, person));
        }
        await erase(deps, jobs, person, kept.items);
        await record('privacy-erase', by, person, countsText(kept.items.filter(({ stays }) => stays === undefined)));
        const report = reportOf(person, kept, options);
        emit('PersonalDataErased', { count: report.erased, detail: { by, stays: report.stays } });
        return report;
      });
    },
  };
}

const hashOf = ({ address }: PersonMatcher): string => hash('sha256', address).slice(0, 16);

/** Includes waiting messages and outcomes; waiting replies once they are cancelled. */
const withWaiting = (kept: Kept): Kept => ({
  ...kept,
  items: kept.items.map((item) => {
    const { stays, ...rest } = item;
    return stays === 'waiting' ? rest : item;
  }),
});

/** Longest wait for a worker to end a cancelled reply that it has already begun, ms. */
const ENDING_MS = 3_000;

/** @returns replyIds for which it is too late */
async function cancelWaiting(
  { cancelReply }: PrivacyDeps,
  jobs: JobRemoval,
  items: readonly Item[],
): Promise<ReadonlySet<string>> {
  const tooLate = new Set<string>();
  const waiting = items.filter(({ stays }) => stays === 'waiting');
  for (const replyId of new Set(waiting.flatMap((item) => item.replyId ?? [])))
    await cancelReply(replyId, 'an erasure').catch((error: unknown) => {
      if (!(error instanceof MailroomError)) throw error;
      tooLate.add(replyId);
    });
  const until = Date.now() + ENDING_MS;
  for (const { place, replyId } of waiting)
    while (place !== undefined && replyId !== undefined && (await jobs.state(place)) === 'active' && Date.now() < until)
      await setTimeout(50);
  return tooLate;
}

/** A cancelled reply may be ending right now. */
async function removed(jobs: JobRemoval, { place, replyId }: Item): Promise<boolean> {
  const until = Date.now() + (replyId === undefined ? 0 : ENDING_MS);
  for (;;) {
    if (place === undefined || (await jobs.remove(place))) return true;
    if (Date.now() >= until) return false;
    await setTimeout(50);
  }
}

/** Removes each item that does not have to stay; one that a consumer has begun in the meantime is marked `at-work`. */
async function erase(deps: PrivacyDeps, jobs: JobRemoval, person: PersonMatcher, items: Item[]): Promise<void> {
  const { kept, blobs } = deps;
  const queues = new Map<string, Set<string>>();
  const audited = new Map<string, Record<string, string>>();
  for (const item of items) {
    const { part, stays, place, key, blob, replyId, traces, members, text } = item;
    if (stays !== undefined) continue;
    if (place !== undefined) {
      const ids = queues.get(place.queue) ?? new Set<string>();
      queues.set(place.queue, ids);
      if (place.id === '') continue;
      if (!(await removed(jobs, item))) {
        item.stays = 'at-work';
        continue;
      }
      ids.add(place.id);
      if (traces !== undefined) await forget(deps, person, traces);
    } else if (part === 'replies' && replyId !== undefined) {
      const shown = replyId.toLowerCase().includes(person.address)
        ? `${ERASED}-${hash('sha256', replyId).slice(0, 16)}`
        : replyId;
      const { state = '', server = '' } = (await kept.readHash(key ?? '')) ?? {};
      const result = { schema: RESULT_SCHEMA, replyId: shown, state, server, warnings: [ERASED] };
      if (!(await kept.stripReply(replyId, shown, result))) item.stays = 'undecided';
    } else if (part === 'audit' && key !== undefined)
      audited.set(key, { ...audited.get(key), [item.id]: person.replaced(text ?? '', ERASED) });
    else if (blob !== undefined) await blobs.delete(blob);
    else if (members !== undefined) await kept.removeMembers(key ?? '', members);
    else if (key !== undefined) await kept.remove(key);
  }
  await kept.forgetAddress(person.address);
  for (const [queue, ids] of queues) await jobs.forgetEvents(queue, ids, (one) => person.inValue(one));
  for (const [stream, changed] of audited) await kept.rewriteAudit(stream, changed);
}

/** What was recorded beside a message. */
async function forget(
  { kept, quarantine }: PrivacyDeps,
  { address }: PersonMatcher,
  traces: NonNullable<Item['traces']>,
) {
  const { messageKey, messageId, conversationId } = traces;
  const note = await quarantine.read(messageKey);
  if (note !== undefined) await quarantine.remove(note);
  const idHash = messageId === undefined ? undefined : messageIdHash(messageId);
  await kept.forgetMessage({ messageKey, messageIdHash: idHash, conversationId, address });
}

const countsText = (items: readonly Item[]): string => {
  const counts = parts.map((part) => [part, items.filter((item) => item.part === part).length] as const);
  return counts.flatMap(([part, count]) => (count === 0 ? [] : [`${part} ${count}`])).join(', ') || 'nothing';
};

function reportOf(
  person: PersonMatcher,
  { items, unsearched, unreadable }: Kept,
  { dryRun, alsoWaiting }: { dryRun: boolean; alsoWaiting: boolean },
): ErasureReport {
  const counts = parts.flatMap((part) => {
    const all = items.filter((item) => item.part === part);
    const stays = all.filter((item) => item.stays !== undefined).length;
    return all.length === 0 ? [] : [{ part, erased: all.length - stays, stays }];
  });
  const sum = (of: 'erased' | 'stays') => counts.reduce((total, one) => total + one[of], 0);
  return {
    at: new Date().toISOString(),
    person: hashOf(person),
    dryRun,
    alsoWaiting,
    erased: sum('erased'),
    stays: sum('stays'),
    counts,
    items: items.map(({ part, id, stays }) => ({ part, id, ...defined({ stays }) })),
    hashesThatStay: ['ledger', 'fingerprints', 'reply-journal', 'data-begun-marks', 'pace', 'address-in-audit-log'],
    ...(unsearched.segments === 0
      ? {}
      : { unsearched: { segments: unsearched.segments, newest: new Date(unsearched.newest).toISOString() } }),
    ...(unreadable === 0 ? {} : { unreadable }),
  };
}

/** The archive: report.json, each record as JSON, each mail unchanged. */
async function* filesOf(
  { kept, blobs }: PrivacyDeps,
  report: ErasureReport,
  items: readonly Item[],
): AsyncGenerator<ZipEntry> {
  const json = (value: unknown) => Buffer.from(`${JSON.stringify(value, null, 2)}\n`);
  yield { name: 'report.json', bytes: json(report) };
  for (const [i, { part, id, key, blob, text }] of items.entries()) {
    const name = `${part}/${String(i + 1).padStart(5, '0')}-${id.replaceAll(/[^\w.-]+/g, '_').slice(0, 80)}`;
    if (blob !== undefined) {
      const bytes = await collect(blobs.read(blob)).catch(() => undefined); // gone since: swept
      if (bytes !== undefined) yield { name: `${name}.${bytes[0] === 0x7b ? 'json' : 'eml'}`, bytes };
    } else if (text !== undefined) yield { name: `${name}.json`, bytes: json(nested(text)) };
    else if (key !== undefined) {
      const fields = await kept.readHash(key).catch(() => undefined); // no hash: its key is in the report
      if (fields !== undefined)
        yield {
          name: `${name}.json`,
          bytes: json(Object.fromEntries(Object.entries(fields).map(([k, v]) => [k, nested(v)]))),
        };
    }
  }
}

/** JSON within a field, read. */
function nested(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
