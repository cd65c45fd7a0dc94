// IDLE (RFC 2177): the tagged answer comes after DONE; with the faults of pushed changes.
import { notify } from './selected.ts';
import type { Run, SignedIn } from './session-types.ts';

export const idle: Run<SignedIn> = async (session, { tag }) => {
  const { output } = session;
  await output.line('+ IDLE accepted, awaiting DONE command.');
  session.idling = true;
  if (!session.peek('muteIdle')) notify(session, true);
  await output.flush();
  const drop = session.take('dropIdle');
  if (drop) {
    session.drop(drop.reset);
    return undefined;
  }
  session.continuation = async (line) => {
    session.continuation = undefined;
    session.idling = false;
    if (!session.peek('muteIdle')) notify(session, true);
    await session.answer(tag, line.toUpperCase() === 'DONE' ? 'OK IDLE completed.' : 'BAD Command Argument Error. 12');
  };
  return undefined;
};
