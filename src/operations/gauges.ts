// Gauges of the email flows: how much waits, and for how long. Looked up every few seconds, not at each scrape: several Prometheus servers
// must not multiply the load on Redis.
import type { EmailFlows } from '../adapters/queue/email-flows.ts';
import { type EmailServer, isImap } from '../domain/email-server.ts';
import { flowsOf } from '../domain/flow-by-recipient.ts';
import type { Metrics } from '../telemetry/metrics.ts';

const EVERY_MS = 10_000;

export function startGauges(
  flows: Pick<EmailFlows, 'backlog' | 'oldestWaiting'>,
  servers: () => readonly EmailServer[],
  metrics: Metrics,
): () => void {
  const backlog = metrics.gauge('mailroom_email_flow_backlog', 'Messages waiting to be consumed', ['emailFlow']);
  const oldest = metrics.gauge('mailroom_email_flow_oldest_seconds', 'Age of the oldest waiting message', [
    'emailFlow',
  ]);

  async function poll(): Promise<void> {
    const names = new Set(
      servers()
        .filter(isImap)
        .filter(({ enabled }) => enabled)
        .flatMap(flowsOf),
    );
    // One flow whose queue cannot be read hides none of the others.
    const lookAt = async (emailFlow: string): Promise<void> => {
      backlog.set({ emailFlow }, await flows.backlog(emailFlow));
      const since = await flows.oldestWaiting(emailFlow);
      oldest.set({ emailFlow }, since === undefined ? 0 : Math.max(0, (Date.now() - since) / 1000));
    };
    await Promise.allSettled([...names].map(lookAt));
  }

  let looking = false;
  const timer = setInterval(() => {
    if (looking) return; // Redis is slow or away: its own event reports it
    looking = true;
    poll()
      .catch(() => {})
      .finally(() => {
        looking = false;
      });
  }, EVERY_MS);
  return () => clearInterval(timer);
}
