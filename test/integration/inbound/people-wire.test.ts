// What watching people costs on the wire, command by command: nothing where it is off, one FETCH of flags a look where it is on.
import { expect, it } from 'vitest';
import { scriptedMailboxes } from '../../support/scripted-mailbox.ts';
import { waitFor } from '../../support/temp.ts';

const boxes = scriptedMailboxes('wire');

/** The commands of so many looks after the first ones. */
async function looks(mailboxEvents: 'flags' | undefined, count: number) {
  const box = await boxes.start(3, {
    server: mailboxEvents === undefined ? {} : { mailboxEvents },
    settings: { deadAfterMs: 2_000, reconcileMs: 60_000 },
  });
  await box.isIdle();
  const idles = () => box.imap.commands.filter((command) => /^IDLE/i.test(command)).length;
  const first = idles() + 1;
  await waitFor(() => idles() >= first, { timeoutMs: 20_000, describe: () => 'the first looks' });
  const from = box.imap.commands.length;
  await waitFor(() => idles() >= first + count, { timeoutMs: 20_000, describe: () => `${count} looks` });
  const later = box.imap.commands.slice(from);
  return later.slice(0, later.findLastIndex((command) => /^IDLE/i.test(command)) + 1);
}

const LOOK = ['STATUS INBOX (UIDVALIDITY UIDNEXT MESSAGES)', 'UID SEARCH ALL', 'IDLE'];

it('off: sends the same commands as before', async () => {
  expect(await looks(undefined, 2)).toEqual([...LOOK, ...LOOK]);
});

it('on: sends one more FETCH per poll', async () => {
  const [status = '', search = '', idle = ''] = LOOK;
  const look = [status, search, 'UID FETCH 1:* (UID FLAGS)', idle];
  expect(await looks('flags', 2)).toEqual([...look, ...look]);
});
