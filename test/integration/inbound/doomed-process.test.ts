// A mail that ends the process which parses it, really: the next process tries it alone, and after four dead ones it is quarantined and parsed no more.
import { expect, it } from 'vitest';
import { openEmailFlows } from '../../../src/adapters/queue/email-flows.ts';
import { connectRedis } from '../../../src/adapters/redis/client.ts';
import { createLedgers } from '../../../src/adapters/redis/ledgers.ts';
import type { Message } from '../../../src/contract/message.ts';
import { mailboxId } from '../../../src/contract/names.ts';
import { audit } from '../../../src/domain/ledger.ts';
import { leakWatch } from '../../support/leak-watch.ts';
import { startedAgain } from '../../support/processes-that-die.ts';
import { redisRoom } from '../../support/redis.ts';
import { scriptedMail, startScriptedImap } from '../../support/scripted-imap.ts';
import { imapServer } from '../../support/servers.ts';

leakWatch();

const redis = redisRoom();

it('quarantines the message after four dead processes, and enqueues every other mail once', async () => {
  const [COUNT, KILLER] = [12, 7];
  const mails = Array.from({ length: COUNT }, (_, i) => ({ uid: i + 1, raw: scriptedMail(`doom-${i + 1}`) }));
  mails[KILLER - 1] = { uid: KILLER, raw: Buffer.concat([Buffer.from('X-Doom: kill\r\n'), scriptedMail('killer')]) };
  const imap = await startScriptedImap(mails);
  const server = imapServer({
    name: 'Support',
    host: 'localhost',
    port: imap.port,
    user: 'doom@contoso.example',
    ca: imap.caPem,
    authentication: { type: 'Password', password: 'x' },
    emailFlow: 'doom',
  });
  const client = connectRedis({ url: redis.url }, () => {});
  const flows = openEmailFlows(client);
  try {
    const jobs = async () =>
      (await (await flows.queueOf('doom')).getJobs(['waiting'], 0, -1)).map(({ data }) => data as Message);
    const all = async () => (await jobs()).length >= COUNT;
    const script = new URL('./doomed-process.ts', import.meta.url);
    expect(await startedAgain(script, { redisUrl: redis.url, server }, all, 6)).toBe(4);

    const messages = await jobs();
    expect(messages.map(({ uid }) => uid).sort((a, b) => a - b)).toEqual(mails.map(({ uid }) => uid));
    const killer = messages.find(({ uid }) => uid === KILLER);
    expect(killer).toMatchObject({ parse: 'failed', warnings: [{ code: 'parser-crashed' }] });
    expect(messages.filter(({ parse }) => parse === 'complete')).toHaveLength(COUNT - 1);
    const ledger = await createLedgers(client).load(mailboxId(server));
    const uids = mails.map(({ uid }) => uid);
    expect(audit(ledger, uids).unaccounted).toEqual([]);
  } finally {
    await flows.close();
    client.disconnect();
    await imap.stop();
  }
});
