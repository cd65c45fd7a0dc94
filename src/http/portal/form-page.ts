// The routes of an email server's form: new, copied, edited, checked while it is typed, tested, saved. form-view.ts draws it.
import { wrong } from '../../domain/definition-problem.ts';
import { MailroomError } from '../../domain/errors.ts';
import type { Definition, EmailServerView } from '../api/email-servers.ts';
import { RequestInvalid } from '../problem.ts';
import { conflictOf, mergedWith } from './conflict.ts';
import type { PortalDeps } from './deps.ts';
import { fewNotes } from './findings.ts';
import { addressesIn, blank, definitionFrom, fieldOf, NEW_FLOW } from './form.ts';
import { type FormState, formPage, problemNote } from './form-view.ts';
import { LIST, type RequestContext, type Routes, send, serverNamed, shownError } from './gate.ts';
import { type Frame, mayChange, type ShownError } from './layout.ts';
import { sendLines, wantsLines } from './test-page.ts';
import { problemIn } from './words-said.ts';

type FormDeps = Pick<PortalDeps, 'servers' | 'operations' | 'preview' | 'applications' | 'signedIn'>;

/** A form that was sent. */
interface Sent {
  context: RequestContext;
  definition: Definition;
  /** The stored server that is edited, and its revision when the form was opened. */
  name: string | undefined;
  revision: string;
  view: EmailServerView | undefined;
}

/** Puts the form together: with what was entered, and what the gateway knows about it. */
function formPages(deps: FormDeps) {
  const { operations } = deps;

  /** The form of `more.definition`; what is not given is as in a new, valid form. */
  async function show(frame: Frame, more: Partial<FormState> & Pick<FormState, 'definition'>): Promise<string> {
    const { definition, existing } = more;
    const mayWrite = mayChange(frame);
    const isDelegated = definition.authenticationType === 'OAuth2' && definition.signIn === 'delegated';
    const signedIn = existing !== undefined && isDelegated ? await deps.signedIn(existing.name) : undefined;
    const person = signedIn === undefined ? {} : { person: signedIn.person };
    return formPage(frame, {
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
      ...(existing !== undefined && isDelegated && mayWrite ? { consent: person } : {}),
    });
  }

  /** The form once more, with what was entered. */
  async function again(sent: Sent, more: Partial<FormState> = {}, frame = sent.context.frame): Promise<string> {
    const { name, revision, view } = sent;
    const definition = more.definition ?? sent.definition;
    const { findings } = await deps.preview(definition, name);
    const existing = name === undefined ? {} : { existing: { name, revision }, live: view?.live.state };
    const known = { hasPassword: view?.hasPassword ?? false, findings, ...existing };
    return show(frame, { ...known, ...more, definition });
  }

  async function foldersOf({ context, definition, name }: Sent): Promise<readonly string[] | ShownError> {
    try {
      return await operations.folders(definition, name);
    } catch (error) {
      if (error instanceof MailroomError) return shownError(error, context.frame.language);
      throw error;
    }
  }

  /** Buttons of the form that neither save nor test. */
  async function rearrange(sent: Sent, action: string): Promise<string> {
    const { definition, context } = sent;
    const [, line] = /^remove:(\d{1,4})$/.exec(action) ?? [];
    if (line !== undefined) {
      const lines = context.form.getAll('additionalEmailFromAddresses').filter((_, index) => index !== Number(line));
      const additionalEmailFromAddresses = lines.filter((one) => one.trim() !== '');
      return again(sent, { definition: { ...definition, additionalEmailFromAddresses } });
    }
    if (action === 'address') return again(sent, { blankLines: 2 });
    if (action === 'folders') return again(sent, { folders: await foldersOf(sent) });
    if (action === 'resume') return again(sent, { kept: true });
    const { host, port, tls, authenticationType } = blank(typeOf(definition));
    return again(sent, { definition: { ...definition, host, port, tls, authenticationType } });
  }

  return { show, again, rearrange };
}

type FormPages = ReturnType<typeof formPages>;

const typeOf = ({ serverType }: Definition): 'IMAP' | 'SMTP' => (serverType === 'SMTP' ? 'SMTP' : 'IMAP');

/** Names that differ by these are the same to a person. */
const foldFlow = (flow: string) =>
  flow
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/[\s\p{Cf}_.-]+/gu, '');

