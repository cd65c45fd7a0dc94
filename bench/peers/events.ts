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

export interface IdleSettings {
  host: string;
  port: number;
  users: string[];
  password: string;
  /** Each mailbox is looked at so often, ms; never when it is missing. */
  lookMs?: number;
}
