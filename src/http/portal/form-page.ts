// The routes of an email server's form: new, copied, edited, checked while it is typed, tested, saved. form-view.ts draws it.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { wrong } from '../../domain/definition-problem.ts';
import { MailroomError } from '../../domain/errors.ts';
import type { Definition, EmailServerView } from '../api/email-servers.ts';
import { RequestInvalid } from '../problem.ts';
import { conflictOf, mergedWith } from './conflict.ts';
import type { PortalDeps } from './deps.ts';
import { findingItem } from './findings.ts';
import { blank, definitionFrom, NEW_FLOW } from './form.ts';
import { type FormState, formPage, problemNote } from './form-view.ts';
import { formOf, keeps, LIST, needs, queryOf, type RequestContext, seeOther, send, shownError } from './gate.ts';
import { doneUrl, frameOf, type ShownError } from './layout.ts';
import { allSteps, sendLines, wantsLines } from './test-page.ts';
import type { Language } from './words.ts';
import { problemIn } from './words-said.ts';

type FormDeps = Pick<PortalDeps, 'servers' | 'operations' | 'preview' | 'applications' | 'signedIn'>;

/** Names that differ by these are the same to a person. */
const foldFlow = (flow: string) =>
  flow
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/[\s_.-]+/g, '');

/** A form that was sent. */
interface Sent {
  form: URLSearchParams;
  definition: Definition;
  /** The stored server that is edited, and its revision when the form was opened. */
  name: string | undefined;
  revision: string;
  view: EmailServerView | undefined;
}

