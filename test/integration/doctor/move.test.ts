// The doctor says before the first message that a move is not possible: a server with neither MOVE nor UIDPLUS.
import { afterEach, expect, it } from 'vitest';
import { imapSteps } from '../../../src/doctor/imap-steps.ts';
import type { DoctorDeps } from '../../../src/doctor/step.ts';
import { remoteSystems } from '../../../src/wiring/doctor.ts';
import { imapServer } from '../../support/inbound.ts';
import { leakWatch } from '../../support/leak-watch.ts';
import { EXCHANGE_CAPABILITY, type ScriptedImap, startScriptedImap } from '../../support/scripted-imap.ts';

leakWatch();

let imap: ScriptedImap;
let release: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const one of release) await one();
  release = [];
  await imap.stop();
});

async function step(capability: string) {
  imap = await startScriptedImap([], { capability });
  const server = imapServer({
    name: 'Support',
    host: 'localhost',
    port: imap.port,
    user: 'box@contoso.example',
    ca: imap.caPem,
    authentication: { type: 'Password', password: 'x' },
    afterQueued: { action: 'move', folder: 'Done' },
  });
  const turns = { signIn: async () => {} };
  const deps = { systems: remoteSystems, timeoutMs: 5_000, turns, servers: [server] } as unknown as DoctorDeps;
  const probes = imapSteps(server, deps, (one) => void release.push(one));
  await probes.imapSignIn?.[0]?.run();
  return probes.afterQueuedFolder?.[0]?.run();
}

const without = (...words: string[]) =>
  EXCHANGE_CAPABILITY.split(' ')
    .filter((word) => !words.includes(word))
    .join(' ');

it('a server without MOVE and UIDPLUS fails, with the reason', async () => {
  await expect(step(without('MOVE', 'UIDPLUS'))).rejects.toMatchObject({
    code: 'IMAP_MOVE_UNSUPPORTED',
    hint: expect.stringContaining('EXPUNGE'),
  });
});

it.each([['MOVE'], ['UIDPLUS']])('one of the two is enough: passes without %s', async (missing) => {
  await expect(step(without(missing))).resolves.toMatchObject({ detail: { en: 'Done' } });
});
