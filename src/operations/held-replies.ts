// Replies that a person looks at in the portal: out of the journal, without subject and text, with the evidence of what was looked for.
import type { PortalView } from '../adapters/redis/portal-view.ts';
import type { Journal, JournalEntry } from '../domain/reply-journal.ts';
import type { ApiDeps } from '../http/index.ts';
import type { PortalReplies, PortalReply } from '../http/portal/index.ts';

export function portalReplies(
  journal: Pick<Journal, 'read'>,
  view: Pick<PortalView, 'repliesIn' | 'replyIds'>,
  api: Pick<ApiDeps, 'releaseHeld' | 'dropHeld'>,
): PortalReplies {
  return {
    async counts() {
      const [held, uncertain, rejected] = await Promise.all(
        (['held', 'uncertain', 'rejected'] as const).map(view.repliesIn),
      );
      return { held: held ?? 0, uncertain: uncertain ?? 0, rejected: rejected ?? 0 };
    },
    async list(state, { limit, offset }) {
      const entries = await Promise.all((await view.replyIds(state, offset, limit)).map(journal.read));
      // Between the two looks a reply may have moved on.
      return entries.flatMap((entry) => (entry?.state === state ? [shown(entry)] : []));
    },
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
  const said = failure?.remote?.text;
  return {
    replyId,
    state,
    server,
    ...(from === undefined ? {} : { from }),
    to: envelope?.to ?? [],
    createdAt,
    stateAt: updatedAt,
    attempts,
    evidence,
    ...(result?.answeredElsewhere === undefined ? {} : { answeredElsewhere: result.answeredElsewhere }),
    ...(failure === undefined ? {} : { failure: { code: failure.code, ...(said === undefined ? {} : { said }) } }),
  };
}
