// The faults that strike before a command runs and may answer in its place.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command, Session } from './session-types.ts';

/** @returns true when the command has been answered */
export async function answeredByFault(session: Session, { tag, name: command }: Command): Promise<boolean> {
  if (session.tenant.faults.none) return false;
  const slow = session.take('slowCommand', { command });
  if (slow) await sleep(slow.milliseconds ?? 1000);
  const reply = session.take('imapReply', { command });
  if (reply) {
    await session.answer(tag, reply.text ?? 'NO Server error.');
    return true;
  }
  if (!session.mailbox || command === 'LOGOUT') return false;
  for (const number of [13, 14] as const) {
    if (!session.take(`closed${number}`, { command })) continue;
    await session.bye(`Connection is closed. ${number}`);
    return true;
  }
  if (session.take('notConnected', { command })) {
    await session.answer(tag, NOT_CONNECTED);
    return true;
  }
  const throttle = session.take('throttleImap', { command });
  if (!throttle) return false;
  const { answer = 'BAD', milliseconds = 92_415, bye } = throttle;
  await session.answer(tag, `${answer} Request is throttled. Suggested Backoff Time: ${milliseconds} milliseconds`);
  if (bye) await session.bye('Connection is closed. 13');
  return true;
}

export const NOT_CONNECTED = 'BAD User is authenticated but not connected.';
