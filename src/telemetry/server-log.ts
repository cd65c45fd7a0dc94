// Keeps the newest events of each email server in memory, until operations/server-log.ts takes them to Redis for the portal's live log.
import type { ServerEvent } from '../domain/server-log.ts';
import { type EventName, eventDefinitions } from './events/index.ts';
import type { EventFields } from './events.ts';
import { scrub, serializeError } from './serialize-error.ts';

export type ServerLogCollector = ReturnType<typeof collectServerLog>;

/** Events of one server between two writes; older ones are dropped. */
const MOST_EACH = 50;
/** Servers between two writes: a bound while Redis is away. */
const MOST_SERVERS = 2_000;
const LONGEST = 300;

interface Noted {
  at: number;
  name: EventName;
  fields: EventFields;
}

/** @param now epoch ms */
export function collectServerLog(now: () => number = Date.now) {
  let noted = new Map<string, Noted[]>();
  return {
    observe(name: EventName, fields: EventFields, isShown: boolean): void {
      const { server } = fields;
      if (!isShown || server === undefined) return;
      const own = noted.get(server);
      if (own === undefined) {
        if (noted.size < MOST_SERVERS) noted.set(server, [{ at: now(), name, fields }]);
        return;
      }
      own.push({ at: now(), name, fields });
      if (own.length > MOST_EACH) own.shift();
    },
    /** Events since the last call, oldest first. */
    take(): Map<string, Omit<ServerEvent, 'replica'>[]> {
      const taken = noted;
      noted = new Map();
      return new Map([...taken].map(([server, events]) => [server, events.map(eventOf)]));
    },
  };
}

function eventOf({ at, name, fields }: Noted): Omit<ServerEvent, 'replica'> {
  const shown = serializeError(fields.err);
  const remote = shown?.remote as { text?: unknown } | undefined;
  const said = typeof remote?.text === 'string' ? remote.text : undefined;
  const code = fields.code ?? (typeof shown?.code === 'string' ? shown.code : undefined);
  const reason = fields.reason ?? fields.state;
  const { kind, jobId, replyId, uid, count, attempts, durationMs, delayMs } = fields;
  const all = {
    ...{ code, said: said?.slice(0, LONGEST), kind, replyId, uid, count, attempts, durationMs, delayMs },
    reason: reason && scrub(reason).slice(0, LONGEST),
    messageKey: jobId,
  };
  const known = Object.entries(all).filter(([, value]) => value !== undefined && value !== '');
  return { at, event: name, level: eventDefinitions[name].level, ...Object.fromEntries(known) };
}
