// Operation for the API and the portal: flows, pause and resume of an SMTP server, test of a connection. Each decision of a
// person is in the audit log.

import type { Pauses } from '../adapters/redis/pauses.ts';
import type { EmailServerWatch } from '../config/watch.ts';
import type { AuditLog } from '../domain/audit.ts';
import { type EmailServer, type ImapServer, isImap, isSmtp, serverNamed } from '../domain/email-server.ts';
import { MailroomError } from '../domain/errors.ts';
import type { OperationsApi } from '../http/api/operations.ts';
import { defined } from '../lib/defined.ts';
import { MINUTE_MS } from '../lib/time.ts';
import type { Emit } from '../telemetry/events.ts';
import type { RunDoctor } from '../wiring/doctor.ts';
import type { ReplyRoom } from '../wiring/outbound.ts';
import type { Stores } from '../wiring/stores.ts';
import { createFlowViews } from './email-flows.ts';
import type { EmailServerAdmin } from './email-servers.ts';

interface OperationsDeps {
  stores: Stores;
  room: Pick<ReplyRoom, 'queues'>;
  watch: EmailServerWatch;
  pauses: Pauses;
  audit: Pick<AuditLog, 'write'>;
  admin: Pick<EmailServerAdmin, 'check' | 'get'>;
  runDoctor: RunDoctor;
  listFolders(server: ImapServer): Promise<string[]>;
  emit: Emit;
}

export function createOperations(deps: OperationsDeps): OperationsApi {
  const { stores, room, watch, pauses, audit, admin, emit } = deps;
  const { flowNames, emailFlows } = createFlowViews(stores, watch);

  const named = (name: string): EmailServer => serverNamed(watch.current().servers, name);
  function sending(name: string): string {
    const server = named(name);
    if (isSmtp(server) && server.enabled) return server.name;
    throw new MailroomError('EMAIL_SERVER_CANNOT_PAUSE', { field: 'name' });
  }
  async function shown(name: string) {
    const view = await admin.get(name);
    if (view === undefined) throw new MailroomError('EMAIL_SERVER_NOT_FOUND', { field: 'name' });
    return view;
  }

  return {
    logSwitches: () => stores.logSwitches.read(),
    async switchLog({ server, level, trace }, minutes) {
      const name = server === undefined ? undefined : named(server).name;
      if (level === undefined && trace === undefined) return stores.logSwitches.clear(name);
      const until = Date.now() + minutes * MINUTE_MS;
      await stores.logSwitches.set({
        ...defined({ server: name, level, trace: name === undefined ? undefined : trace }),
        until,
      });
    },
    emailFlows,
    flowNames,
    async moveFlow(from, to, by) {
      const configured = flowNames();
      if (!configured.includes(to)) throw new MailroomError('EMAIL_FLOW_UNKNOWN', { field: 'to' });
      if (configured.includes(from)) throw new MailroomError('EMAIL_FLOW_IN_USE', { field: 'emailFlow' });
      if (!(await stores.ledgers.emailFlows()).includes(from))
        throw new MailroomError('EMAIL_FLOW_UNKNOWN', { field: 'emailFlow' });
      const count = await stores.flows.move(from, to);
      await audit.write({ by, action: 'move-flow', server: '', changes: [{ field: 'emailFlow', from, to }] });
      emit('EmailFlowMoved', { emailFlow: to, count, detail: { by, from } });
      return count;
    },
    quarantinedKeys: stores.quarantinedKeys,
    async pause(name, by) {
      const server = sending(name);
      const { code, class: kind, message, hint } = new MailroomError('SMTP_SERVER_PAUSED_BY_PERSON');
      // The record first: a worker that resumes queues without a record must not undo this.
      await pauses.hold(server, { by, code, hint: `${message} ${hint}` });
      await room.queues.pause(server);
      await audit.write({ by, action: 'pause', server, changes: [{ field: 'state', from: 'sending', to: 'paused' }] });
      emit('SmtpServerPaused', { server, code, class: kind, detail: { by } });
      return shown(server);
    },
    async resume(name, by) {
      const server = sending(name);
      await room.queues.resume(server);
      await pauses.resume(server);
      await audit.write({ by, action: 'resume', server, changes: [{ field: 'state', from: 'paused', to: 'sending' }] });
      emit('SmtpServerResumed', { server, detail: { by } });
      return shown(server);
    },
    test: async (name, options = {}) => deps.runDoctor(named(name), options),
    async testDefinition(definition, existing, options = {}) {
      const { server } = await admin.check(definition, existing);
      return deps.runDoctor({ ...server, source: 'portal' }, { ...options, draft: true });
    },
    async folders(definition, existing) {
      // Checked as a disabled server, which may share its mailbox: the list only reads.
      const { server } = await admin.check({ ...definition, enabled: false }, existing);
      return isImap(server) ? deps.listFolders({ ...server, source: 'portal' }) : [];
    },
  };
}
