// The inbound side as a process of its own, with a parser in which a mail may end the process. Its input: the Redis and the server.
import type { ImapServer } from '../../../src/domain/email-server.ts';
import { openParsing } from '../../../src/parsing/index.ts';
import { startTestInbound } from '../../support/inbound.ts';

const { redisUrl, server } = JSON.parse(process.argv[2] ?? '') as { redisUrl: string; server: ImapServer };
const script = new URL('../../support/worker-of-doom.ts', import.meta.url);
const { parse, parseLarge, parseHeadersOnly } = openParsing({ timeoutMs: 20_000, script });
await startTestInbound({
  redisUrl,
  servers: [server],
  settings: { leaseMs: 1_000, batchCount: 5 },
  ports: { parse, parseLarge, parseHeadersOnly },
});
