// A pool of worker threads for work whose cost depends on a stranger's bytes. An item that takes too long, or too much memory, ends its worker and never the
// process; the others of its request are done again.
//
// A lane is one worker:
//   (none) → busy    a request waits, and there is room for one more lane
//   busy → idle      the answer came
//   busy → ended     the item in work exceeded its limit, or the worker died over it
//   idle → ended     idle for long while there is another one, or the pool is stopped
// A lane whose item takes longer than SLOW_MS does not count against the size of the pool: one more lane may work meanwhile.
import { type Lane, openLane } from './lane.ts';
import { timeLimits } from './limits.ts';
import type { Answer, Kind, Request, Work } from './protocol.ts';

/** Why an item has no result: its time or its worker's memory ran out, its worker crashed, or the work threw an error. */
export type Ending = 'timeout' | 'memory' | 'crash' | 'error';

export type Outcome<K extends Kind> = { result: Work[K]['result'] } | { ending: Ending; detail: string };

export interface PoolOptions {
  /** Module that a worker runs. */
  script: URL;
  /** Lanes that work at once; one more while another one is slow. */
  size: number;
  /** Longest time of one item, ms. */
  timeoutMs: number;
  /** Heap of one worker, MiB. */
  memoryMb: number;
  /** Called for each worker that an item ended. */
  onEnded?: (ending: Ending, detail: string) => void;
}

interface Pool {
  /**
   * Does the work of each item, and resolves with their outcomes in order. Bytes are copied, perhaps more than once: they must stay until then.
   * @param handOver the memory of the items is transferred instead: nobody else reads it, now or later
   * @throws Error when no worker starts, or the pool is stopped
   */
  run<K extends Kind>(
    kind: K,
    items: readonly Work[K]['item'][],
    options: Request<K>['options'],
    handOver?: boolean,
  ): Promise<Outcome<K>[]>;
  stop(): Promise<void>;
}

interface Task {
  request: Omit<Request, 'items'>;
  handOver: boolean;
  items: readonly Work[Kind]['item'][];
  outcomes: (Outcome<Kind> | undefined)[];
  resolve(outcomes: Outcome<Kind>[]): void;
  reject(error: Error): void;
}

interface Busy {
  lane: Lane;
  task: Task | undefined;
  /** Indexes of the items that were sent, in order. */
  sent: readonly number[];
  /** Position in `sent` that was seen last, and the time spent on it, ms. */
  at: number;
  spentMs: number;
  idleMs: number;
}

/** How often lanes are checked, ms. */
const TICK_MS = 100;
/** An item in work for longer has its lane to itself, ms. */
const SLOW_MS = 250;
/** Longest time of a worker to load its modules, ms. */
const START_MS = 60_000;
/** All lanes but one are ended after so much time without work, ms. */
const IDLE_MS = 30_000;
/** Workers make short-lived objects nearly all the time: a small young generation costs no speed, and memory for each worker. */
const YOUNG_MB = 16;

