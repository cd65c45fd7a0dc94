// Events of a peer: JSON lines like the product's, so that both are timed by what they themselves wrote.

export function say(event: string, fields: object = {}): void {
  process.stdout.write(`${JSON.stringify({ time: new Date().toISOString(), event, ...fields })}\n`);
}

/** The settings that the benchmark gives as one JSON argument. */
export function settings<T>(): T {
  return JSON.parse(process.argv[2] ?? '{}') as T;
}

export interface DrainSettings {
  host: string;
  port: number;
  user: string;
  password: string;
  redisUrl: string;
  queue: string;
}

/** Looks at each in turn, all of them once in `everyMs`: those that are due one after another, once a second (the product's `inStep`). */
export function lookInTurn<T>(list: readonly T[], everyMs: number, look: (one: T) => void): void {
  let at = 0;
  setInterval(() => {
    const due = Math.round((list.length * 1_000) / everyMs);
    for (let i = 0; i < due; i++) look(list[at++ % list.length] as T);
  }, 1_000);
}

export interface IdleSettings {
  host: string;
  port: number;
  users: string[];
  password: string;
  /** Each mailbox is looked at so often, ms; never when it is missing. */
  lookMs?: number;
}