export function addForm(portal: FastifyInstance, deps: FormDeps, requestContext: RequestContext): void {
  const { servers, operations } = deps;

  async function stateOf(request: FastifyRequest, more: Partial<FormState>): Promise<FormState> {
    const definition = more.definition ?? blank('IMAP');
    const { existing } = more;
    const mayWrite = requestContext.may(request, 'email-servers:write');
    const delegated = definition.authenticationType === 'OAuth2' && definition.signIn === 'delegated';
    const signed = existing !== undefined && delegated ? await deps.signedIn(existing.name) : undefined;
    return {
      definition,
      readOnly: !mayWrite,
      fromFile: false,
      hasPassword: false,
      problems: [],
      findings: [],
      blankLines: 1,
      applications: deps.applications(),
      flows: operations.flowNames(),
      asked: 'save',
      ...more,
      ...(existing !== undefined && delegated && mayWrite
        ? { consent: signed === undefined ? {} : { person: signed.person } }
        : {}),
    };
  }

  async function sentWith(request: FastifyRequest): Promise<Sent> {
    const form = formOf(request);
    const name = form.get('_existing') ?? undefined;
    const view = name === undefined ? undefined : await servers.get(name);
    if (name !== undefined && view === undefined) throw new MailroomError('EMAIL_SERVER_NOT_FOUND');
    const definition = definitionFrom(form, view?.definition);
    return { form, definition, name, revision: form.get('_revision') ?? '', view };
  }

  /** The form once more, with what was entered. */
  async function again(
    request: FastifyRequest,
    sent: Sent,
    more: Partial<FormState>,
    language?: Language,
  ): Promise<string> {
    const { definition, name, revision, view } = sent;
    const { findings } = await deps.preview(more.definition ?? definition, name);
    const existing = name === undefined ? {} : { existing: { name, revision }, live: view?.live.state };
    const known = { definition, hasPassword: view?.hasPassword ?? false, findings, ...existing };
    const frame = requestContext.frame(request);
    return formPage(
      language === undefined ? frame : frameOf({ ...frame, language }),
      await stateOf(request, { ...known, ...more }),
    );
  }

  async function foldersOf(
    request: FastifyRequest,
    { definition, name }: Sent,
  ): Promise<readonly string[] | ShownError> {
    try {
      return await operations.folders(definition, name);
    } catch (error) {
      if (error instanceof MailroomError) return shownError(error, requestContext.language(request));
      throw error;
    }
  }

  /** Who changed it meanwhile, and what of it both have; the next save is meant against what is stored now. */
  async function conflicting(request: FastifyRequest, sent: Sent): Promise<string> {
    const { name = '', revision, definition, view } = sent;
    const [changes, { definition: mine, problems }] = await Promise.all([
      servers.changesSince(name, revision),
      deps.preview(definition, name),
    ]);
    const conflict = conflictOf(mine, view?.definition ?? {}, changes);
    const now = problems.length > 0 ? revision : (view?.revision ?? revision);
    // A password is never sent back: what was entered is asked for once more.
    const entered = (sent.form.get('password') ?? '') !== '' && problems.length === 0;
    const asked = entered ? [{ field: 'password', ...wrong('passwordAgain') }] : problems;
    return again(request, { ...sent, revision: now }, { conflict, problems: asked });
  }

  /** @throws RequestInvalid for a new name that is a known one spelt in another way */
  function refuseAlmostKnown(form: URLSearchParams): void {
    if (form.get('serverType') === 'SMTP' || form.get('emailFlow') !== NEW_FLOW) return;
    const wanted = (form.get('emailFlowNew') ?? '').trim().normalize('NFC');
    const near = operations.flowNames().find((flow) => flow !== wanted && foldFlow(flow) === foldFlow(wanted));
    if (near !== undefined) throw new RequestInvalid([{ field: 'emailFlow', ...wrong('flowExists', { flow: near }) }]);
  }

  /** Buttons of the form that neither save nor test. */
  async function rearrange(request: FastifyRequest, sent: Sent, action: string): Promise<string> {
    const { definition } = sent;
    const [, line] = /^remove:(\d{1,4})$/.exec(action) ?? [];
    if (line !== undefined) {
      const lines = sent.form.getAll('additionalEmailFromAddresses').filter((_, index) => index !== Number(line));
      const additionalEmailFromAddresses = lines.filter((one) => one.trim() !== '');
      return again(request, sent, { definition: { ...definition, additionalEmailFromAddresses } });
    }
    if (action === 'address') return again(request, sent, { blankLines: 2 });
    if (action === 'folders') return again(request, sent, { folders: await foldersOf(request, sent) });
    if (action === 'resume') return again(request, sent, { kept: true });
    const { host, port, tls, authenticationType } = blank(definition.serverType === 'SMTP' ? 'SMTP' : 'IMAP');
    return again(request, sent, { definition: { ...definition, host, port, tls, authenticationType } });
  }

  async function test(request: FastifyRequest, reply: FastifyReply, sent: Sent) {
    const { definition, name, form } = sent;
    const sendProbe = form.get('_sendProbe') === 'true' && definition.serverType === 'SMTP';
    try {
      const steps = await operations.testDefinition(definition, name, { sendProbe });
      const type = definition.serverType === 'SMTP' ? 'SMTP' : 'IMAP';
      if (wantsLines(request)) return sendLines(reply, requestContext.frame(request), type, steps);
      return send(reply, await again(request, sent, { tested: { all: await allSteps(steps), sendProbe } }));
    } catch (error) {
      if (!(error instanceof RequestInvalid)) throw error;
      if (!wantsLines(request))
        return send(reply, await again(request, sent, { problems: error.problems, asked: 'test' }), 422);
      const frame = requestContext.frame(request);
      reply.code(422).header('content-type', 'application/x-ndjson; charset=utf-8');
      return reply.send(`${JSON.stringify({ next: '', summary: problemNote(frame, error.problems, 'test').text })}\n`);
    }
  }

  async function submitted(request: FastifyRequest, reply: FastifyReply) {
    const sent = await sentWith(request);
    const { name, revision } = sent;
    const action = sent.form.get('_action') ?? 'save';
    if (action === 'test') return test(request, reply, sent);
    const [, language] = /^language:(en|de)$/.exec(action) ?? [];
    if (language !== undefined) {
      requestContext.remember(reply, language as Language);
      return send(reply, await again(request, sent, {}, language as Language));
    }
    if (action !== 'save' && action !== 'merge') return send(reply, await rearrange(request, sent, action));
    const definition =
      action === 'merge' ? mergedWith(sent.definition, sent.form, sent.view?.definition ?? {}) : sent.definition;
    try {
      refuseAlmostKnown(sent.form);
      const by = requestContext.who(request);
      const saved =
        name === undefined
          ? await servers.create(definition, by)
          : await servers.replace(name, revision, definition, by);
      return seeOther(reply, doneUrl(requestContext.session(request), LIST, 'saved', saved.name));
    } catch (error) {
      if (error instanceof RequestInvalid)
        // With what was chosen of theirs, which the next save would undo else.
        return send(reply, await again(request, { ...sent, definition }, { problems: error.problems }), 422);
      if (error instanceof MailroomError && error.code === 'EMAIL_SERVER_CHANGED')
        return send(reply, await conflicting(request, { ...sent, view: await servers.get(name ?? '') }), 412);
      throw error;
    }
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
    return send(reply, formPage(requestContext.frame(request), await stateOf(request, { definition, findings })));
  });
  portal.post(`${LIST}/new`, keeps('email-servers:write'), submitted);
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
      live: view.live.state,
      asked: 'look',
      ...(revision === undefined
        ? { readOnly: true, fromFile: view.source === 'file' }
        : { existing: { name: view.name, revision } }),
    });
    return send(reply, formPage(requestContext.frame(request), state));
  });
  portal.post(`${LIST}/edit`, keeps('email-servers:write'), submitted);
  portal.post(`${LIST}/check`, needs('email-servers:write'), async (request, reply) => {
    const { definition, name } = await sentWith(request);
    const { problems, findings } = await deps.preview(definition, name);
    const language = requestContext.language(request);
    return reply.send({
      problems: problems.map((problem) => ({ field: problem.field, message: problemIn(language, problem) })),
      warnings: findings.map((finding) => findingItem({ language }, finding).text).join(''),
    });
  });
}
