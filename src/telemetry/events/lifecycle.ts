// Named events, section lifecycle: start and stop of a process. Noun + past verb.
import { type EventDefinition, error, info, warn } from './event.ts';

export const lifecycleEvents = {
  GatewayStarted: info('gateway started'),
  GatewayWaiting: warn('gateway is waiting for Redis before it starts; /healthz answers, /readyz reports not ready', [
    'code',
  ]),
  GatewayStopping: info('gateway stopping: intake closed, finishing work in progress', ['reason']),
  GatewayStopped: info('gateway stopped'),
  ReleaseFailed: error('a part of the gateway did not close cleanly', ['kind']),
  ExpiredDataDeleted: info('daily deletion of what is past its retention; how much of each kind'),
  ExpiredDataDeletionFailed: warn(
    'data of one kind past their retention could not be deleted; retried within the hour',
    ['kind', 'code'],
  ),
  RedisDurabilityLimited: warn('this Redis may lose its last second in a crash; see the reason', ['reason']),
  RedisDurabilityRestored: info(
    'a crash of this Redis may lose less than before; see the reason, if there is still one',
  ),
  RedisFoundUnfit: error(
    'this Redis has settings that may lose jobs; see the error. Mail and replies continue: correct them soon',
    ['code'],
  ),
  RedisFoundFit: info('the settings of this Redis keep jobs again'),
  RedisSchemaMigrated: info('the data in Redis were migrated to the version of this Mailroom'),
  RedisKeyQuarantined: error(
    'a Redis key held an unexpected value; moved aside, or left in place where moving it could lose mail or replies; nothing else is affected',
    ['kind'],
  ),
  LogLevelChanged: warn('log level changed while running; it returns to the configured one at the given time'),
  LogLevelRestored: info('log level is as configured again'),
  TracingStarted: info('traces are written and sent to the OTLP endpoint'),
  TracingRefused: warn('a variable of OpenTelemetry is not obeyed; mail and replies are not affected', ['reason']),
  TracesLost: warn(
    'spans could not be sent to the OTLP endpoint and are lost; mail and replies are not affected',
    ['code'],
    { repeats: true },
  ),
  RedisConnected: info('Redis connected'),
  RedisDisconnected: warn('Redis connection lost; reconnecting', ['code']),
  RedisWritesRefused: error('Redis is reachable but refuses writes; fetching and sending are waiting', ['code']),
  RedisWritesAccepted: info('Redis accepts writes again'),
} satisfies Record<string, EventDefinition>;
