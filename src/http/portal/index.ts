// The administrators' portal: server-rendered pages over the same functions as the API. Works without script; a session is a cookie, each
// form carries the session's token, and nothing is loaded from elsewhere.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { may, type Permission, permissions } from '../../domain/access.ts';
import { MailroomError } from '../../domain/errors.ts';
import { problemOf, RequestInvalid, statusOf, toMailroomError } from '../problem.ts';
import type { Access } from '../routes.ts';
import { script, styleSheet } from './assets.ts';
import type { PortalDeps, Session } from './deps.ts';
import { liveEvents } from './events.ts';
import { blank, definitionFrom } from './form.ts';
import { type FormState, formPage, warningTexts } from './form-page.ts';
import { type Frame, frameOf } from './layout.ts';
import { listPage } from './list-page.ts';
import { auditPage, deletePage, errorPage, leavePage, overviewPage, signInPage } from './pages.ts';
import { cookieOf, setCookie, signIns } from './sessions.ts';
import { messageIn } from './words.ts';

export type { Consequences, Overview, PortalDeps, Preview, Session, Sessions } from './deps.ts';

const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
const LIST = '/portal/email-servers';
const STATE_COOKIE = 'mailroom_signin';
/** Bytes of a form. */
const FORM_BYTES = 128 * 1024;
type Query = Record<string, string | undefined>;
const queryOf = (request: FastifyRequest): Query =>
  Object.fromEntries(
    Object.entries(request.query as Record<string, unknown>).filter(([, value]) => typeof value === 'string'),
  ) as Query;
const formOf = (request: FastifyRequest): URLSearchParams =>
  request.body instanceof URLSearchParams ? request.body : new URLSearchParams();

