// Email servers as the API and the portal read and change them: checked by the same rules as a file, stored by compare-and-set, with each
// change in the audit log.
import type { PortalServer, PortalServers } from '../adapters/redis/portal-servers.ts';
import type { EmailServerWatch } from '../config/watch.ts';
import type { AuditLog } from '../domain/audit.ts';
import { type EmailServer, sameFolded } from '../domain/email-server.ts';
import { MailroomError } from '../domain/errors.ts';
import type { Definition, EmailServersApi, EmailServerView } from '../http/api/email-servers.ts';
import { defined } from '../lib/defined.ts';
import { firstOf } from '../lib/streams.ts';
import type { Emit } from '../telemetry/events.ts';
import { type Checked, checkDefinition } from './check-definition.ts';
import { changesBetween, definitionOf } from './email-server-definition.ts';
import { createViews } from './email-server-views.ts';

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

export interface EmailServerAdmin extends EmailServersApi {
  /** The checks of saving, without saving. @param existing name of the edited server @throws RequestInvalid */
  check(definition: Definition, existing?: string): Promise<Checked>;
}

export function createEmailServerAdmin(deps: EmailServersDeps): EmailServerAdmin {
  const { watch, portal, audit, emit } = deps;
  const { list, get } = createViews(deps);

  /** @throws MailroomError EMAIL_SERVER_NOT_FOUND, EMAIL_SERVER_READ_ONLY */
  async function ours(name: string): Promise<PortalServer> {
    const stored = await portal.get(name);
    if (stored !== undefined) return stored;
    throw new MailroomError((await get(name)) === undefined ? 'EMAIL_SERVER_NOT_FOUND' : 'EMAIL_SERVER_READ_ONLY', {
      field: 'name',
    });
  }

  /** @throws MailroomError as ours, EMAIL_SERVER_CHANGED */
  async function atRevision(name: string, revision: string): Promise<PortalServer> {
    const existing = await ours(name);
    if (existing.revision !== revision) throw new MailroomError('EMAIL_SERVER_CHANGED');
    return existing;
  }

  async function changed(
    action: string,
    server: string,
    by: string,
    changes: ReturnType<typeof changesBetween>,
    revision?: string,
  ): Promise<void> {
    await audit.write({ by, action, server, changes, ...defined({ revision }) });
    emit('EmailServerChanged', { server, kind: action, detail: { by, fields: changes.map(({ field }) => field) } });
    await watch.reload();
  }

  async function store(
    action: string,
    given: Definition,
    by: string,
    existing?: PortalServer,
  ): Promise<EmailServerView> {
    const { definition, passwordChanged } = await checkDefinition(deps, given, existing);
    const revision = await portal.put(definition, existing?.revision);
    const changes = changesBetween(existing?.definition ?? {}, definition, passwordChanged);
    await changed(action, definition.name, by, changes, revision);
    const view = await get(definition.name);
    if (view === undefined) throw new MailroomError('EMAIL_SERVER_CHANGED');
    return view;
  }

  return {
    list,
    get,
    check: async (definition, existing) =>
      checkDefinition(deps, definition, existing === undefined ? undefined : await portal.get(existing)),
    create: (definition, by) => store('create', definition, by),
    replace: async (name, revision, definition, by) =>
      store('replace', definition, by, await atRevision(name, revision)),
    async copy(name, newName, by) {
      const source = watch.current().servers.find((one) => sameFolded(one.name, name));
      if (source === undefined) throw new MailroomError('EMAIL_SERVER_NOT_FOUND', { field: 'name' });
      const { authentication } = source;
      const password = authentication.type === 'Password' ? { password: authentication.password } : {};
      return store('copy', { ...definitionOf(source), ...password, name: newName, enabled: false }, by);
    },
    async setEnabled(name, revision, enabled, by) {
      const existing = await atRevision(name, revision);
      const { password: _, ...definition } = existing.definition;
      return store(enabled ? 'enable' : 'disable', { ...definition, enabled }, by, existing);
    },
    async remove(name, revision, by) {
      const existing = await ours(name);
      await portal.delete(existing.name, revision);
      await changed('delete', existing.name, by, changesBetween(existing.definition, {}, false));
    },
    audit: audit.entries,
    async changesSince(name, revision) {
      const entries = await firstOf(audit.entries({ kind: 'changes' }), AUDIT_READ);
      const own = entries.filter(({ server, changes }) => sameFolded(server, name) && changes.length > 0);
      const at = own.findIndex((entry) => entry.revision === revision);
      return at < 0 ? own.slice(0, 1) : own.slice(0, at);
    },
    reload: () => watch.reload(),
  };
}
