// Runs in a process of its own, started with NODE_EXTRA_CA_CERTS (Node reads it only at start): real MSAL against the sandbox's authority.
// argv[2] is the work order as JSON; prints the result as JSON.
import { createHash, createPrivateKey, randomUUID, sign } from 'node:crypto';
import { ConfidentialClientApplication, CryptoProvider, PublicClientApplication } from '@azure/msal-node';

interface Order {
  flow: string;
  authority: string;
  knownAuthority: string;
  clientId: string;
  secret?: string;
  certificate?: string;
  key?: string;
  user: string;
}

const order = JSON.parse(process.argv[2] ?? '{}') as Order;
const appScope = ['https://outlook.office365.com/.default'];
const personScopes = [
  'https://outlook.office.com/IMAP.AccessAsUser.All',
  'https://outlook.office.com/SMTP.Send',
  'offline_access',
];
const auth = { clientId: order.clientId, authority: order.authority, knownAuthorities: [order.knownAuthority] };

function federatedAssertion(): string {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const seconds = Math.floor(Date.now() / 1000);
  const body = `${encode({ alg: 'RS256', typ: 'JWT' })}.${encode({ iss: 'https://issuer.example', sub: 'workload', aud: 'api://AzureADTokenExchange', jti: randomUUID(), iat: seconds, exp: seconds + 300 })}`;
  return `${body}.${sign('sha256', Buffer.from(body), createPrivateKey(order.key ?? '')).toString('base64url')}`;
}

const thumbprint = () =>
  createHash('sha256')
    .update(Buffer.from((order.certificate ?? '').replace(/-----[^-]+-----|\s/g, ''), 'base64'))
    .digest('hex');

const flows: Record<string, () => Promise<unknown>> = {
  async secret() {
    const client = new ConfidentialClientApplication({ auth: { ...auth, clientSecret: order.secret ?? '' } });
    const first = await client.acquireTokenByClientCredential({ scopes: appScope });
    const second = await client.acquireTokenByClientCredential({ scopes: appScope });
    return { token: first?.accessToken, cached: second?.fromCache };
  },
  async certificate() {
    const client = new ConfidentialClientApplication({
      auth: {
        ...auth,
        clientCertificate: {
          thumbprintSha256: thumbprint(),
          privateKey: order.key ?? '',
          x5c: order.certificate ?? '',
        },
      },
    });
    return { token: (await client.acquireTokenByClientCredential({ scopes: appScope }))?.accessToken };
  },
  async federated() {
    const client = new ConfidentialClientApplication({
      auth: { ...auth, clientAssertion: async () => federatedAssertion() },
    });
    return { token: (await client.acquireTokenByClientCredential({ scopes: appScope }))?.accessToken };
  },
  async device() {
    const client = new PublicClientApplication({ auth });
    let code = '';
    const result = await client.acquireTokenByDeviceCode({
      scopes: personScopes,
      deviceCodeCallback(response) {
        code = response.userCode;
        // The person: enters the code at the verification page.
        void fetch(response.verificationUri, {
          method: 'POST',
          body: new URLSearchParams({ user_code: code, person: order.user }),
        });
      },
    });
    return { token: result?.accessToken, account: result?.account?.username, code };
  },
  async code() {
    const client = new ConfidentialClientApplication({ auth: { ...auth, clientSecret: order.secret ?? '' } });
    const { verifier, challenge } = await new CryptoProvider().generatePkceCodes();
    const redirectUri = 'http://localhost:9/signed-in';
    const url = await client.getAuthCodeUrl({
      scopes: personScopes,
      redirectUri,
      codeChallenge: challenge,
      codeChallengeMethod: 'S256',
      loginHint: order.user,
      state: 'here',
      nonce: 'n',
    });
    const page = await (await fetch(url)).text();
    const form = new URLSearchParams(
      [...page.matchAll(/type="hidden" name="([^"]+)" value="([^"]*)"/g)].map((match): [string, string] => [
        match[1] ?? '',
        unescapeHtml(match[2] ?? ''),
      ]),
    );
    form.set('person', order.user);
    const answer = await fetch(/action="([^"]+)"/.exec(page)?.[1] ?? '', {
      method: 'POST',
      body: form,
      redirect: 'manual',
    });
    const back = new URL(answer.headers.get('location') ?? '');
    const code = back.searchParams.get('code') ?? '';
    const result = await client.acquireTokenByCode(
      { code, redirectUri, scopes: personScopes, codeVerifier: verifier, nonce: 'n' },
      { code, nonce: 'n' },
    );
    if (!result.account) throw new Error('no account');
    const renewed = await client.acquireTokenSilent({
      account: result.account,
      scopes: personScopes,
      forceRefresh: true,
    });
    return {
      token: result.accessToken,
      renewed: renewed.accessToken,
      state: back.searchParams.get('state'),
      account: result.account.username,
      title: /<h1>(.*?)<\/h1>/.exec(page)?.[1],
    };
  },
};

function unescapeHtml(text: string): string {
  return text.replace(/&#(\d+);/g, (_whole, number: string) => String.fromCharCode(Number(number)));
}

try {
  process.stdout.write(JSON.stringify(await flows[order.flow]?.()));
} catch (error) {
  const { name, errorCode, errorNo, errorMessage } = error as Record<string, unknown>;
  process.stdout.write(JSON.stringify({ error: { name, errorCode, errorNo, errorMessage } }));
}
