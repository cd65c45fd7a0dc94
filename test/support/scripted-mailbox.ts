// One mailbox on a scripted IMAP server, watched in this process: what the tests of broken servers share.
import { afterEach } from 'vitest';
import { mailboxId } from '../../src/contract/names.ts';
import type { ImapServer } from '../../src/domain/email-server.ts';
import { audit } from '../../src/domain/ledger.ts';
import { fixture } from './fixture.ts';
import { startTestInbound, type TestInboundOptions } from './inbound.ts';
import { startRedis } from './redis.ts';
import { type ScriptedImap, type ScriptedImapOptions, scriptedMail, startScriptedImap } from './scripted-imap.ts';
import { imapServer } from './servers.ts';
import { waitFor } from './temp.ts';

export interface ScriptedMailboxOptions extends Partial<TestInboundOptions> {
  redisUrl: string;
  /** Names mailbox and email flow. */
  name: string;
  /** Good mails in the folder, UIDs from 1. */
  count: number;
  imap?: ScriptedImapOptions;
  server?: Partial<ImapServer>;
  /** Before anybody connects. */
  prepare?: (imap: ScriptedImap) => void;
}

async function startScriptedMailbox(options: ScriptedMailboxOptions) {
  const { name, count, imap: imapOptions, server: fields, prepare, ...rest } = options;
  const mails = Array.from({ length: count }, (_, i) => ({ uid: i + 1, raw: scriptedMail(`${name}-${i + 1}`) }));
  const imap = await startScriptedImap(mails, imapOptions);
  prepare?.(imap);
  const server = imapServer({
    name: 'Support',
    host: 'localhost',
    port: imap.port,
    user: `${name}@contoso.example`,
    ca: imap.caPem,
    authentication: { type: 'Password', password: 'x' },
    emailFlow: name,
    ...fields,
  });
  const settings = { idleRenewMs: 1_200, reconcileMs: 600, ...rest.settings };
  const one = await startTestInbound({ ...rest, servers: [server], settings });
  const id = mailboxId(server);
  return {
    ...one,
    imap,
    server,
    mailboxId: id,
    jobsAre: (wanted: number) => one.jobsAre(wanted, name),
    state: () => one.inbound.status()[0]?.state,
    isIdle: () =>
      waitFor(() => one.inbound.status()[0]?.state === 'idle', {
        describe: () => `idle; ${JSON.stringify([one.inbound.status(), one.events().slice(-6)])}`,
      }),
    eventIs: (event: string) =>
      waitFor(() => one.events(event)[0], {
        describe: () => `${event}; ${JSON.stringify(one.events().slice(-8))}`,
      }),
    /** UIDs of the folder without an outcome. */
    async unaccounted() {
      const uids = imap.messages.map(({ uid }) => uid);
      return audit(await one.ledgers.load(id), uids).unaccounted;
    },
    async stop() {
      await one.stop();
      await imap.stop();
    },
  };
}

export type ScriptedMailbox = Awaited<ReturnType<typeof startScriptedMailbox>>;

/** For the whole of a test file: one Redis, and a mailbox of its own for each test, which ends with it. */
export function scriptedMailboxes(prefix: string) {
  const redis = fixture(startRedis);
  let box: ScriptedMailbox | undefined;
  let n = 0;
  afterEach(async () => {
    await box?.stop();
    box = undefined;
  });
  return {
    redisUrl: () => redis.url,
    /** @param count good mails in the folder */
    async start(count: number, options: Partial<ScriptedMailboxOptions> = {}): Promise<ScriptedMailbox> {
      box = await startScriptedMailbox({ redisUrl: redis.url, name: `${prefix}${++n}`, count, ...options });
      return box;
    },
  };
}