/** Saves what was entered, or shows the form with what is wrong or was changed meanwhile. */
function saving({ servers, operations, preview }: FormDeps, { again }: FormPages) {
  /** @throws RequestInvalid for a new name that is a known one with another spelling */
  function refuseAlmostKnown(form: URLSearchParams): void {
    if (form.get('serverType') === 'SMTP' || form.get('emailFlow') !== NEW_FLOW) return;
    const wanted = (form.get('emailFlowNew') ?? '').trim().normalize('NFC');
    const near = operations.flowNames().find((flow) => flow !== wanted && foldFlow(flow) === foldFlow(wanted));
    if (near !== undefined) throw new RequestInvalid([{ field: 'emailFlow', ...wrong('flowExists', { flow: near }) }]);
  }

  /** Who changed it meanwhile, and which fields both have changed; the next save refers to what is stored now. */
  async function conflicting(sent: Sent): Promise<string> {
    const { name = '', revision, definition, context } = sent;
    const view = await servers.get(name);
    const [changes, { definition: mine, problems }] = await Promise.all([
      servers.changesSince(name, revision),
      preview(definition, name),
    ]);
    const conflict = conflictOf(mine, view?.definition ?? {}, changes);
    const now = problems.length > 0 ? revision : (view?.revision ?? revision);
    // A password is never sent back, so it has to be entered again.
    const isEntered = (context.form.get('password') ?? '') !== '' && problems.length === 0;
    const asked = isEntered ? [{ field: 'password', ...wrong('passwordAgain') }] : problems;
    return again({ ...sent, view, revision: now }, { conflict, problems: asked });
  }

  return async (sent: Sent, isMerge: boolean) => {
    const { name, revision } = sent;
    const { reply, form, by, done } = sent.context;
    const definition = isMerge ? mergedWith(sent.definition, form, sent.view?.definition ?? {}) : sent.definition;
    try {
      refuseAlmostKnown(form);
      const saved = await (name === undefined
        ? servers.create(definition, by)
        : servers.replace(name, revision, definition, by));
      return done(LIST, 'saved', saved.name);
    } catch (error) {
      // With the stored values that were chosen, which the next save would otherwise undo.
      if (error instanceof RequestInvalid)
        return send(reply, await again({ ...sent, definition }, { problems: error.problems }), 422);
      if (error instanceof MailroomError && error.code === 'EMAIL_SERVER_CHANGED')
        return send(reply, await conflicting(sent), 412);
      throw error;
    }
  };
}

/** Tests what was entered, without saving it. */
function testing({ operations }: FormDeps, { again }: FormPages) {
  return async (sent: Sent) => {
    const { context, definition, name } = sent;
    const { reply, frame, form } = context;
    const type = typeOf(definition);
    const sendProbe = form.get('_sendProbe') === 'true' && type === 'SMTP';
    try {
      const steps = await operations.testDefinition(definition, name, { sendProbe });
      if (wantsLines(context)) return sendLines(context, type, steps);
      return again(sent, { tested: { all: await Array.fromAsync(steps), sendProbe } });
    } catch (error) {
      if (!(error instanceof RequestInvalid)) throw error;
      const { problems } = error;
      if (!wantsLines(context)) return send(reply, await again(sent, { problems, asked: 'test' }), 422);
      reply.code(422).header('content-type', 'application/x-ndjson; charset=utf-8');
      return reply.send(
        `${JSON.stringify({ next: '', summary: problemNote(frame, { definition, problems, asked: 'test' }).text })}\n`,
      );
    }
  };
}

export function addForm({ get, post }: Routes, deps: FormDeps): void {
  const { servers } = deps;
  const pages = formPages(deps);
  const save = saving(deps, pages);
  const test = testing(deps, pages);

  async function sentWith(context: RequestContext): Promise<Sent> {
    const { form } = context;
    const name = form.get('_existing') ?? undefined;
    const view = name === undefined ? undefined : await serverNamed(servers, name);
    const definition = definitionFrom(form, view?.definition);
    return { context, definition, name, revision: form.get('_revision') ?? '', view };
  }

  async function submitted(context: RequestContext) {
    const sent = await sentWith(context);
    const action = context.form.get('_action') ?? 'save';
    if (action === 'test') return test(sent);
    if (action === 'save' || action === 'merge') return save(sent, action === 'merge');
    const switched = context.switched(action);
    return switched === undefined ? pages.rearrange(sent, action) : pages.again(sent, {}, switched);
  }

  get(`${LIST}/new`, 'email-servers:write', async ({ frame, query: { type, from } }) => {
    let definition = blank(type === 'SMTP' ? 'SMTP' : 'IMAP');
    if (from !== undefined) {
      const view = await serverNamed(servers, from);
      definition = { ...view.definition, name: `${view.name} (2)`, enabled: false };
    }
    const application = deps.applications()[0];
    if (definition.application === undefined && application !== undefined) definition = { ...definition, application };
    const { findings } = await deps.preview(definition);
    return pages.show(frame, { definition, findings });
  });
  get(`${LIST}/edit`, 'email-servers:read', async ({ frame, query }) => {
    const view = await serverNamed(servers, query.name);
    const { definition, hasPassword, problems, revision } = view;
    const { findings } = view.valid ? await deps.preview(definition, view.name) : view;
    return pages.show(frame, {
      definition,
      hasPassword,
      problems,
      findings,
      live: view.live.state,
      asked: 'look',
      ...(revision === undefined
        ? { readOnly: true, fromFile: view.source === 'file' }
        : { existing: { name: view.name, revision } }),
    });
  });
  for (const page of ['new', 'edit']) post(`${LIST}/${page}`, { access: 'email-servers:write', keep: true }, submitted);
  post(`${LIST}/check`, 'email-servers:write', async (context) => {
    const { definition, name } = await sentWith(context);
    const { problems, findings } = await deps.preview(definition, name);
    const { form, frame, reply } = context;
    return reply.send({
      problems: problems.map((problem) => ({
        field: fieldOf(problem.field, definition),
        message: problemIn(frame.language, problem),
      })),
      // A line may hold several addresses, so its number is not that of the problem.
      lines: form.getAll('additionalEmailFromAddresses').map((line) => addressesIn(line).refused.length === 0),
      warnings: fewNotes(frame, findings).text,
    });
  });
}
