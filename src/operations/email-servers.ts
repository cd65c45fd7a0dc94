// Email servers as the API and the portal read and change them: files and portal in one list, checked by the same rules as a file, stored by
// compare-and-set, with each change in the audit log.

import type { PortalServer, PortalServers } from '../adapters/redis/portal-servers.ts';
import { type Found, parseEmailServer } from '../config/email-servers.ts';
import type { Problem } from '../config/problem.ts';
import type { EmailServerWatch } from '../config/watch.ts';
import { mailboxId } from '../contract/names.ts';
import type { AuditLog } from '../domain/audit.ts';
import { wrong } from '../domain/definition-problem.ts';
import { type EmailServer, foldName, isImap, samePasswordTarget } from '../domain/email-server.ts';
import { MailroomError } from '../domain/errors.ts';
import type { Definition, EmailServersApi, EmailServerView } from '../http/api/email-servers.ts';
import { RequestInvalid } from '../http/problem.ts';
import { firstOf } from '../lib/streams.ts';
import type { Emit } from '../telemetry/events.ts';
import { changesBetween, definitionOf, withoutSecrets, withStoredProxy } from './email-server-definition.ts';

/** Number of entries of the change log that are searched for those of one server. */
const AUDIT_READ = 500;

interface EmailServersDeps {
  watch: EmailServerWatch;
  portal: PortalServers;
  audit: AuditLog;
  liveOf(server: EmailServer): Promise<EmailServerView['live']>;
  mayConnect(host: string): Promise<boolean>;
  emit: Emit;
}

interface Checked {
  server: EmailServer;
  definition: Record<string, unknown> & { name: string };
}

export interface EmailServerAdmin extends EmailServersApi {
  /** The checks of saving, without saving. @param existing name of the edited server @throws RequestInvalid */
  check(definition: Definition, existing?: string): Promise<Checked>;
}

