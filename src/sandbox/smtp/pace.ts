// Exchange Online's limits per mailbox: messages a minute and concurrent connections (0 is unlimited).
import type { Socket } from 'node:net';
import type { Settings } from '../config.ts';

export type Pace = ReturnType<typeof createPace>;

export function createPace(limits: Settings['smtp']) {
  const sent = new Map<string, number[]>();
  const connections = new Map<string, number>();
  return {
    connected(mailbox: string, socket: Socket): void {
      connections.set(mailbox, (connections.get(mailbox) ?? 0) + 1);
      socket.once('close', () => connections.set(mailbox, (connections.get(mailbox) ?? 1) - 1));
    },
    tooManyConnections: (mailbox: string): boolean =>
      limits.maxConnections > 0 && (connections.get(mailbox) ?? 0) > limits.maxConnections,
    /** Counts this message when it is within the limit. */
    tooManyMessages(mailbox: string): boolean {
      if (limits.messagesPerMinute === 0) return false;
      const recent = (sent.get(mailbox) ?? []).filter((at) => at > Date.now() - 60_000);
      sent.set(mailbox, recent);
      if (recent.length >= limits.messagesPerMinute) return true;
      recent.push(Date.now());
      return false;
    },
  };
}