export function openPool({ script, size, timeoutMs, memoryMb, onEnded = () => {} }: PoolOptions): Pool {
  const lanes = new Set<Busy>();
  const queue: Task[] = [];
  const limits = timeLimits(timeoutMs, () => performance.now());
  const resourceLimits = { maxOldGenerationSizeMb: memoryMb, maxYoungGenerationSizeMb: YOUNG_MB };
  const clock = ticking(Math.min(TICK_MS, timeoutMs / 4), tick);
  let ending = 0;
  let stopped = false;

  function open(): Busy {
    const busy: Busy = {
      lane: openLane(script, resourceLimits, {
        answered: (answers) => answered(busy, answers),
        died: ({ ending, detail }) => {
          lanes.delete(busy);
          failed(busy, busy.lane.item(), ending, detail);
        },
      }),
      ...{ task: undefined, sent: [], at: -1, spentMs: 0, idleMs: 0 },
    };
    lanes.add(busy);
    return busy;
  }

  /** Gives waiting requests to lanes. */
  function assign(): void {
    while (queue.length > 0) {
      let free: Busy | undefined;
      let slow = 0;
      for (const busy of lanes) {
        if (busy.task === undefined) free ??= busy;
        else if (isSlow(busy)) slow++;
      }
      if (free === undefined && (lanes.size + ending > size || lanes.size - slow >= size)) return;
      const task = queue.shift() as Task;
      try {
        free ??= open();
        send(free, task);
        clock.start();
      } catch (error) {
        task.reject(error as Error);
      }
    }
  }

  function answered(busy: Busy, answers: readonly Answer[]): void {
    const { task, sent } = busy;
    if (task === undefined) return;
    for (const [at, i] of sent.entries()) task.outcomes[i] = outcomeOf(answers[at]);
    busy.task = undefined;
    busy.lane.keepsProcess(false);
    task.resolve(task.outcomes as Outcome<Kind>[]);
    assign();
  }

  /** The item in work has this outcome; the others of its request are sent again, before all that wait. */
  function failed(busy: Busy, at: number, ending: Ending, detail: string): void {
    const { task } = busy;
    const guilty = busy.sent[at];
    if (task !== undefined) {
      if (guilty === undefined) task.reject(new Error(`a parser worker did not start: ${detail}`));
      else {
        onEnded(ending, detail);
        task.outcomes[guilty] = { ending, detail };
        if (task.outcomes.includes(undefined)) queue.unshift(task);
        else task.resolve(task.outcomes as Outcome<Kind>[]);
      }
    }
    assign();
  }

  /** @returns whether a lane remains that has to be watched */
  function tick(passedMs: number): boolean {
    let anyone = false;
    for (const busy of lanes) {
      elapse(busy, passedMs);
      if (busy.task === undefined) {
        if (lanes.size === 1) continue;
        if (busy.idleMs > IDLE_MS) void end(busy);
      } else {
        const item = busy.task.items[busy.sent[busy.at] ?? -1];
        const limitMs = item === undefined ? START_MS : limits.of(sizeOf(item));
        if (busy.spentMs > limitMs) {
          if (item !== undefined) limits.exceeded();
          const { at } = busy;
          void end(busy).then(() => failed(busy, at, 'timeout', `${Math.round(limitMs)} ms`));
        }
      }
      anyone = true;
    }
    assign();
    return anyone;
  }

  /** The lane takes no more work; its thread counts until it has ended. */
  async function end(busy: Busy): Promise<void> {
    lanes.delete(busy);
    ending++;
    await busy.lane.end();
    ending--;
  }

  return {
    run: (kind, items, options, handOver = false) =>
      new Promise<Outcome<Kind>[]>((resolve, reject) => {
        if (stopped) reject(new Error('the parser is stopped'));
        else if (items.length === 0) resolve([]);
        else {
          const outcomes = items.map(() => undefined);
          queue.push({ request: { kind, options }, handOver, items, outcomes, resolve, reject });
          assign();
        }
      }) as Promise<Outcome<typeof kind>[]>,
    async stop() {
      stopped = true;
      clock.stop();
      const abandoned = [...queue.splice(0), ...[...lanes].flatMap(({ task }) => task ?? [])];
      await Promise.all([...lanes].map(end));
      for (const task of abandoned) task.reject(new Error('the parser is stopped'));
    },
  };
}

/** Calls `tick` with the ms that passed since the last time, until it returns false. */
function ticking(everyMs: number, tick: (passedMs: number) => boolean) {
  let timer: NodeJS.Timeout | undefined;
  let tickedAt = 0;
  const stop = () => {
    clearInterval(timer);
    timer = undefined;
  };
  return {
    stop,
    start() {
      if (timer !== undefined) return;
      tickedAt = performance.now();
      timer = setInterval(() => {
        const now = performance.now();
        // A process that was suspended must not take the pause for work.
        const passedMs = Math.min(now - tickedAt, 2 * everyMs);
        tickedAt = now;
        if (!tick(passedMs)) stop();
      }, everyMs);
      timer.unref();
    },
  };
}

function send(busy: Busy, task: Task): void {
  const sent = task.outcomes.flatMap((outcome, i) => (outcome === undefined ? [i] : []));
  busy.lane.send({ ...task.request, items: sent.map((i) => task.items[i] as Task['items'][number]) }, task.handOver);
  busy.lane.keepsProcess(true);
  Object.assign(busy, { task, sent, at: -1, spentMs: 0, idleMs: 0 });
}

/** Time passes for the item in work, or for an idle lane. */
function elapse(busy: Busy, ms: number): void {
  if (busy.task === undefined) {
    busy.idleMs += ms;
    return;
  }
  const at = busy.lane.item();
  busy.spentMs = at === busy.at ? busy.spentMs + ms : 0;
  busy.at = at;
}

const isSlow = (busy: Busy): boolean => busy.task !== undefined && busy.spentMs > SLOW_MS && busy.at >= 0;

/** Of a raw mail bytes, of texts UTF-16 units. */
function sizeOf(item: Work[Kind]['item']): number {
  if (item instanceof Uint8Array) return item.length;
  const texts = [item.text, item.html, item.quoted?.text, item.quoted?.html];
  return texts.reduce((sum, text) => sum + (text?.length ?? 0), 0);
}

function outcomeOf(answer: Answer | undefined): Outcome<Kind> {
  if (answer === undefined) return { ending: 'error', detail: 'no answer' };
  return 'error' in answer ? { ending: 'error', detail: answer.error } : answer;
}
