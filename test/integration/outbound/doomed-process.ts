// The sending half as a process of its own, with a worker in which the html of a reply may end the process. Its input: where Redis, the sink and
// the copies in Sent are.
import { startOutbound } from '../../../src/outbound/index.ts';
import type { SentFolder } from '../../../src/outbound/ports.ts';
import { openParsing } from '../../../src/parsing/index.ts';
import { openTestOutbound } from '../../support/outbound.ts';
import { smtpServer } from '../../support/servers.ts';
import { sentFinding } from '../../support/smtp-sink.ts';

const { redisUrl, sinkPort, sentUrl, blobFolder } = JSON.parse(process.argv[2] ?? '') as {
  redisUrl: string;
  sinkPort: number;
  sentUrl: string;
  blobFolder: string;
};
const script = new URL('../../support/worker-of-doom.ts', import.meta.url);
const { replyBodies } = openParsing({ timeoutMs: 20_000, script });
const sent: SentFolder = {
  async search(_server, { replyId }) {
    return sentFinding(Number(await (await fetch(`${sentUrl}/${replyId}`)).text()));
  },
  append: async () => 'was-there',
};
// A reply beside it may be in DATA when the process dies: Sent is searched, and what is not there is sent again, not held.
const servers = [smtpServer(sinkPort, { uncertain: 'resend' })];
const { deps } = await openTestOutbound({ redisUrl, blobFolder, servers, sent, settings: { leaseMs: 2_500 } });
await startOutbound({ ...deps, replyBodies });
