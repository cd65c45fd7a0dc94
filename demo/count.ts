// The demo's oracle: counts by comparing what lies in the mailboxes, on the queues, and in the customers' inboxes. It asks neither the
// gateway nor the backend what they did.
import { Queue } from 'bullmq';
import type { Message, Result } from '../src/contract/index.ts';
import { emailFlowQueue, PREFIX, repliesQueue } from '../src/contract/names.ts';
import type { Sandbox } from '../src/sandbox/index.ts';
import type { FLOWS } from './tenant.ts';

const CUSTOMERS = ['jane@customer.example', 'otto@kunde.example'];

export interface Counts {
  enqueued: number;
  accepted: number;
  refused: number;
  lost: number;
  duplicated: number;
}

export async function count(redisUrl: string, flows: typeof FLOWS, sandbox: Sandbox): Promise<Counts> {
  const connection = { url: redisUrl };
  const counts: Counts = { enqueued: 0, accepted: 0, refused: 0, lost: 0, duplicated: 0 };
  const repeated = (list: readonly unknown[]) => list.length - new Set(list).size;

  for (const { emailFlow, mailbox, smtpServer } of flows) {
    const messages = new Queue(emailFlowQueue(emailFlow), { connection, prefix: PREFIX });
    const replies = new Queue(repliesQueue(smtpServer), { connection, prefix: PREFIX });
    const jobs = await messages.getJobs(['completed', 'waiting', 'active', 'failed', 'delayed']);
    const uids = jobs.map((job) => (job.data as Message).uid);
    const inMailbox = sandbox.mailboxes.list(mailbox).map(({ uid }) => uid);
    counts.enqueued += new Set(uids).size;
    counts.lost += inMailbox.filter((uid) => !uids.includes(uid)).length;
    counts.duplicated += repeated(uids);

    // A reply counts as accepted when its server said so and its mail lies in a customer's inbox; said but not there is lost.
    const inboxes = CUSTOMERS.flatMap((customer) =>
      sandbox.mailboxes.list(customer).map(({ raw }) => replyIdOf(raw)),
    ).filter((id) => id !== undefined);
    for (const job of await replies.getJobs(['completed'])) {
      const { replyId, state } = job.returnvalue as Result;
      if (state !== 'accepted') continue;
      if (inboxes.includes(replyId)) counts.accepted++;
      else counts.lost++;
    }
    const failed = await replies.getJobs(['failed']);
    counts.refused += failed.filter((job) => !inboxes.includes((job.data as { replyId: string }).replyId)).length;
    await Promise.all([messages.close(), replies.close()]);
  }
  counts.duplicated += repeated(
    CUSTOMERS.flatMap((customer) => sandbox.mailboxes.list(customer).map(({ raw }) => replyIdOf(raw))).filter(
      (id) => id !== undefined,
    ),
  );
  return counts;
}

function replyIdOf(raw: Buffer): string | undefined {
  const head = raw.toString('latin1').split('\r\n\r\n')[0] ?? '';
  return /^X-Mailroom-Reply-Id:\s*(\S+)/im.exec(head)?.[1];
}
