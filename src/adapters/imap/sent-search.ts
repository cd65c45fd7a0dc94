// Finds a reply of ours in the open Sent folder. Hits are confirmed by fetching their headers (Exchange's SEARCH is imprecise, and may not cover X-
// headers); without a hit the latest mails are compared one by one, since "not found" may lead to a second sending.
import type { ImapFlow } from 'imapflow';
import { REPLY_ID_HEADER, replyIdValue } from '../../domain/reply-header.ts';
import { DAY_MS } from '../../lib/time.ts';
import type { SentFinding, SentQuery } from '../../outbound/ports.ts';

/** Mails compared one by one when no search hit is confirmed. */
const COMPARED = 2_000;

/** Where a mail of ours has its mark, the surest first: Exchange may replace the Message-ID, and keeps the one it was given. */
const MARKS = [
  { by: 'reply-id', header: REPLY_ID_HEADER },
  { by: 'message-id', header: 'Message-ID' },
  { by: 'original-message-id', header: 'X-Microsoft-Original-Message-ID' },
] as const;

interface Hit {
  by: (typeof MARKS)[number]['by'];
  messageId: string | undefined;
}

const markOf = (by: Hit['by'], { replyId, messageId }: SentQuery): string =>
  by === 'reply-id' ? replyIdValue(replyId) : messageId;

/** @throws Error when the folder cannot be searched completely */
export async function find(client: ImapFlow, folder: string, query: SentQuery): Promise<SentFinding> {
  const day = new Date(query.since.getTime() - DAY_MS);
  for (const { by, header } of MARKS) {
    const mark = markOf(by, query);
    if (mark === '') continue;
    // false: the server refused this search; the comparison below does not need it.
    const hits = await client
      .search({ since: day, header: { [header]: mark } }, { uid: true })
      .catch(() => false as const);
    const found = Array.isArray(hits) && hits.length > 0 ? await confirmed(client, hits.slice(-20), query) : [];
    if (found.length > 0) return { found: true, by, folder, messageId: found[0]?.messageId, copies: found.length };
  }
  const recent = await client.search({ since: day }, { uid: true });
  if (!Array.isArray(recent)) throw new Error('SEARCH was refused');
  const uids = recent.sort((a, b) => a - b).slice(-COMPARED);
  const found = uids.length === 0 ? [] : await confirmed(client, uids, query);
  const [hit] = found;
  if (hit !== undefined) return { found: true, ...hit, folder, copies: found.length };
  if (recent.length > COMPARED) throw new Error(`Sent holds ${recent.length} recent mails, too many to compare`);
  return { found: false, folder, looked: uids.length };
}

/** Which of the mails are the one, by their headers. */
export async function confirmed(client: ImapFlow, uids: number[], query: SentQuery): Promise<Hit[]> {
  const found: Hit[] = [];
  let seen = 0;
  const headers = MARKS.map(({ header }) => header);
  for await (const row of client.fetch(uids.join(','), { uid: true, headers }, { uid: true })) {
    seen += 1;
    const fields = headerFields(row.headers);
    const match = MARKS.find(({ by, header }) => {
      const mark = markOf(by, query);
      return mark !== '' && fields.get(header.toLowerCase()) === mark;
    });
    if (match !== undefined) found.push({ by: match.by, messageId: fields.get('message-id') });
  }
  // A short list is imapflow's way of a broken FETCH: it proves nothing.
  if (found.length === 0 && seen < uids.length) throw new Error(`FETCH answered ${seen} of ${uids.length} mails`);
  return found;
}

/** A header block with each field in one line. */
export const unfolded = (raw: Buffer | undefined): string =>
  (raw?.toString('latin1') ?? '').replace(/\r?\n[ \t]+/g, ' ');

function headerFields(raw: Buffer | undefined): Map<string, string> {
  const fields = new Map<string, string>();
  for (const line of unfolded(raw).split(/\r?\n/)) {
    const colon = line.indexOf(':');
    if (colon > 0) fields.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
  }
  return fields;
}
