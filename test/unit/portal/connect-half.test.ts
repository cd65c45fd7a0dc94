// The wizard when the second server cannot be made: it says what is there, and goes on without making anything twice.
import formbody from '@fastify/formbody';
import Fastify from 'fastify';
import { describe, expect, it } from 'vitest';
import { MailroomError } from '../../../src/domain/errors.ts';
import { addBrowserRules } from '../../../src/http/browser.ts';
import { addConnect } from '../../../src/http/portal/connect-page.ts';
import type { PortalDeps } from '../../../src/http/portal/deps.ts';
import { requestContexts, routesOf } from '../../../src/http/portal/gate.ts';

describe('a wizard that was left half-way', () => {
  it('reports this, and continues with what is missing', async () => {
    const made: string[] = [];
    let refuse = true;
    const app = Fastify();
    await addBrowserRules(app, false);
    await app.register(formbody, { parser: (text) => ({ form: new URLSearchParams(text) }) });
    const servers = {
      list: async () => made.map((name) => ({ name })),
      get: async (name: string) => (made.includes(name) ? { name } : undefined),
      async create(definition: { name: string; serverType: string }) {
        if (definition.serverType === 'SMTP' && refuse) throw new MailroomError('EMAIL_SERVER_CHANGED');
        made.push(definition.name);
      },
    };
    addConnect(routesOf(app, requestContexts({ organisation: 'Contoso' })), {
      servers: servers as unknown as PortalDeps['servers'],
      operations: { flowNames: () => [] } as unknown as PortalDeps['operations'],
      preview: async () => ({ problems: [], findings: [] }),
      applications: () => ['Contoso'],
      clientIdOf: () => undefined,
      publicUrl: 'https://mailroom.example',
    });
    const send = async (fields: Record<string, string>) =>
      app.inject({
        method: 'POST',
        url: '/portal/connect',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        payload: new URLSearchParams({
          ...{
            _step: 'review',
            _action: 'next',
            kind: 'microsoft',
            mailbox: 'support@contoso.example',
            emailFlow: 'Support',
          },
          ...fields,
        }).toString(),
      });
    const failed = await send({});
    expect(failed.statusCode).toBe(422);
    expect(failed.body).toContain('“support IMAP” was created, the SMTP server was not');
    expect(failed.body).toContain('Create the SMTP server');
    expect(made).toEqual(['support IMAP']);
    const half = /name="_half" value="([^"]*)"/.exec(failed.body)?.[1] ?? '';
    refuse = false;
    const done = await send({ _half: half });
    expect([done.statusCode, done.headers.location]).toEqual([
      303,
      '/portal/connect/servers?imap=support+IMAP&smtp=support+SMTP',
    ]);
    expect(made).toEqual(['support IMAP', 'support SMTP']);
    // Once more: both names are taken, and nothing is made.
    expect((await send({})).statusCode).toBe(422);
    expect(made).toHaveLength(2);
    await app.close();
  });
});
