// The sending half as a process of its own, with a worker in which the html of a reply may end the process. Its input: the ports of Redis and sink, and where it asks for
// the copies in Sent.
import { Redis } from 'ioredis';
import { openFolder } from '../../../src/adapters/blobs/folder.ts';
import { createStore } from '../../../src/adapters/blobs/store.ts';
import { startOutbound } from '../../../src/outbound/index.ts';
import type { SentFolder } from '../../../src/outbound/ports.ts';
import { openParsing } from '../../../src/parsing/index.ts';
import { rig, smtpServer } from './rig.ts';

const { redisPort, sinkPort, sentUrl, blobFolder } = JSON.parse(process.argv[2] ?? '') as {
  redisPort: number;
  sinkPort: number;
  sentUrl: string;
  blobFolder: string;
};
const redis = new Redis({ port: redisPort, host: '127.0.0.1', maxRetriesPerRequest: null });
const script = new URL('../../support/worker-of-doom.ts', import.meta.url);
const { replyBodies } = openParsing({ timeoutMs: 20_000, script });
const sent: SentFolder = {
  async search(_server, { replyId }) {
    const copies = Number(await (await fetch(`${sentUrl}/${replyId}`)).text());
    const found = { found: true, by: 'reply-id', folder: 'Sent', messageId: undefined, copies } as const;
    return copies > 0 ? found : { found: false, folder: 'Sent', looked: 1 };
  },
  append: async () => 'was-there',
};
const blobs = createStore(await openFolder(blobFolder));
// A reply beside it may be in DATA when the process dies: Sent is searched, and what is not there is sent again, not held.
const { deps } = rig(redis, [smtpServer(sinkPort, { uncertain: 'resend' })], sent, { leaseMs: 2_500 }, blobs);
await startOutbound({ ...deps, replyBodies });
