// Which messages seem to kill the processes that parse them: those whose parsing was begun and neither committed nor survived.
import { expect, it } from 'vitest';
import { parseAttempts } from '../../../src/inbound/parse-attempts.ts';
import type { InboundPorts } from '../../../src/inbound/ports.ts';

/** Notes in Redis, over the lives of processes. */
function notes() {
  const kept = new Map<number, number>();
  const ledgers = {
    unfinished: async () => new Map(kept),
    parsing: async (_id: string, counts: ReadonlyMap<number, number>) => {
      for (const [uid, count] of counts) kept.set(uid, count);
    },
  } as unknown as InboundPorts['ledgers'];
  return async () => {
    const attempts = parseAttempts(ledgers, 'm');
    await attempts.load();
    return attempts;
  };
}

it.each([
  ['processes that died', ['died', 'died', 'died', 'died'], 4],
  ['processes that were stopped while a store took nothing', ['survived', 'survived', 'survived', 'survived'], 0],
  ['one of each: it does not count, and takes nothing back', ['died', 'survived', 'died', 'survived'], 2],
])('%s', async (_what, ends, deaths) => {
  const start = notes();
  for (const end of ends) {
    const attempts = await start();
    await attempts.begin([7]);
    if (end === 'survived') await attempts.survived([7]);
  }
  expect((await start()).deaths(7)).toBe(deaths);
});
