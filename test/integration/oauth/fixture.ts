// What the tests of sign-in share: a sandbox tenant with its authority, a Redis, a token provider on real MSAL, and recorded events.
import { Redis } from 'ioredis';
import { afterEach } from 'vitest';
import {
  createTokenProvider,
  type TokenProvider,
  type TokenProviderSettings,
} from '../../../src/adapters/oauth/index.ts';
import { createTokenCache } from '../../../src/adapters/redis/token-cache.ts';
import type { KeyRing } from '../../../src/config/config.ts';
import type { OAuthApplication } from '../../../src/domain/email-server.ts';
import { type SandboxConfig, startSandbox } from '../../../src/sandbox/index.ts';
import type { Emit, EventFields } from '../../../src/telemetry/events.ts';
import { fixture } from '../../support/fixture.ts';
import { redisRoom } from '../../support/redis.ts';
import { SHARED } from './servers.ts';

export { imapServer, SHARED, smtpServer } from './servers.ts';

export const PERSON = 'alex@contoso.example';
export const CLIENT = '3b1f4d6e-0a52-4c7b-8e19-6d2c5a7f9b03';
export const PUBLIC_CLIENT = '91c0d7aa-5be3-4d5f-8f0e-2b7d0c1f6a44';
export const SECRET = 'Zq8~very-secret-value.of-the-application';

export const KEYS: KeyRing = [{ id: 'k1', key: new Uint8Array(32).fill(7) }];

interface Recorded {
  name: string;
  fields: EventFields;
}

export function createFixture(tenant: Partial<SandboxConfig> = {}) {
  const redis = redisRoom();
  const sandbox = fixture(() =>
    startSandbox({
      users: [
        { address: SHARED, kind: 'shared' },
        { address: PERSON, displayName: 'Alex' },
        { address: 'maria@contoso.example', displayName: 'Maria' },
      ],
      applications: [{ clientId: CLIENT, secret: SECRET }, { clientId: PUBLIC_CLIENT }],
      oauth: { deviceInterval: 1 },
      ...tenant,
    }),
  );
  const open: { stop: () => void }[] = [];
  const clients: Redis[] = [];
  const events: Recorded[] = [];
  const emit: Emit = (name, fields = {}) => void events.push({ name, fields });

  afterEach(async () => {
    for (const one of open.splice(0)) one.stop();
    sandbox.faults.clear();
    events.length = 0;
    await Promise.all(clients.splice(0).map((one) => one.quit()));
  });

  function connect(): Redis {
    const client = new Redis(redis.url, { maxRetriesPerRequest: null });
    clients.push(client);
    return client;
  }

  const application = (extra: Partial<OAuthApplication> = {}): OAuthApplication => ({
    name: 'Contoso',
    tenant: sandbox.tenant,
    clientId: CLIENT,
    cloud: 'world',
    authority: sandbox.authority,
    ca: sandbox.caPem,
    credentials: [{ kind: 'secret', secret: SECRET }],
    ...extra,
  });

  /** One replica: its own provider on its own connection. */
  function replica(
    applications: readonly OAuthApplication[] = [application()],
    extra: Partial<TokenProviderSettings> & { keys?: KeyRing; commandTimeoutMs?: number } = {},
  ): TokenProvider {
    const { keys = KEYS, commandTimeoutMs = 30_000, ...settings } = extra;
    const cache = createTokenCache({ redis: connect(), keys, commandTimeoutMs });
    const provider = createTokenProvider({ applications: () => applications, cache, emit, ...settings });
    open.push(provider);
    return provider;
  }

  return {
    events,
    application,
    replica,
    connect,
    /** Every command sent so far was carried out. */
    settled: () => Promise.all(clients.map((client) => client.ping())),
    sandbox,
    redis,
  };
}