export function createEmailServerAdmin(deps: EmailServersDeps): EmailServerAdmin {
  const { watch, portal, audit, emit } = deps;

  async function list(): Promise<EmailServerView[]> {
    const stored = new Map((await portal.list()).map((one) => [one.id, one]));
    const { servers, invalid } = watch.current();
    const findings = watch.findings();
    const shown = servers.filter(({ source, name }) => source === 'file' || stored.has(foldName(name)));
    const valid = shown.map(async (server): Promise<EmailServerView> => {
      // Definition and revision from a single read: another replica may be ahead of what this one has applied.
      const own = server.source === 'portal' ? stored.get(foldName(server.name)) : undefined;
      const definition = withoutSecrets(own?.definition ?? definitionOf(server));
      return {
        name: server.name,
        serverType: server.type,
        source: server.source,
        editable: own !== undefined,
        valid: true,
        enabled: definition.enabled === true,
        ...(own === undefined ? {} : { revision: own.revision }),
        definition,
        hasPassword: server.authentication.type === 'Password',
        problems: [],
        findings: findings
          .filter((finding) => finding.server === server.name)
          .map(({ server: _, ...finding }) => finding),
        live: await deps.liveOf(server),
      };
    });
    const unusable = invalid.map((one): EmailServerView => {
      const name = one.name ?? `#${one.index + 1}`;
      const own = one.source === 'portal' ? stored.get(foldName(name)) : undefined;
      const { password } = own?.definition ?? {};
      const definition = withoutSecrets(own?.definition ?? {});
      const type = String(definition.serverType ?? '');
      return {
        name,
        ...(type === 'IMAP' || type === 'SMTP' ? { serverType: type } : {}),
        source: one.source,
        editable: own !== undefined,
        valid: false,
        enabled: false,
        ...(own === undefined ? {} : { revision: own.revision }),
        definition,
        hasPassword: password !== undefined,
        problems: one.problems.map((problem) => ({
          ...problem,
          field: problem.field.replace(/^(portal|emailServers)\[\d+\]\.?/, ''),
        })),
        findings: [],
        live: { state: 'invalid' },
      };
    });
    const all = [...(await Promise.all(valid)), ...unusable];
    return all.sort((left, right) => left.name.localeCompare(right.name, 'en', { numeric: true }));
  }

  const get = async (name: string) => (await list()).find((view) => foldName(view.name) === foldName(name));

  async function check(given: Definition, existing?: PortalServer): Promise<Checked & { passwordChanged: boolean }> {
    const problems: Problem[] = [];
    const entered = typeof given.password === 'string' && given.password !== '';
    const { password, ...rest } = withStoredProxy(given, existing?.definition);
    const kept = existing?.definition.password;
    const wantsPassword =
      String(given.authenticationType ?? '')
        .trim()
        .toLowerCase() === 'password';
    const candidate = entered
      ? { ...rest, password }
      : kept !== undefined && wantsPassword
        ? { ...rest, password: kept }
        : rest;
    const found: Found = { definition: candidate, source: 'portal', at: '', index: 0, folder: '' };
    const server = parseEmailServer(found, {}, problems);
    if (server === undefined) throw invalid(problems);
    const definition: Checked['definition'] = definitionOf(server);
    if (server.authentication.type === 'Password') definition.password = server.authentication.password;
    if (existing !== undefined && foldName(existing.name) !== foldName(server.name))
      problems.push({ field: 'name', ...wrong('nameFixed') });
    if (wantsPassword && !entered && !samePasswordTarget(existing?.definition, definition))
      problems.push({ field: 'password', ...wrong('passwordAgain') });
    const others = watch.current();
    const isOther = ({ name }: { name?: string }) => foldName(name ?? '') !== foldName(existing?.name ?? '');
    if (
      [...others.servers, ...others.invalid]
        .filter(isOther)
        .some(({ name }) => foldName(name ?? '') === foldName(server.name))
    )
      problems.push({ field: 'name', ...wrong('nameTaken', { by: 'another email server' }) });
    if (isImap(server) && server.enabled) {
      const id = mailboxId(server);
      const watcher = others.servers.find(
        (other) => isOther(other) && isImap(other) && other.enabled && mailboxId(other) === id,
      );
      if (watcher) problems.push({ field: 'user', ...wrong('mailboxTaken', { server: watcher.name }) });
    }
    const proxyHost = server.proxy === undefined ? undefined : new URL(server.proxy).hostname;
    for (const [field, host] of [
      ['host', server.host],
      ['proxy', proxyHost],
    ] as const)
      if (host !== undefined && !(await deps.mayConnect(host))) problems.push({ field, ...wrong('hostRefused') });
    if (problems.length > 0) throw invalid(problems);
    return { server, definition, passwordChanged: entered && password !== kept };
  }

  async function ours(name: string): Promise<PortalServer> {
    const stored = await portal.get(name);
    if (stored !== undefined) return stored;
    throw new MailroomError((await get(name)) === undefined ? 'EMAIL_SERVER_NOT_FOUND' : 'EMAIL_SERVER_READ_ONLY', {
      field: 'name',
    });
  }

  async function changed(
    action: string,
    server: string,
    by: string,
    changes: { field: string; from: string; to: string }[],
    revision?: string,
  ): Promise<void> {
    await audit.write({ by, action, server, changes, ...(revision === undefined ? {} : { revision }) });
    emit('EmailServerChanged', { server, kind: action, detail: { by, fields: changes.map(({ field }) => field) } });
    await watch.reload();
  }

  async function shown(name: string): Promise<EmailServerView> {
    const view = await get(name);
    if (view === undefined) throw new MailroomError('EMAIL_SERVER_CHANGED');
    return view;
  }

  async function store(
    action: string,
    given: Definition,
    by: string,
    before?: { existing: PortalServer; revision: string },
  ): Promise<EmailServerView> {
    const { definition, passwordChanged } = await check(given, before?.existing);
    const revision = await portal.put(definition, before?.revision);
    const changes = changesBetween(before?.existing.definition ?? {}, definition, passwordChanged);
    await changed(action, definition.name, by, changes, revision);
    return shown(definition.name);
  }

  return {
    list,
    get,
    check: async (definition, existing) =>
      check(definition, existing === undefined ? undefined : await portal.get(existing)),
    create: (definition, by) => store('create', definition, by),
    async replace(name, revision, definition, by) {
      const existing = await ours(name);
      if (existing.revision !== revision) throw new MailroomError('EMAIL_SERVER_CHANGED');
      return store('replace', definition, by, { existing, revision });
    },
    async copy(name, newName, by) {
      const source = watch.current().servers.find((server) => foldName(server.name) === foldName(name));
      if (source === undefined) throw new MailroomError('EMAIL_SERVER_NOT_FOUND', { field: 'name' });
      const { authentication } = source;
      const password = authentication.type === 'Password' ? { password: authentication.password } : {};
      return store('copy', { ...definitionOf(source), ...password, name: newName, enabled: false }, by);
    },
    async setEnabled(name, revision, enabled, by) {
      const existing = await ours(name);
      if (existing.revision !== revision) throw new MailroomError('EMAIL_SERVER_CHANGED');
      const { password: _, ...definition } = existing.definition;
      return store(enabled ? 'enable' : 'disable', { ...definition, enabled }, by, { existing, revision });
    },
    async remove(name, revision, by) {
      const existing = await ours(name);
      await portal.delete(existing.name, revision);
      await changed('delete', existing.name, by, changesBetween(existing.definition, {}, false));
    },
    audit: audit.entries,
    async changesSince(name, revision) {
      const entries = await firstOf(audit.entries({ kind: 'changes' }), AUDIT_READ);
      const own = entries.filter(({ server, changes }) => foldName(server) === foldName(name) && changes.length > 0);
      const at = own.findIndex((entry) => entry.revision === revision);
      return at < 0 ? own.slice(0, 1) : own.slice(0, at);
    },
    reload: () => watch.reload(),
  };
}

const invalid = (problems: readonly Problem[]): RequestInvalid =>
  new RequestInvalid(
    problems.map(({ got, ...problem }) => ({ ...problem, ...(got === undefined ? {} : { value: got }) })),
  );
