// Named events, section lifecycle: start and stop of a process. Noun + past verb.
import { events } from './event.ts';

export const lifecycleEvents = events({
  GatewayStarted: { level: 'info', message: 'gateway started' },
  GatewayWaiting: {
    level: 'warn',
    message: 'gateway is waiting for Redis before it starts; /healthz answers, /readyz reports not ready',
    labels: ['code'],
  },
  GatewayStopping: {
    level: 'info',
    message: 'gateway stopping: intake closed, finishing work in progress',
    labels: ['reason'],
  },
  GatewayStopped: { level: 'info', message: 'gateway stopped' },
  ReleaseFailed: { level: 'error', message: 'a part of the gateway did not close cleanly', labels: ['kind'] },
  ExpiredDataDeleted: {
    level: 'info',
    message: 'daily deletion of what is past its retention; how much of each kind',
  },
  ExpiredDataDeletionFailed: {
    level: 'warn',
    message: 'data of one kind past their retention could not be deleted; retried within the hour',
    labels: ['kind', 'code'],
  },
  RedisDurabilityLimited: {
    level: 'warn',
    message: 'this Redis may lose its last second in a crash; see the reason',
    labels: ['reason'],
  },
  RedisDurabilityRestored: {
    level: 'info',
    message: 'a crash of this Redis may lose less than before; see the reason, if there is still one',
  },
  RedisFoundUnfit: {
    level: 'error',
    message: 'this Redis has settings that may lose jobs; see the error. Mail and replies continue: correct them soon',
    labels: ['code'],
  },
  RedisFoundFit: { level: 'info', message: 'the settings of this Redis keep jobs again' },
  RedisSchemaMigrated: { level: 'info', message: 'the data in Redis were migrated to the version of this Mailroom' },
  RedisKeyQuarantined: {
    level: 'error',
    message:
      'a Redis key held an unexpected value; moved aside, or left in place where moving it could lose mail or replies; nothing else is affected',
    labels: ['kind'],
  },
  LogLevelChanged: {
    level: 'warn',
    message: 'log level changed while running; it returns to the configured one at the given time',
  },
  LogLevelRestored: { level: 'info', message: 'log level is as configured again' },
  TracingStarted: { level: 'info', message: 'traces are written and sent to the OTLP endpoint' },
  TracingRefused: {
    level: 'warn',
    message: 'a variable of OpenTelemetry is not obeyed; mail and replies are not affected',
    labels: ['reason'],
  },
  TracesLost: {
    level: 'warn',
    message: 'spans could not be sent to the OTLP endpoint and are lost; mail and replies are not affected',
    labels: ['code'],
    repeats: true,
  },
  RedisConnected: { level: 'info', message: 'Redis connected' },
  RedisDisconnected: { level: 'warn', message: 'Redis connection lost; reconnecting', labels: ['code'] },
  RedisWritesRefused: {
    level: 'error',
    message: 'Redis is reachable but refuses writes; fetching and sending are waiting',
    labels: ['code'],
  },
  RedisWritesAccepted: { level: 'info', message: 'Redis accepts writes again' },
});
