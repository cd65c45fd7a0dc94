// The doctor says before the first message that a move is not possible: a server with neither MOVE nor UIDPLUS.
import { afterEach, expect, it } from 'vitest';
import { imapSteps } from '../../../src/doctor/imap-steps.ts';
import type { Check, DoctorDeps } from '../../../src/doctor/step.ts';
import type { ImapServer } from '../../../src/domain/email-server.ts';
import { remoteSystems } from '../../../src/wiring/doctor.ts';
import { leakWatch } from '../../support/leak-watch.ts';
import { EXCHANGE_CAPABILITY, type ScriptedImap, startScriptedImap } from '../../support/scripted-imap.ts';
import { imapServer } from '../../support/servers.ts';

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
  const deps = { systems: remoteSystems, timeoutMs: 30_000, turns, servers: [server] } as unknown as DoctorDeps;
  const check: Check<ImapServer> = { server, deps };
  await imapSteps.imapSignIn?.(check, '');
  if (check.mailbox !== undefined) release.push(check.mailbox.close);
  return imapSteps.afterQueuedFolder?.(check, '');
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
