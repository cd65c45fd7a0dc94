// The log of a running process is switched by command, API and signal, for all and for one server; the traces of its protocols hold nothing of the mails
// that were read and sent meanwhile, of their people, or of what was signed in with.
import { expect, it } from 'vitest';
import { JANE, openDesk, PASSWORD, SUPPORT } from '../support/desk.ts';
import { replyJob } from '../support/journey.ts';
import { leakWatch } from '../support/leak-watch.ts';
import { redisRoom } from '../support/redis.ts';
import { waitFor } from '../support/temp.ts';

leakWatch();

const [SUBJECT, BODY] = ['Vertraulich-4711', 'Kontonummer-0815'];
const redis = redisRoom();

it('changes by command, API and signal', async () => {
  const { sandbox, j, stop } = await openDesk({
    redisUrl: redis.url,
    // Base64 of the password, too: what AUTHENTICATE and LOGIN carry.
    secrets: [SUBJECT, BODY, JANE, Buffer.from(PASSWORD).toString('base64').slice(0, 12)],
  });
  try {
    const one = j.start(['serve']);
    const url = `http://127.0.0.1:${await j.port(one)}`;
    await one.waitForEvent('MailboxConnected');
    const traced = await j.run('log-level', '--server', 'In', '--trace', 'answers', '--minutes', '5');
    expect(traced.output).toMatch(/^In: trace answers until \d{4}-/);
    await one.waitForEvent('LogLevelChanged');
    sandbox.faults.set({ name: 'drop' }); // signs in again under the trace
    sandbox.mailboxes.deliver(SUPPORT, `From: ${JANE}\r\nTo: ${SUPPORT}\r\nSubject: ${SUBJECT}\r\n\r\n${BODY}\r\n`);
    await j.waitForMessages('F', 1);
    const lines = () => one.events('MailboxTraced').map(({ kind, reason }) => `${kind} ${reason}`);
    await waitFor(() => lines().some((line) => / UID FETCH \d/.test(line)), {
      describe: () => lines().join('\n'),
    });
    expect(lines().find((line) => / (LOGIN|AUTHENTICATE)/.test(line))).toMatch(/^client \w+ (LOGIN|AUTHENTICATE)$/);
    expect(lines().join('\n')).toMatch(/^server \* \d+ EXISTS$/m);

    const both = await j.run('log-level', '--server', 'Out', '--trace', 'commands', '--minutes', '5');
    expect(both.output).toMatch(/^Out: trace commands until \d{4}-/m);
    await one.waitForEvent('LogLevelChanged', ({ detail }) => /Out: trace/.test(JSON.stringify(detail)));
    await j.addReply('Out', { replyId: 'traced', to: [JANE], subject: SUBJECT, text: BODY });
    await j.result('Out', replyJob('traced'));
    const said = one.events('SubmissionTraced').map(({ server, kind, reason }) => `${server} ${kind} ${reason}`);
    expect(said).toEqual(expect.arrayContaining(['Out client RCPT', 'Out client DATA', 'Out server 250 2.0.0']));

    expect((await j.run('log-level', '--reset')).output).toBe('as configured\n');
    await one.waitForEvent('LogLevelRestored');
    const put = (body: object) =>
      fetch(`${url}/v1/log-level`, {
        method: 'PUT',
        headers: { authorization: `Bearer ${j.apiToken}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
    expect((await put({ server: 'Nobody', level: 'debug' })).status).toBe(404);
    expect(await (await put({ level: 'debug', server: 'In', minutes: 1 })).json()).toMatchObject({
      switches: [{ server: 'In', level: 'debug' }],
    });
    await one.waitForEvent('LogLevelChanged', ({ detail }) => /In: level debug/.test(JSON.stringify(detail)));
    expect((await put({ server: 'In', level: null })).status).toBe(200);

    one.signal('SIGUSR2');
    await one.waitForEvent('LogLevelChanged', ({ reason }) => reason === 'SIGUSR2');
    one.signal('SIGUSR2');
    await one.waitForEvent('LogLevelRestored', ({ reason }) => reason === 'SIGUSR2');
    expect(await one.stop()).toBe(0);
  } finally {
    await stop();
  }
});
