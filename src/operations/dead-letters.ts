// Lists dead letters and applies a person's decisions on them. The ledger is not changed: their UIDs stay enqueued, whatever happened to the jobs.
import type { DeadFacts, DeadJob, DeadLetters } from '../adapters/queue/dead-letters.ts';
import type { EmailServerWatch } from '../config/watch.ts';
import { mailboxOfMessageKey } from '../contract/names.ts';
import { MailroomError } from '../domain/errors.ts';
import type { DeadLetter, DeadLettersApi } from '../http/api/dead-letters.ts';
import type { OperationsApi } from '../http/api/operations.ts';
import { NEWEST_FIRST, sorted } from '../lib/sort.ts';
import type { Emit } from '../telemetry/events.ts';
import type { Stores } from '../wiring/stores.ts';
import { listed, namesByMailbox, ofPerson } from './message-lists.ts';

interface DeadLettersDeps extends Pick<Stores, 'findIndex' | 'audit' | 'ledgers'> {
  deadLetters: DeadLetters;
  watch: EmailServerWatch;
  /** Flows that mailboxes are configured to feed; the ledgers know those fed so far. */
  flowNames: OperationsApi['flowNames'];
  emit: Emit;
}

/** Dead letters that a list reads at most. */
const MOST = 10_000;

/** Removes what a decision on a quarantined message, or a replay, appends to the messageKey. */
const messageKeyOf = (jobId: string): string => jobId.replace(/-(?:again|replay-[a-z0-9]{1,32})$/, '');

type Row = DeadJob & DeadFacts & { messageKey: string; server: string };

export function createDeadLetterDecisions(deps: DeadLettersDeps): DeadLettersApi {
  const { deadLetters, watch, findIndex, audit, ledgers, flowNames, emit } = deps;

  /** messageKey → name of the server that watches its mailbox now, or ''. */
  function serverNames(): (key: string) => string {
    const names = namesByMailbox(watch.current().servers);
    return (key) => names.get(mailboxOfMessageKey(key) ?? '') ?? '';
  }

  /** @throws MailroomError EMAIL_FLOW_UNKNOWN: requesting a queue would create it */
  async function namesOf(emailFlow: string | undefined): Promise<string[]> {
    const names = [...new Set([...flowNames(), ...(await ledgers.emailFlows())])];
    if (emailFlow === undefined) return names;
    if (!names.includes(emailFlow)) throw new MailroomError('EMAIL_FLOW_UNKNOWN', { field: 'flow' });
    return [emailFlow];
  }

  async function whole(row: Row): Promise<DeadLetter> {
    const message = await deadLetters.message(row).catch(() => undefined);
    return { ...row, server: message?.server ?? row.server, ...listed(message) };
  }

  return {
    async deadLetters({ emailFlow, server, reason, person, sort = NEWEST_FIRST, ...range }, { offset, limit }) {
      const names = await namesOf(emailFlow);
      const jobs = await deadLetters.list(names, range, MOST);
      // Reasons and attempts of all entries are read only when the filter or order needs them.
      const needsFacts = reason !== undefined || ['reason', 'attempts'].includes(sort.by);
      const facts = needsFacts ? await deadLetters.facts(jobs) : [];
      const nameOf = serverNames();
      const isTheirs = await ofPerson(findIndex, person);
      const rows = jobs.map((job, i): Row => {
        const messageKey = messageKeyOf(job.jobId);
        return { ...job, messageKey, server: nameOf(messageKey), ...(facts[i] ?? { reason: '', attempts: 0 }) };
      });
      const fits = rows.filter(
        (row) =>
          (server === undefined || row.server === server) &&
          (reason === undefined || row.reason.toLowerCase().includes(reason.toLowerCase())) &&
          isTheirs(row.messageKey),
      );
      const page = sorted(fits, sort, {
        flow: (row) => row.emailFlow,
        server: (row) => row.server,
        attempts: (row) => row.attempts,
        reason: (row) => row.reason,
      }).slice(offset, offset + limit);
      const shown = needsFacts
        ? page
        : (await deadLetters.facts(page)).map((one, i) => ({ ...(page[i] as Row), ...one }));
      return {
        entries: await Promise.all(shown.map(whole)),
        total: fits.length,
        ...(jobs.length < MOST ? {} : { lookedAt: MOST }),
      };
    },
    async decideDeadLetter(action, { emailFlow, jobId, to = '' }, by) {
      if (action === 'move' && !flowNames().includes(to))
        throw new MailroomError('EMAIL_FLOW_UNKNOWN', { field: 'to' });
      await namesOf(emailFlow);
      const isDone = await {
        retry: () => deadLetters.retry(emailFlow, jobId),
        move: () => deadLetters.move(emailFlow, jobId, to),
        delete: () => deadLetters.remove(emailFlow, jobId),
      }[action]();
      if (!isDone) throw new MailroomError('DEAD_LETTER_UNKNOWN', { field: 'key' });
      const changes = [
        { field: jobId, from: emailFlow, to: { retry: 'waiting', move: to, delete: 'deleted' }[action] },
      ];
      const server = serverNames()(messageKeyOf(jobId));
      await audit.write({ by, action: `dead-letter-${action}`, server, changes });
      emit('DeadLetterDecided', { emailFlow, kind: action, jobId, detail: { by } });
    },
  };
}