export function registerPortal(deps: PortalDeps): (app: FastifyInstance) => Promise<void> {
  const { servers, emit } = deps;
  const secure = deps.publicUrl.startsWith('https:');
  const known = new WeakMap<FastifyRequest, Session>();
  const signIn = signIns(deps);

  const languageOf = (request: FastifyRequest) => {
    const chosen = cookieOf(request, 'mailroom_lang');
    if (chosen === 'de' || chosen === 'en') return chosen;
    return /^\s*de\b/i.test(request.headers['accept-language'] ?? '') ? 'de' : 'en';
  };
  const frame = (request: FastifyRequest): Frame =>
    frameOf({
      language: languageOf(request),
      organisation: deps.organisation,
      session: known.get(request),
      // A page that answers a form has no address of its own to come back to.
      url: request.method === 'GET' ? request.url : LIST,
      now: Date.now(),
    });
  const send = (reply: FastifyReply, text: string, status = 200) =>
    reply.code(status).header('content-type', 'text/html; charset=utf-8').send(text);
  const seeOther = (reply: FastifyReply, url: string) => reply.code(303).header('location', url).send();

  const who = (request: FastifyRequest): string => known.get(request)?.name ?? '';
  const nameIn = (request: FastifyRequest): string =>
    (request.method === 'GET' ? queryOf(request).name : (formOf(request).get('name') ?? '')) ?? '';
  async function asked(request: FastifyRequest) {
    const view = await servers.get(nameIn(request));
    if (view === undefined) throw new MailroomError('EMAIL_SERVER_NOT_FOUND');
    return view;
  }

  /** @throws MailroomError PORTAL_FORM_FORGED */
  function checkForgery(request: FastifyRequest): void {
    const site = request.headers['sec-fetch-site'];
    const foreign = site !== undefined && site !== 'same-origin' && site !== 'none';
    const session = known.get(request);
    if (foreign || (session !== undefined && formOf(request).get('_csrf') !== session.csrf))
      throw new MailroomError('PORTAL_FORM_FORGED');
  }

  /** What a page needs; a route without it is not served (http/index.ts). */
  const needs = (access: Access) => ({ config: { access } });
  const mayDo = (request: FastifyRequest, permission: Permission): boolean => {
    const session = known.get(request);
    return session !== undefined && may(session.role, permission);
  };

  async function formState(request: FastifyRequest, more: Partial<FormState>): Promise<FormState> {
    const definition = more.definition ?? blank('IMAP');
    const { existing } = more;
    const delegated = definition.authenticationType === 'OAuth2' && definition.signIn === 'delegated';
    const signed = existing !== undefined && delegated ? await deps.signedIn(existing.name) : undefined;
    return {
      definition,
      readOnly: !mayDo(request, 'email-servers:write'),
      hasPassword: false,
      problems: [],
      findings: [],
      blankLines: 1,
      applications: deps.applications(),
      stale: false,
      ...more,
      ...(existing !== undefined && delegated && mayDo(request, 'email-servers:write')
        ? { consent: signed === undefined ? {} : { person: signed.person } }
        : {}),
    };
  }

  /** A form that was sent: saved, or shown again with what is wrong. */
  async function saveForm(request: FastifyRequest, reply: FastifyReply) {
    const form = formOf(request);
    const name = form.get('_existing') ?? undefined;
    const revision = form.get('_revision') ?? '';
    const view = name === undefined ? undefined : await servers.get(name);
    if (name !== undefined && view === undefined) throw new MailroomError('EMAIL_SERVER_NOT_FOUND');
    const action = form.get('_action') ?? 'save';
    const definition = definitionFrom(form, view?.definition);
    const again = async (more: Partial<FormState>, status: number) => {
      const preview = await deps.preview(definition, name);
      const state = await formState(request, {
        definition,
        hasPassword: view?.hasPassword ?? false,
        findings: preview.findings,
        ...(name === undefined ? {} : { existing: { name, revision } }),
        ...more,
      });
      return send(reply, formPage(frame(request), state), status);
    };
    if (action === 'address') return again({ blankLines: 2 }, 200);
    if (action === 'preset') {
      const { host, port, tls, authenticationType } = blank(definition.serverType === 'SMTP' ? 'SMTP' : 'IMAP');
      return again({ definition: { ...definition, host, port, tls, authenticationType } }, 200);
    }
    try {
      if (name === undefined) await servers.create(definition, who(request));
      else await servers.replace(name, revision, definition, who(request));
    } catch (error) {
      if (error instanceof RequestInvalid) return again({ problems: error.problems }, 422);
      if (error instanceof MailroomError && error.code === 'EMAIL_SERVER_CHANGED') return again({ stale: true }, 412);
      throw error;
    }
    return seeOther(reply, `${LIST}?done=saved`);
  }

  return async (app) => {
    await app.register(async (portal) => {
      portal.removeAllContentTypeParsers();
      portal.addContentTypeParser(
        'application/x-www-form-urlencoded',
        { parseAs: 'string', bodyLimit: FORM_BYTES },
        (_request, body, done) => done(null, new URLSearchParams(String(body))),
      );
      portal.addHook('onSend', async (_request, reply) => {
        reply
          .header('content-security-policy', POLICY)
          .header('referrer-policy', 'same-origin') // with no-referrer a browser hides where a form comes from
          .header('x-frame-options', 'DENY')
          .header('cross-origin-opener-policy', 'same-origin');
        if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store');
      });
      portal.setErrorHandler((thrown, request, reply) => {
        const error = toMailroomError(thrown);
        const status = statusOf(error);
        const kind = request.routeOptions.url ?? '';
        if (status >= 500) emit('ApiRequestFailed', { code: error.code, kind, err: error.cause ?? error });
        else emit('ApiRequestRefused', { code: error.code, kind });
        const { title, detail, hint } = problemOf(error, languageOf(request) === 'de');
        return send(
          reply,
          errorPage(frame(request), { code: error.code, message: status >= 500 ? title : detail, hint: hint ?? '' }),
          status,
        );
      });
      // Before the body is read: a stranger's bytes are not taken.
      portal.addHook('onRequest', async (request, reply) => {
        const session = await signIn.session(request);
        if (session !== undefined) known.set(request, session);
        const access = request.routeOptions.config.access ?? 'session';
        if (session === undefined && access !== 'open') {
          if (request.method === 'GET' && request.routeOptions.url !== '/portal/events')
            return seeOther(reply, '/portal/sign-in');
          throw new MailroomError('HTTP_UNAUTHENTICATED');
        }
        if (access !== 'open' && access !== 'session' && !mayDo(request, access))
          throw new MailroomError('HTTP_FORBIDDEN', {
            message: `Your role may not do this; it needs the role ${permissions[access].join(' or ')}.`,
            hint: 'Ask an administrator of Mailroom.',
          });
        // The choice of language is remembered, and leaves the address.
        const { lang } = queryOf(request);
        if (request.method === 'GET' && (lang === 'de' || lang === 'en')) {
          const url = new URL(request.url, 'http://portal');
          url.searchParams.delete('lang');
          setCookie(reply, 'mailroom_lang', lang, { secure, seconds: 31_536_000 });
          return seeOther(reply, `${url.pathname}${url.search}`);
        }
      });

      portal.addHook('preValidation', async (request) => {
        if (request.method === 'POST') checkForgery(request);
      });

      const asset = (path: string, type: string, text: string) =>
        portal.get(path, needs('open'), (_request, reply) =>
          reply
            .header('content-type', `${type}; charset=utf-8`)
            .header('cache-control', 'public, max-age=300')
            .send(text),
        );
      asset('/portal/assets/portal.css', 'text/css', styleSheet);
      asset('/portal/assets/portal.js', 'text/javascript', script);

      portal.get('/', needs('open'), (_request, reply) => seeOther(reply, '/portal'));
      portal.get('/portal', needs('email-servers:read'), async (request, reply) =>
        send(reply, overviewPage(frame(request), await deps.overview())),
      );
      const live = liveEvents(deps);
      portal.get('/portal/events', needs('email-servers:read'), live.handle);
      portal.addHook('preClose', async () => live.close());

      portal.get('/portal/sign-in', needs('open'), (request, reply) =>
        known.has(request) ? seeOther(reply, '/portal') : send(reply, signInPage(frame(request))),
      );
      portal.post('/portal/sign-in', needs('open'), async (request, reply) => {
        try {
          const id = await signIn.enter(request.ip, formOf(request).get('secret') ?? '');
          signIn.give(reply, id, secure);
        } catch (error) {
          if (!(error instanceof MailroomError)) throw error;
          emit('PortalSignInRefused', { code: error.code });
          const { detail, hint } = problemOf(error, languageOf(request) === 'de');
          return send(reply, signInPage(frame(request), { message: detail, hint: hint ?? '' }), statusOf(error));
        }
        return seeOther(reply, '/portal/email-servers');
      });
      portal.post('/portal/sign-out', needs('session'), async (request, reply) => {
        await signIn.leave(request, reply, secure);
        return seeOther(reply, '/portal/sign-in');
      });

      portal.get(LIST, needs('email-servers:read'), async (request, reply) => {
        const { search = '', show = '', done = '' } = queryOf(request);
        return send(reply, listPage(frame(request), await servers.list(), { search, show, done }));
      });
      portal.get(`${LIST}/new`, needs('email-servers:write'), async (request, reply) => {
        const { type, from } = queryOf(request);
        let definition = blank(type === 'SMTP' ? 'SMTP' : 'IMAP');
        if (from !== undefined) {
          const view = await servers.get(from);
          if (view === undefined) throw new MailroomError('EMAIL_SERVER_NOT_FOUND');
          definition = { ...view.definition, name: `${view.name} (2)`, enabled: false };
        }
        const application = deps.applications()[0];
        if (definition.application === undefined && application !== undefined)
          definition = { ...definition, application };
        const { findings } = await deps.preview(definition);
        return send(reply, formPage(frame(request), await formState(request, { definition, findings })));
      });
      portal.post(`${LIST}/new`, needs('email-servers:write'), async (request, reply) => {
        return saveForm(request, reply);
      });
      portal.get(`${LIST}/edit`, needs('email-servers:read'), async (request, reply) => {
        const view = await asked(request);
        const { revision } = view;
        const { findings } = view.valid ? await deps.preview(view.definition, view.name) : view;
        const state = await formState(request, {
          definition: view.definition,
          hasPassword: view.hasPassword,
          problems: view.problems,
          findings,
          ...(revision === undefined ? { readOnly: true } : { existing: { name: view.name, revision } }),
        });
        return send(reply, formPage(frame(request), state));
      });
      portal.post(`${LIST}/edit`, needs('email-servers:write'), async (request, reply) => {
        return saveForm(request, reply);
      });
      portal.post(`${LIST}/check`, needs('email-servers:write'), async (request, reply) => {
        const form = formOf(request);
        const name = form.get('_existing') ?? undefined;
        const view = name === undefined ? undefined : await servers.get(name);
        const { problems, findings } = await deps.preview(definitionFrom(form, view?.definition), name);
        const language = languageOf(request);
        return reply.send({
          problems: problems.map(({ field, message }) => ({ field, message: messageIn(language, message) })),
          warnings: warningTexts({ language }, findings),
        });
      });
      for (const enabled of [true, false]) {
        portal.post(
          `${LIST}/${enabled ? 'enable' : 'disable'}`,
          needs('email-servers:write'),
          async (request, reply) => {
            const form = formOf(request);
            await servers.setEnabled(form.get('name') ?? '', form.get('revision') ?? '', enabled, who(request));
            return seeOther(reply, `${LIST}?done=saved`);
          },
        );
      }
      portal.get(`${LIST}/delete`, needs('email-servers:write'), async (request, reply) => {
        const view = await asked(request);
        if (!view.editable) throw new MailroomError('EMAIL_SERVER_READ_ONLY');
        return send(reply, deletePage(frame(request), view, await deps.consequences(view.name)));
      });
      portal.post(`${LIST}/delete`, needs('email-servers:write'), async (request, reply) => {
        const form = formOf(request);
        await servers.remove(form.get('name') ?? '', form.get('revision') ?? '', who(request));
        return seeOther(reply, `${LIST}?done=deleted`);
      });
      portal.post(`${LIST}/sign-in`, needs('email-servers:write'), async (request, reply) => {
        const { url, state } = await deps.beginSignIn(nameIn(request));
        setCookie(reply, STATE_COOKIE, state, { secure, seconds: 900 });
        return send(reply, leavePage(frame(request), url));
      });
      portal.get('/signin/callback', needs('email-servers:write'), async (request, reply) => {
        const { state = '', code, error, error_description } = queryOf(request);
        // The sign-in must have begun in this very browser.
        if (state === '' || cookieOf(request, STATE_COOKIE) !== state) throw new MailroomError('OAUTH_STATE_INVALID');
        setCookie(reply, STATE_COOKIE, '', { secure, seconds: 0 });
        await deps.completeSignIn({
          state,
          ...(code === undefined ? {} : { code }),
          ...(error === undefined ? {} : { error }),
          ...(error_description === undefined ? {} : { error_description }),
        });
        return seeOther(reply, `${LIST}?done=signedInDone`);
      });
      portal.get('/portal/audit', needs('audit:read'), async (request, reply) => {
        return send(reply, auditPage(frame(request), await servers.audit(200)));
      });
    });
  };
}
