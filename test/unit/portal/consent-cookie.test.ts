// The cookie that ties a delegated sign-in to the browser which began it: from this host alone under https, and needed for the way back.
import formbody from '@fastify/formbody';
import Fastify from 'fastify';
import { describe, expect, it } from 'vitest';
import { addBrowserRules } from '../../../src/http/browser.ts';
import { requestContexts, routesOf } from '../../../src/http/portal/gate.ts';
import { addConsent } from '../../../src/http/portal/sign-in-page.ts';

const STATE = 's'.repeat(43);

async function portal(secure: boolean) {
  const completed: string[] = [];
  const app = Fastify();
  await addBrowserRules(app, secure);
  await app.register(formbody, { parser: (text) => ({ form: new URLSearchParams(text) }) });
  const provider = {
    beginSignIn: async () => ({ url: `https://login.example/authorize?state=${STATE}`, state: STATE }),
    completeSignIn: async ({ state }: { state: string }) => {
      completed.push(state);
      return { server: 'Support', person: 'kim@contoso.example' };
    },
  };
  addConsent(routesOf(app, requestContexts({ organisation: 'Contoso' })), provider, secure);
  const begun = await app.inject({
    method: 'POST',
    url: '/portal/email-servers/sign-in',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    payload: 'name=Support',
  });
  const back = (cookie: string | undefined) =>
    app.inject({
      method: 'GET',
      url: `/signin/callback?state=${STATE}&code=c`,
      ...(cookie === undefined ? {} : { headers: { cookie } }),
    });
  return { setCookie: String(begun.headers['set-cookie']), back, completed, close: () => app.close() };
}

describe('the state cookie of a delegated sign-in', () => {
  it('has under https the __Host- prefix and everything the prefix requires', async () => {
    const { setCookie, close } = await portal(true);
    expect(setCookie).toBe(`__Host-mailroom_signin=${STATE}; Max-Age=900; Path=/; HttpOnly; Secure; SameSite=Lax`);
    await close();
  });

  it('has no prefix on a development machine without https, where a browser would refuse it', async () => {
    const { setCookie, close } = await portal(false);
    expect(setCookie).toBe(`mailroom_signin=${STATE}; Max-Age=900; Path=/; HttpOnly; SameSite=Lax`);
    await close();
  });

  it.each([
    ['none', undefined],
    ['a cookie that a neighbouring host may have set', `mailroom_signin=${STATE}`],
    ['another state', `__Host-mailroom_signin=${'x'.repeat(43)}`],
  ])('refuses the return with %s', async (_, cookie) => {
    const { back, completed, close } = await portal(true);
    expect((await back(cookie)).statusCode).toBeGreaterThanOrEqual(400);
    expect(completed).toEqual([]);
    await close();
  });

  it('accepts the right return, and is removed', async () => {
    const { back, completed, close } = await portal(true);
    const answer = await back(`other=1; __Host-mailroom_signin=${STATE}`);
    expect(answer.statusCode).toBe(303);
    expect(String(answer.headers['set-cookie'])).toMatch(/^__Host-mailroom_signin=; Max-Age=0; Path=\/; .*Secure; /);
    expect(completed).toEqual([STATE]);
    await close();
  });
});
