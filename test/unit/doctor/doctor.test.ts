// The doctor's pure parts: which failure skips which step, what a token's claims mean, and that every fix can be filled in.
import { describe, expect, it } from 'vitest';
import { type FixNames, fixOf } from '../../../src/doctor/fixes.ts';
import { classifyToken, readToken } from '../../../src/domain/access-token.ts';
import { catalogue } from '../../../src/domain/catalogue/index.ts';
import { blockedBy, type Ended, passed, planOf, remoteWords, type StepName } from '../../../src/domain/doctor.ts';
import type { EmailServer, OAuthApplication } from '../../../src/domain/email-server.ts';
import type { ErrorCode } from '../../../src/domain/errors.ts';
import { imapServer, smtpServer } from '../../integration/oauth/servers.ts';

const application = (extra: Partial<OAuthApplication> = {}): OAuthApplication => ({
  name: 'Contoso',
  tenant: 't',
  clientId: 'c',
  cloud: 'world',
  credentials: [],
  ...extra,
});
const jwt = (claims: object) => `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.x`;
const appToken = {
  aud: 'https://outlook.office365.com',
  roles: ['IMAP.AccessAsApp', 'SMTP.SendAsApp'],
  exp: 2_000_000_000,
};
const ALEX = 'alex@contoso.example';
const delegated = { signIn: 'delegated', signInUser: ALEX } as const;

describe('token', () => {
  const rows: [string, object, EmailServer, 'imap' | 'smtp', Partial<OAuthApplication>, string | undefined][] = [
    ['app-only, right', appToken, imapServer(), 'imap', {}, undefined],
    [
      'audience with a trailing slash',
      { ...appToken, aud: 'https://outlook.office.com/' },
      imapServer(),
      'imap',
      {},
      undefined,
    ],
    [
      'audience by id',
      { ...appToken, aud: '00000002-0000-0ff1-ce00-000000000000' },
      imapServer(),
      'imap',
      {},
      undefined,
    ],
    ['audience Graph', { ...appToken, aud: 'https://graph.microsoft.com' }, imapServer(), 'imap', {}, 'audience'],
    ['audience of the global cloud in China', appToken, imapServer(), 'imap', { cloud: 'china' }, 'audience'],
    ['China', { ...appToken, aud: 'https://partner.outlook.cn' }, imapServer(), 'imap', { cloud: 'china' }, undefined],
    ['no role', { ...appToken, roles: undefined }, imapServer(), 'imap', {}, 'permission'],
    ['only the role for SMTP', { ...appToken, roles: ['SMTP.SendAsApp'] }, imapServer(), 'imap', {}, 'permission'],
    [
      'delegated, right',
      { aud: appToken.aud, scp: 'IMAP.AccessAsUser.All', upn: 'Alex@Contoso.example' },
      imapServer(delegated),
      'imap',
      {},
      undefined,
    ],
    [
      'scope for the other protocol',
      { aud: appToken.aud, scp: 'IMAP.AccessAsUser.All', upn: ALEX },
      smtpServer(delegated),
      'smtp',
      {},
      'permission',
    ],
    [
      'somebody else',
      { aud: appToken.aud, scp: 'SMTP.Send', upn: 'maria@contoso.example' },
      smtpServer(delegated),
      'smtp',
      {},
      'identity',
    ],
    [
      'generic OAuth2 is not checked',
      { aud: 'x' },
      imapServer(),
      'imap',
      { generic: { tokenUrl: 'https://x.example', scopes: ['m'] } },
      undefined,
    ],
  ];
  it.each(rows)('%s', (_name, claims, server, protocol, extra, wrong) => {
    const read = readToken(jwt(claims));
    expect(read && classifyToken(read, server, application(extra), protocol)).toBe(wrong);
  });

  it('does not read opaque tokens', () => {
    expect(readToken('ya29.opaque')).toBeUndefined();
    expect(readToken('')).toBeUndefined();
  });

  it('reads expiry, tenant and person', () => {
    expect(readToken(jwt({ aud: 'a', exp: 2_000_000_000, tid: 't', preferred_username: ALEX }))).toEqual({
      audience: 'a',
      permissions: [],
      person: ALEX,
      tenant: 't',
      expiresAt: new Date(2_000_000_000_000),
    });
  });
});

