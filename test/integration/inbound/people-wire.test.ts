// What watching people costs on the wire, command by command: nothing where it is off, one FETCH of flags a look where it is on.
import { expect, it } from 'vitest';
import { scriptedMailboxes } from '../../support/scripted-mailbox.ts';
import { waitFor } from '../../support/temp.ts';

const boxes = scriptedMailboxes('wire');

/** The commands of so many looks after the first ones. */
async function looks(mailboxEvents: 'flags' | undefined, count: number) {
  const box = await boxes.start(3, {
    server: mailboxEvents === undefined ? {} : { mailboxEvents },
    settings: { idleRenewMs: 1_200, reconcileMs: 60_000 },
  });
  await box.isIdle();
  /** Where each IDLE is among the commands: a look ends with one. */
  const ends = () => box.imap.commands.flatMap((command, at) => (/^IDLE/i.test(command) ? [at + 1] : []));
  const first = ends().length;
  await waitFor(() => ends().length > first + count, { describe: () => `${count} looks` });
  return box.imap.commands.slice(ends()[first], ends()[first + count]);
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
