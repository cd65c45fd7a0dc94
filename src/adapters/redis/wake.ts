// "The fault of this email server may be gone": published by anyone with reason to think so (a check that passed, a sign-in, a corrected
// application) and received by all replicas, so that a repaired server does not wait for the end of its back-off. A lost message costs only that.
import type { Redis } from 'ioredis';
import { prefixOf } from '../../domain/keys.ts';
import { openChannel } from './channel.ts';

export function createWake(redis: Redis) {
  const name = `${prefixOf(redis)}:wake`;
  const channel = openChannel(redis, name);
  return {
    /** @param server Name of the email server */
    async publish(server: string): Promise<void> {
      await redis.publish(name, server);
    },
    subscribe: (listener: (server: string) => void) =>
      channel.subscribe((server) => {
        if (server !== undefined) listener(server);
      }),
    stop: channel.stop,
  };
}
