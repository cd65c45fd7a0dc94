// A person's decision about a held reply: send it after all, or never.
import type { Result } from '../contract/result.ts';
import { MailroomError } from '../domain/errors.ts';
import type { JournalEntry, ReplyState } from '../domain/reply-journal.ts';
import type { OutboundDeps } from './ports.ts';
import { failureOf, readReply, resultOf } from './results.ts';

type HeldDeps = Pick<OutboundDeps, 'journal' | 'queues' | 'blobs' | 'emit'>;

const notHeld = (state: ReplyState | undefined) =>
  new MailroomError('REPLY_NOT_HELD', {
    field: 'replyId',
    message: state === 'held' ? 'This reply was released and held again meanwhile' : `This reply is ${state}, not held`,
  });

/** @throws MailroomError REPLY_UNKNOWN, REPLY_NOT_HELD */
export async function releaseHeld(deps: HeldDeps, replyId: string, by: string): Promise<Result> {
  const held = await readHeld(deps, replyId);
  if (held.source === undefined) throw new MailroomError('REPLY_UNKNOWN', { field: 'replyId' });
  const payload = await readReply(deps.blobs, held.source);
  const entry = await moveHeld(deps, held, 'prepared', `${by} released it: sent again`);
  deps.emit('ReplyReleased', { server: entry.server, replyId, detail: { by } });
  await deps.queues.again(entry.server, replyId, payload, { priority: 1 });
  return resultOf(entry);
}

/** @throws MailroomError REPLY_UNKNOWN, REPLY_NOT_HELD */
export async function dropHeld(deps: HeldDeps, replyId: string, by: string): Promise<Result> {
  const entry = await moveHeld(deps, await readHeld(deps, replyId), 'dropped', `${by} dropped it`);
  deps.emit('ReplyDropped', { server: entry.server, replyId, detail: { by } });
  return resultOf(entry);
}

async function readHeld({ journal }: HeldDeps, replyId: string): Promise<JournalEntry> {
  const entry = await journal.read(replyId);
  if (entry === undefined) throw new MailroomError('REPLY_UNKNOWN', { field: 'replyId' });
  if (entry.state !== 'held') throw notHeld(entry.state);
  return entry;
}

async function moveHeld(
  deps: HeldDeps,
  entry: JournalEntry,
  to: 'prepared' | 'dropped',
  evidence: string,
): Promise<JournalEntry> {
  const { replyId, fence, offered, rendered } = entry;
  const code = entry.result?.failure?.code;
  const result =
    to === 'dropped' ? { result: resultOf({ ...entry, state: to }, { failure: failureOf('REPLY_DROPPED') }) } : {};
  const { moved, state } = await deps.journal.transition(replyId, {
    from: ['held'],
    to,
    fence, // of the claim that held it: released and held again meanwhile, it offers another sender
    change: {
      ...result,
      evidence,
      // An entry of an older version has no `doubted`.
      doubted: entry.doubted === true || code === 'REPLY_HELD',
      ...(rendered === undefined ? { preparations: 0 } : {}),
      // The person has read why it is held: with a changed sender, they agree to that sender.
      ...(offered == null ? {} : { agreed: offered }),
      ...(code === 'REPLY_ANSWERED_ELSEWHERE' ? { forced: true } : {}),
    },
  });
  if (!moved) throw notHeld(state);
  return { ...entry, ...result, state: to };
}
