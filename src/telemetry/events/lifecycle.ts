// Named events, section lifecycle: start and stop of a process. Noun + past verb.
import { events } from './event.ts';

export const lifecycleEvents = events({
  GatewayStarted: { level: 'info', message: 'gateway started' },
  GatewayWaiting: {
    level: 'warn',
    message: 'gateway waits for Redis before it starts; /healthz answers, /readyz says not ready',
    labels: ['code'],
  },
  GatewayStopping: {
    level: 'info',
    message: 'gateway stopping: intake closed, work in hand is finished',
    labels: ['reason'],
  },
  GatewayStopped: { level: 'info', message: 'gateway stopped' },
  ReleaseFailed: { level: 'error', message: 'a part of the gateway did not close cleanly', labels: ['kind'] },
  BlobsSwept: { level: 'info', message: 'raw mails past their retention deleted' },
  BlobSweepFailed: { level: 'warn', message: 'raw mails past their retention could not be deleted', labels: ['code'] },
  RedisDurabilityLimited: {
    level: 'warn',
    message: 'this Redis may lose its last second in a crash; see the reason',
    labels: ['reason'],
  },
  RedisKeyQuarantined: {
    level: 'error',
    message:
      'a key in Redis held something else than it must: set aside, or kept where losing it would break a promise; the rest is not affected',
    labels: ['kind'],
  },
  RedisConnected: { level: 'info', message: 'Redis connected' },
  RedisDisconnected: { level: 'warn', message: 'no connection to Redis; reconnecting', labels: ['code'] },
  RedisWritesRefused: {
    level: 'error',
    message: 'Redis answers but takes no writes; fetching and sending wait',
    labels: ['code'],
  },
  RedisWritesAccepted: { level: 'info', message: 'Redis takes writes again' },
});
