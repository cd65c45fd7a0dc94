// A process of its own that fetches one app-only token: the public CAs are read once at start, so NODE_EXTRA_CA_CERTS needs a new process.
// argv: authority, tenant, client id, secret. Prints the code of the failure, or `token`.
import { createTokenProvider } from '../../../src/adapters/oauth/index.ts';
import { MailroomError } from '../../../src/domain/errors.ts';
import type { TokenCache } from '../../../src/domain/token-cache.ts';
import { imapServer } from './servers.ts';

const [authority = '', tenant = '', clientId = '', secret = ''] = process.argv.slice(2);
const held = new Map<string, string>();
const cache: TokenCache = {
  read: async (key) => held.get(key),
  write: async (key, text) => void held.set(key, text),
  remove: async (key) => void held.delete(key),
  take: async (key) => held.get(key),
  exclusively: (_key, run) => run(),
};
const application = {
  name: 'Contoso',
  tenant,
  clientId,
  authority,
  cloud: 'world',
  credentials: [{ kind: 'secret', secret }],
} as const;
const provider = createTokenProvider({ applications: () => [application], cache, emit: () => {} });
const said = await provider.getToken(imapServer(), 'imap').then(
  () => 'token',
  (error: unknown) => (error instanceof MailroomError ? error.code : String(error)),
);
provider.stop();
process.stdout.write(said);