describe('steps', () => {
  it('skips what needs a failed step, at any distance, and nothing else', () => {
    const skippedAfter = (failed: StepName) => {
      const ended = new Map<StepName, Ended>();
      return planOf({ type: 'IMAP' }).filter((step) => {
        const blocked = blockedBy(step, ended) !== undefined;
        ended.set(step, blocked ? 'blocked' : step === failed ? 'failed' : 'ok');
        return blocked;
      });
    };
    const signIn = ['imapSignIn', 'imapCapabilities', 'fullAccess', 'folder', 'afterQueuedFolder', 'idle'];
    expect(skippedAfter('dns')).toEqual(['tcp', 'tls', ...signIn, 'pop3']);
    expect(skippedAfter('token')).toEqual(signIn);
    expect(skippedAfter('fullAccess')).toEqual(['folder', 'afterQueuedFolder', 'idle']);
    expect(skippedAfter('folder')).toEqual(['idle']);
    expect(skippedAfter('pop3')).toEqual([]);
  });

  it('names the failed step in a skipped one, not another skipped step', () => {
    const ended = new Map<StepName, Ended>([
      ['token', 'failed'],
      ['imapSignIn', 'blocked'],
      ['fullAccess', 'blocked'],
    ]);
    expect(blockedBy('folder', ended)).toBe('token');
  });

  it.each([
    [{ system: 'smtp', code: '535', text: '535 5.7.3 no' }, '535 5.7.3 no'],
    [{ system: 'imap', code: 'NO', text: 'no' }, 'NO no'],
    [{ system: 'oauth', code: 'AADSTS1', text: 'AADSTS1: no' }, 'AADSTS1: no'],
    [
      { system: 'network', code: 'ECONNREFUSED', text: 'connect ECONNREFUSED 127.0.0.1:1' },
      'connect ECONNREFUSED 127.0.0.1:1',
    ],
    [{ system: 'network', code: 'ETIMEDOUT' }, undefined],
    [undefined, undefined],
  ] as const)('shows %j with its code once', (remote, shown) => expect(remoteWords(remote)).toBe(shown));

  it('skips nothing because of a step that does not apply', () => {
    expect(blockedBy('imapSignIn', new Map([['token', 'skipped']]))).toBeUndefined();
  });

  it('does not fail the check by a step that only informs', () => {
    const step = { server: 's', step: 'pop3', state: 'failed', informational: true, ms: 1 } as const;
    expect(passed([step])).toBe(true);
    expect(passed([{ ...step, informational: false }])).toBe(false);
  });
});

describe('fixes', () => {
  const names: Omit<FixNames, 'signIn'> = {
    provider: 'microsoft',
    server: 'Support in',
    host: 'outlook.office365.com',
    port: 993,
    user: 'support@contoso.example',
    person: ALEX,
    from: 'sales@contoso.example',
    folder: 'Inbox',
    application: 'Contoso',
    clientId: 'c',
    tenant: 't',
    consentUrl: 'https://consent.example',
    permission: 'IMAP.AccessAsApp',
  };
  const everywhere = (['microsoft', 'google', 'other'] as const).flatMap((provider) =>
    (['appOnly', 'delegated', 'password', 'none'] as const).map((signIn) => [provider, signIn] as const),
  );
  it.each(everywhere)('exist for every code without open placeholders, %s %s', (provider, signIn) => {
    for (const code of Object.keys(catalogue) as ErrorCode[]) {
      const fix = fixOf(code, { ...names, provider, signIn });
      for (const text of [fix.en, fix.de]) {
        expect(text.length, code).toBeGreaterThan(8);
        expect(text, code).not.toMatch(
          /\{(server|host|port|user|person|from|folder|application|clientId|tenant|consentUrl|permission)\}/,
        );
      }
    }
  });

  it.each(['password', 'none'] as const)('name no Microsoft tool for another provider’s host, %s', (signIn) => {
    const ofIt = (Object.keys(catalogue) as ErrorCode[]).filter((code) => /^(IMAP|CHECK)_/.test(code));
    for (const code of ofIt.filter((one) => !/^CHECK_(TOKEN|DELEGATED)/.test(one)))
      for (const text of Object.values(fixOf(code, { ...names, host: 'mail.example.com', provider: 'other', signIn })))
        expect(text, code).not.toMatch(/Exchange Online|Entra|Microsoft 365|(Set|Add|New|Get)-[A-Z]\w+|Gmail/);
  });

  it.each(['IMAP_AUTH_FAILED', 'IMAP_NOT_CONNECTED', 'SMTP_AUTH_FAILED'] as const)(
    '%s names the service principal by the id in the token, or where to find it when there was none',
    (code) => {
      const told = fixOf(code, { ...names, signIn: 'appOnly', objectId: 'e1d0' });
      for (const text of [told.en, told.de]) {
        expect(text).toMatch(/(-ObjectId|-User) e1d0\b/);
        expect(text).not.toMatch(/<|Object ID|Objekt-ID/);
      }
      const unknown = fixOf(code, { ...names, signIn: 'appOnly', objectId: undefined });
      expect(unknown.en).toContain(
        '<Object ID from Entra admin center > Enterprise applications > Contoso > Overview;',
      );
      expect(unknown.de).toContain(
        '<Objekt-ID aus Entra Admin Center > Unternehmensanwendungen > Contoso > Übersicht;',
      );
    },
  );
});
