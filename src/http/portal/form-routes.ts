// The form of an email server: new, copied, edited, checked while it is typed, saved.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { MailroomError } from '../../domain/errors.ts';
import { RequestInvalid } from '../problem.ts';
import type { PortalDeps } from './deps.ts';
import { blank, definitionFrom } from './form.ts';
import { type FormState, formPage, warningTexts } from './form-page.ts';
import { formOf, LIST, needs, queryOf, seeOther, send, type Visits } from './visit.ts';
import { messageIn } from './words.ts';

type FormDeps = Pick<PortalDeps, 'servers' | 'preview' | 'applications' | 'signedIn'>;

export function addForm(portal: FastifyInstance, deps: FormDeps, visits: Visits): void {
  const { servers } = deps;

  async function stateOf(request: FastifyRequest, more: Partial<FormState>): Promise<FormState> {
    const definition = more.definition ?? blank('IMAP');
    const { existing } = more;
    const mayWrite = visits.may(request, 'email-servers:write');
    const delegated = definition.authenticationType === 'OAuth2' && definition.signIn === 'delegated';
    const signed = existing !== undefined && delegated ? await deps.signedIn(existing.name) : undefined;
    return {
      definition,
      readOnly: !mayWrite,
      hasPassword: false,
      problems: [],
      findings: [],
      blankLines: 1,
      applications: deps.applications(),
      stale: false,
      ...more,
      ...(existing !== undefined && delegated && mayWrite
        ? { consent: signed === undefined ? {} : { person: signed.person } }
        : {}),
    };
  }

  /** A form that was sent: saved, or shown again with what is wrong. */
  async function save(request: FastifyRequest, reply: FastifyReply) {
    const form = formOf(request);
    const name = form.get('_existing') ?? undefined;
    const revision = form.get('_revision') ?? '';
    const view = name === undefined ? undefined : await servers.get(name);
    if (name !== undefined && view === undefined) throw new MailroomError('EMAIL_SERVER_NOT_FOUND');
    const action = form.get('_action') ?? 'save';
    const definition = definitionFrom(form, view?.definition);
    const again = async (more: Partial<FormState>, status: number) => {
      const preview = await deps.preview(definition, name);
      const state = await stateOf(request, {
        definition,
        hasPassword: view?.hasPassword ?? false,
        findings: preview.findings,
        ...(name === undefined ? {} : { existing: { name, revision } }),
        ...more,
      });
      return send(reply, formPage(visits.frame(request), state), status);
    };
    if (action === 'address') return again({ blankLines: 2 }, 200);
    if (action === 'preset') {
      const { host, port, tls, authenticationType } = blank(definition.serverType === 'SMTP' ? 'SMTP' : 'IMAP');
      return again({ definition: { ...definition, host, port, tls, authenticationType } }, 200);
    }
    try {
      if (name === undefined) await servers.create(definition, visits.who(request));
      else await servers.replace(name, revision, definition, visits.who(request));
    } catch (error) {
      if (error instanceof RequestInvalid) return again({ problems: error.problems }, 422);
      if (error instanceof MailroomError && error.code === 'EMAIL_SERVER_CHANGED') return again({ stale: true }, 412);
      throw error;
    }
    return seeOther(reply, `${LIST}?done=saved`);
  }

  portal.get(`${LIST}/new`, needs('email-servers:write'), async (request, reply) => {
    const { type, from } = queryOf(request);
    let definition = blank(type === 'SMTP' ? 'SMTP' : 'IMAP');
    if (from !== undefined) {
      const view = await servers.get(from);
      if (view === undefined) throw new MailroomError('EMAIL_SERVER_NOT_FOUND');
      definition = { ...view.definition, name: `${view.name} (2)`, enabled: false };
    }
    const application = deps.applications()[0];
    if (definition.application === undefined && application !== undefined) definition = { ...definition, application };
    const { findings } = await deps.preview(definition);
    return send(reply, formPage(visits.frame(request), await stateOf(request, { definition, findings })));
  });
  portal.post(`${LIST}/new`, needs('email-servers:write'), save);
  portal.get(`${LIST}/edit`, needs('email-servers:read'), async (request, reply) => {
    const view = await servers.get(queryOf(request).name ?? '');
    if (view === undefined) throw new MailroomError('EMAIL_SERVER_NOT_FOUND');
    const { revision } = view;
    const { findings } = view.valid ? await deps.preview(view.definition, view.name) : view;
    const state = await stateOf(request, {
      definition: view.definition,
      hasPassword: view.hasPassword,
      problems: view.problems,
      findings,
      ...(revision === undefined ? { readOnly: true } : { existing: { name: view.name, revision } }),
    });
    return send(reply, formPage(visits.frame(request), state));
  });
  portal.post(`${LIST}/edit`, needs('email-servers:write'), save);
  portal.post(`${LIST}/check`, needs('email-servers:write'), async (request, reply) => {
    const form = formOf(request);
    const name = form.get('_existing') ?? undefined;
    const view = name === undefined ? undefined : await servers.get(name);
    const { problems, findings } = await deps.preview(definitionFrom(form, view?.definition), name);
    const language = visits.language(request);
    return reply.send({
      problems: problems.map(({ field, message }) => ({ field, message: messageIn(language, message) })),
      warnings: warningTexts({ language }, findings),
    });
  });
}
