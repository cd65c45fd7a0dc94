// Gauges of expiry name what is configured, and no longer what was: an alert on a removed server would never end.
import { expect, it } from 'vitest';
import { expiryGauges, SIGN_IN_MS } from '../../../src/adapters/oauth/expiry-gauges.ts';
import type { EmailServer, OAuthApplication } from '../../../src/domain/email-server.ts';
import { createMetrics } from '../../../src/telemetry/metrics.ts';
import { imapServer } from '../../support/servers.ts';

const application = (name: string): OAuthApplication => ({
  ...{ name, tenant: 't', clientId: 'c', cloud: 'world' },
  credentials: [{ kind: 'secret', secret: 's', expires: '2026-12-25' }],
});
const server = (name: string, signIn: 'appOnly' | 'delegated' = 'delegated'): EmailServer =>
  imapServer({
    ...{ name, host: 'localhost', port: 993, user: 's@contoso.example', emailFlow: 'F' },
    authentication: { type: 'OAuth2', application: 'A', signIn, signInUser: 'a@contoso.example' },
  });

it('removed applications and servers, and servers without a delegated sign-in, have no series', async () => {
  const metrics = createMetrics();
  let applications = ['A', 'B'].map(application);
  let servers = [server('S'), server('T'), server('U')];
  const { token, signIn } = expiryGauges(
    metrics,
    () => applications,
    () => servers,
  );
  const shown = async () =>
    (await metrics.text()).split('\n').flatMap((line) => {
      const [, what, name] = /^mailroom_(\w+)_expires_timestamp_seconds\{\w+="(\w)"/.exec(line) ?? [];
      return what === undefined ? [] : [`${what} ${name}`];
    });
  for (const { name } of applications) token(name, Date.now());
  for (const { name } of servers) signIn(name, Date.now() - SIGN_IN_MS);
  const all = ['credential A', 'credential B', 'sign_in S', 'sign_in T', 'sign_in U', 'token A', 'token B'];
  expect((await shown()).sort()).toEqual(all);
  applications = [application('A')];
  servers = [server('S'), server('T', 'appOnly')];
  expect((await shown()).sort()).toEqual(['credential A', 'sign_in S', 'token A']);
});
