// The portal's first page: flows, mailboxes, sending servers with the pace they use, queues whose server is gone, replicas, quarantine.
import type { PortalView } from '../adapters/redis/portal-view.ts';
import type { EmailServerWatch } from '../config/watch.ts';
import { type EmailServer, isSmtp } from '../domain/email-server.ts';
import { sendingMailbox } from '../domain/reply-pace.ts';
import type { EmailServerView } from '../http/api/email-servers.ts';
import type { OperationsApi } from '../http/api/operations.ts';
import type { Overview } from '../http/portal/index.ts';
import { countOf } from '../outbound/index.ts';
import type { ReplyRoom } from '../wiring/outbound.ts';
import type { Stores } from '../wiring/stores.ts';
import type { EmailServerAdmin } from './email-servers.ts';

interface OverviewDeps {
  watch: EmailServerWatch;
  stores: Pick<Stores, 'ledgers' | 'register'> & {
    view: Pick<PortalView, 'heldByServer' | 'quarantined' | 'replicasAlive' | 'paceUsed'>;
  };
  room: Pick<ReplyRoom, 'queues'>;
  admin: Pick<EmailServerAdmin, 'list'>;
  emailFlows: OperationsApi['emailFlows'];
  /** Ms without a sign of life after which a replica counts as dead. */
  aliveMs: number;
}

export function createOverview({ watch, stores, room, admin, emailFlows, aliveMs }: OverviewDeps) {
  const { view, register, ledgers } = stores;

  async function goneServers(): Promise<Overview['gone']> {
    const known = new Set(watch.current().servers.map(({ name }) => name.normalize('NFC')));
    const names = (await register.gone()).filter(({ name }) => !known.has(name));
    const waits = await Promise.all(
      names.map(async ({ name }) => ({ server: name, waiting: countOf(await room.queues.counts(name)) })),
    );
    return waits.filter(({ waiting }) => waiting > 0);
  }

  async function paceOf(server: EmailServer | undefined): Promise<Pick<EmailServerView['live'], 'pace'>> {
    if (server === undefined || !isSmtp(server) || !server.enabled) return {};
    const { perMinute, recipientsPerDay } = server.pace;
    return { pace: { ...(await view.paceUsed(sendingMailbox(server))), perMinute, recipientsPerDay } };
  }

  return async function overview(): Promise<Overview> {
    const [gone, flows, views, held, quarantined, replicas] = await Promise.all([
      goneServers(),
      emailFlows(),
      admin.list(),
      view.heldByServer(),
      ledgers.mailboxIds().then(view.quarantined),
      view.replicasAlive(aliveMs),
    ]);
    const named = (name: string) => watch.current().servers.find((server) => server.name === name);
    const senders = views.filter(({ serverType }) => serverType === 'SMTP');
    return {
      flows,
      mailboxes: views.filter(({ serverType }) => serverType !== 'SMTP'),
      senders: await Promise.all(
        senders.map(async (one) => ({
          ...one,
          live: { ...one.live, held: held.get(one.name) ?? 0, ...(await paceOf(named(one.name))) },
        })),
      ),
      gone,
      quarantined,
      replicas,
    };
  };
}
