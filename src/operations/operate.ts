// Operation for the API and the portal: flows, pause and resume of an SMTP server, test of a connection. What a person decides is in the
// audit log.

import type { Pauses } from '../adapters/redis/pauses.ts';
import type { EmailServerWatch } from '../config/watch.ts';
import { type EmailServer, isImap, isSmtp } from '../domain/email-server.ts';
import { asError, MailroomError } from '../domain/errors.ts';
import { flowsOf } from '../domain/flow-by-recipient.ts';
import type { OperationsApi } from '../http/api/operations.ts';
import type { AuditLog } from '../http/ports.ts';
import type { Emit } from '../telemetry/events.ts';
import type { RunDoctor } from '../wiring/doctor.ts';
import type { ReplyRoom } from '../wiring/outbound.ts';
import type { Stores } from '../wiring/stores.ts';
import type { EmailServerAdmin } from './email-servers.ts';

interface OperationsDeps {
  stores: Pick<Stores, 'flows' | 'quarantinedKeys'>;
  room: Pick<ReplyRoom, 'queues'>;
  watch: EmailServerWatch;
  pauses: Pauses;
  audit: Pick<AuditLog, 'write'>;
  admin: Pick<EmailServerAdmin, 'check' | 'get'>;
  runDoctor: RunDoctor;
  emit: Emit;
}

export function createOperations(deps: OperationsDeps): OperationsApi {
  const { stores, room, watch, pauses, audit, admin, emit } = deps;

  function named(name: string): EmailServer {
    const wanted = name.normalize('NFC');
    const server = watch.current().servers.find((one) => one.name.normalize('NFC') === wanted);
    if (server === undefined) throw new MailroomError('EMAIL_SERVER_NOT_FOUND', { field: 'name' });
    return server;
  }
  function sending(name: string): EmailServer {
    const server = named(name);
    if (isSmtp(server) && server.enabled) return server;
    throw new MailroomError('EMAIL_SERVER_CANNOT_PAUSE', { field: 'name' });
  }
  async function shown(name: string) {
    const view = await admin.get(name);
    if (view === undefined) throw new MailroomError('EMAIL_SERVER_NOT_FOUND', { field: 'name' });
    return view;
  }
  const state = (from: string, to: string) => [{ field: 'state', from, to }];

  return {
    async emailFlows() {
      const imap = watch.current().servers.filter(isImap);
      const names = [...new Set(imap.flatMap(flowsOf))];
      names.sort((left, right) => left.localeCompare(right, 'en'));
      return Promise.all(
        names.map(async (emailFlow) => {
          const fedBy = imap.filter((server) => server.enabled && flowsOf(server).includes(emailFlow));
          const known = await Promise.all([
            stores.flows.backlog(emailFlow),
            stores.flows.oldestWaiting(emailFlow),
            stores.flows.counts(emailFlow),
          ]).catch(asError);
          // A queue that cannot be read hides none of the others.
          if (known instanceof Error)
            return { emailFlow, servers: fedBy.map(({ name }) => name), waiting: 0, jobs: {}, problem: known.message };
          const [waiting, oldestAt, jobs] = known;
          return {
            emailFlow,
            servers: fedBy.map(({ name }) => name),
            waiting,
            ...(oldestAt === undefined ? {} : { oldestAt }),
            jobs,
          };
        }),
      );
    },
    quarantinedKeys: stores.quarantinedKeys,
    async pause(name, by) {
      const server = sending(name);
      const { message, hint } = new MailroomError('SMTP_SERVER_PAUSED_BY_PERSON');
      // The record first: a worker that resumes what has no record must not undo this.
      await pauses.hold(server.name, { by, code: 'SMTP_SERVER_PAUSED_BY_PERSON', hint: `${message} ${hint}` });
      await room.queues.pause(server.name);
      await audit.write({ by, action: 'pause', server: server.name, changes: state('sending', 'paused') });
      emit('SmtpServerPaused', {
        server: server.name,
        code: 'SMTP_SERVER_PAUSED_BY_PERSON',
        class: 'permission',
        detail: { by },
      });
      return shown(server.name);
    },
    async resume(name, by) {
      const server = sending(name);
      await room.queues.resume(server.name);
      await pauses.letGo(server.name);
      await audit.write({ by, action: 'resume', server: server.name, changes: state('paused', 'sending') });
      emit('SmtpServerResumed', { server: server.name, detail: { by } });
      return shown(server.name);
    },
    async test(name, options = {}) {
      return deps.runDoctor(named(name), options);
    },
    async testDefinition(definition, existing, options = {}) {
      const { server } = await admin.check(definition, existing);
      return deps.runDoctor({ ...server, source: 'portal' }, { ...options, draft: true });
    },
  };
}
