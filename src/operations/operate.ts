// Operation for the API and the portal: flows, pause and resume of an SMTP server, test of a connection. A person's decisions are in the
// audit log.

import type { Pauses } from '../adapters/redis/pauses.ts';
import type { EmailServerWatch } from '../config/watch.ts';
import type { AuditLog } from '../domain/audit.ts';
import { type EmailServer, type ImapServer, isImap, isSmtp, serverNamed } from '../domain/email-server.ts';
import { asError, MailroomError } from '../domain/errors.ts';
import { flowsOf } from '../domain/flow-by-recipient.ts';
import type { EmailFlowView, OperationsApi } from '../http/api/operations.ts';
import { keptFor } from '../lib/kept-for.ts';
import type { Emit } from '../telemetry/events.ts';
import type { RunDoctor } from '../wiring/doctor.ts';
import type { ReplyRoom } from '../wiring/outbound.ts';
import type { Stores } from '../wiring/stores.ts';
import type { EmailServerAdmin } from './email-servers.ts';

/** BullMQ's states of jobs that still have to be done. */
const OPEN = ['waiting', 'prioritized', 'delayed', 'paused', 'active', 'failed'];

/** Milliseconds that the list of connected consumers is kept. */
const CONSUMERS_MS = 10_000;

interface OperationsDeps {
  stores: Pick<Stores, 'flows' | 'ledgers' | 'quarantinedKeys' | 'logSwitches'>;
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

  const named = (name: string): EmailServer => serverNamed(watch.current().servers, name);
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
  // Redis lists all its connections in one answer.
  const consumersOf = keptFor(
    async () => {
      const names = [...new Set([...flowNames(), ...(await stores.ledgers.emailFlows())])];
      const counts = await stores.flows.consumers(names).catch(() => undefined);
      return new Map(names.flatMap((name, i) => (counts?.[i] === undefined ? [] : [[name, counts[i]] as const])));
    },
    CONSUMERS_MS,
    () => performance.now(),
  );
  const flowNames = () => [...new Set(watch.current().servers.filter(isImap).flatMap(flowsOf))];
  const state = (from: string, to: string) => [{ field: 'state', from, to }];

  return {
    logSwitches: () => stores.logSwitches.read(),
    async switchLog({ server, level, trace }, minutes) {
      const name = server === undefined ? undefined : named(server).name;
      const one = { ...(name === undefined ? {} : { server: name }), ...(level === undefined ? {} : { level }) };
      if (level === undefined && trace === undefined) return stores.logSwitches.clear(name);
      const until = Date.now() + minutes * 60_000;
      await stores.logSwitches.set({ ...one, ...(trace === undefined || name === undefined ? {} : { trace }), until });
    },
    async emailFlows() {
      const imap = watch.current().servers.filter(isImap);
      const defined = new Set(flowNames());
      const consumers = await consumersOf();
      const orphans = (await stores.ledgers.emailFlows()).filter((name) => !defined.has(name));
      const names = [...defined, ...orphans].sort((left, right) => left.localeCompare(right, 'en'));
      const all = await Promise.all(
        names.map(async (emailFlow) => {
          const fedBy = imap.filter((server) => server.enabled && flowsOf(server).includes(emailFlow));
          const known = await Promise.all([
            stores.flows.backlog(emailFlow),
            stores.flows.oldestWaiting(emailFlow),
            stores.flows.counts(emailFlow),
          ]).catch(asError);
          // An unreadable queue does not hide the others.
          if (known instanceof Error)
            return { emailFlow, servers: fedBy.map(({ name }) => name), waiting: 0, jobs: {}, problem: known.message };
          const [waiting, oldestAt, jobs] = known;
          return {
            emailFlow,
            servers: fedBy.map(({ name }) => name),
            waiting,
            ...(oldestAt === undefined ? {} : { oldestAt }),
            ...(consumers.has(emailFlow) ? { consumers: consumers.get(emailFlow) } : {}),
            jobs,
          };
        }),
      );
      // A removed flow is shown while it has unfinished jobs.
      const isOpen = ({ jobs, ...view }: EmailFlowView) =>
        'problem' in view || OPEN.some((state) => (jobs[state] ?? 0) > 0);
      return all.filter((view) => defined.has(view.emailFlow) || isOpen(view));
    },
    flowNames,
    async moveFlow(from, to, by) {
      const defined = flowNames();
      if (!defined.includes(to)) throw new MailroomError('EMAIL_FLOW_UNKNOWN', { field: 'to' });
      if (defined.includes(from)) throw new MailroomError('EMAIL_FLOW_IN_USE', { field: 'emailFlow' });
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
      const { message, hint } = new MailroomError('SMTP_SERVER_PAUSED_BY_PERSON');
      // The record first: a worker that resumes queues without a record must not undo this.
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
    async folders(definition, existing) {
      // Enabled or not, watched already or not: the test only reads.
      const { server } = await admin.check({ ...definition, enabled: false }, existing);
      if (!isImap(server)) return [];
      return deps.listFolders({ ...server, source: 'portal' });
    },
  };
}
