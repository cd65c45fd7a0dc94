// Counts the events of the history (domain/history.ts) in memory: the hot path of mail adds to a map, which operations/history.ts empties.
import {
  boundOf,
  type Half,
  type HistoryAddition,
  type HistoryName,
  type HistorySubject,
  historyMeasures,
  measuresOf,
  seriesOf,
} from '../domain/history.ts';
import type { EventFields, Observe } from './events.ts';

/** Events that are counted, and the measure of their `durationMs`. */
const COUNTED: Readonly<Record<string, { name: HistoryName; times?: HistoryName }>> = {
  MessageEnqueued: { name: 'messages', times: 'arrival' },
  MessageQuarantined: { name: 'quarantined' },
  MailboxDisconnected: { name: 'disconnected' },
  ReplyAccepted: { name: 'replies', times: 'acceptance' },
  ReplyRejected: { name: 'failed' },
};

export type HistoryCounter = ReturnType<typeof createHistoryCounter>;

export function createHistoryCounter() {
  let sums = new Map<string, HistoryAddition>();

  function add(addition: HistoryAddition): void {
    const key = `${addition.series} ${addition.code}${addition.bound ?? ''}`;
    const sum = sums.get(key);
    if (sum === undefined) sums.set(key, { ...addition });
    else sum.value = addition.high === true ? Math.max(sum.value, addition.value) : sum.value + addition.value;
  }

  const observe: Observe = (event, fields) => {
    const counted = COUNTED[event];
    if (counted === undefined) return;
    for (const subject of subjectsOf(fields, historyMeasures[counted.name].half)) {
      const series = seriesOf(subject);
      const wants = (name: HistoryName) => measuresOf[subject.kind].includes(name);
      if (wants(counted.name)) add({ series, code: historyMeasures[counted.name].code, value: 1 });
      if (counted.times === undefined || fields.durationMs === undefined || !wants(counted.times)) continue;
      add({ series, code: historyMeasures[counted.times].code, bound: boundOf(fields.durationMs / 1000), value: 1 });
    }
  };

  return {
    observe,
    /** Counts since the last call. */
    take(): HistoryAddition[] {
      const taken = [...sums.values()];
      sums = new Map();
      return taken;
    },
    /** Adds counts again that could not be written. */
    putBack: (additions: readonly HistoryAddition[]) => additions.forEach(add),
  };
}

function subjectsOf({ server, emailFlow }: EventFields, half: Half): HistorySubject[] {
  const subjects: HistorySubject[] = [{ kind: 'all' }];
  if (server !== undefined) subjects.push({ kind: half === 'ingest' ? 'IMAP' : 'SMTP', name: server });
  if (emailFlow !== undefined && half === 'ingest') subjects.push({ kind: 'flow', name: emailFlow });
  return subjects;
}
