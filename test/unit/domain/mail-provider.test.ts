// Whose service a host belongs to, and which hint follows from it.
import { describe, expect, it } from 'vitest';
import { catalogue, type ErrorCode, hintFor } from '../../../src/domain/catalogue/index.ts';
import type { Authentication } from '../../../src/domain/email-server.ts';
import { type MailProvider, providerOf, providerOfHost } from '../../../src/domain/mail-provider.ts';

const hosts: [string, MailProvider][] = [
  ['outlook.office365.com', 'microsoft'],
  ['SMTP.Office365.com.', 'microsoft'],
  ['outlook.office365.us', 'microsoft'],
  ['outlook-dod.office365.us', 'microsoft'],
  ['partner.outlook.cn', 'microsoft'],
  ['smtp-mail.outlook.com', 'microsoft'],
  ['contoso-com.mail.protection.outlook.com', 'microsoft'],
  ['imap.gmail.com', 'google'],
  ['smtp-relay.gmail.com', 'google'],
  ['aspmx.l.google.com', 'google'],
  ['notoutlook.com', 'other'],
  ['outlook.com.example.net', 'other'],
  ['imap.example.com', 'other'],
  ['127.0.0.1', 'other'],
  ['', 'other'],
];

describe('the provider of a host', () => {
  it.each(hosts)('%s → %s', (host, provider) => {
    expect(providerOfHost(host)).toBe(provider);
  });

  const oauth: Authentication = { type: 'OAuth2', application: 'app', signIn: 'appOnly' };
  const password: Authentication = { type: 'Password', password: 'secret' };
  const generic = { generic: { tokenUrl: 'https://id.example.com/token', scopes: [] } };

  it.each([
    ['a proxy in front of Exchange Online', { host: 'mail.example.com', authentication: oauth }, {}, 'microsoft'],
    ['OAuth2 of another provider', { host: 'mail.example.com', authentication: oauth }, generic, 'other'],
    ['Gmail with OAuth2', { host: 'imap.gmail.com', authentication: oauth }, generic, 'google'],
    ['a password at a private host', { host: 'mail.example.com', authentication: password }, undefined, 'other'],
    ['a password at Microsoft', { host: 'smtp.office365.com', authentication: password }, undefined, 'microsoft'],
  ] as const)('%s', (_, server, application, provider) => {
    expect(providerOf(server, application)).toBe(provider);
  });
});

describe('hints by provider', () => {
  const codes = Object.keys(catalogue) as ErrorCode[];

  it('uses the provider’s own hint if it has one, otherwise the general one', () => {
    for (const code of codes) {
      expect(hintFor(code, 'other')).toBe(catalogue[code].hint);
      for (const provider of ['microsoft', 'google'] as const)
        expect(hintFor(code, provider)).toBe(catalogue[code].hintAt?.[provider] ?? catalogue[code].hint);
    }
  });
});
