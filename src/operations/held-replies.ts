// Replies in the portal: from the journal, without subject and text, with the evidence of the searches.
import type { PortalView } from '../adapters/redis/portal-view.ts';
import { resultSchema } from '../contract/result.ts';
import type { Journal, JournalEntry, ReplyState } from '../domain/reply-journal.ts';
import type { ApiDeps } from '../http/index.ts';
import type { PortalReplies, PortalReply } from '../http/portal/deps.ts';
import { defined } from '../lib/defined.ts';

export function portalReplies(
  journal: Pick<Journal, 'read'>,
  view: Pick<PortalView, 'repliesIn' | 'replyIds'>,
  api: Pick<ApiDeps, 'releaseHeld' | 'dropHeld'>,
): PortalReplies {
  return {
    async counts() {
      const states = resultSchema.shape.state.options;
      const counts = await Promise.all(states.map(view.repliesIn));
      return Object.fromEntries(states.map((state, i) => [state, counts[i] ?? 0])) as Record<ReplyState, number>;
    },
    async list(state, filter, page) {
      const found = await view.replyIds(state, filter, page);
      const entries = await Promise.all(found.entries.map(journal.read));
      // Between the two reads a reply may have changed its state.
      return { ...found, entries: entries.flatMap((entry) => (entry?.state === state ? [shown(entry)] : [])) };
    },
    ids: async (state, filter, limit) => (await view.replyIds(state, filter, { offset: 0, limit })).entries,
    async read(replyId) {
      const entry = await journal.read(replyId);
      return entry === undefined ? undefined : shown(entry);
    },
    release: api.releaseHeld,
    drop: api.dropHeld,
  };
}

function shown(entry: JournalEntry): PortalReply {
  const { replyId, state, server, from, createdAt, updatedAt, attempts, evidence, result, envelope } = entry;
  const failure = result?.failure;
  return {
    replyId,
    state,
    server,
    ...defined({ from }),
    to: envelope?.to ?? [],
    createdAt,
    stateAt: updatedAt,
    attempts,
    evidence,
    ...defined({
      answeredElsewhere: result?.answeredElsewhere,
      failure: failure && { code: failure.code, ...defined({ said: failure.remote?.text }) },
    }),
  };
}
