// Refusals of Redis, and connection errors of its client, as codes of the catalogue. Pure.
// Codes: https://redis.io/docs/latest/develop/reference/protocol-spec/#simple-errors and the texts in Redis' own server.c.

import { isTlsCode } from '../lib/tls-codes.ts';
import { catalogue, type ErrorCode } from './catalogue/index.ts';
import { MailroomError } from './errors.ts';

/** First word of the answer → code. Before Redis 7, an error within a script follows `@user_script:12: -`. */
const rows: readonly [answer: RegExp, code: ErrorCode][] = [
  [/^WRONGPASS\b|^ERR invalid password|^All sentinels .*Last error: WRONGPASS/, 'REDIS_PASSWORD_WRONG'],
  [/^NOAUTH\b|^All sentinels .*Last error: NOAUTH/, 'REDIS_PASSWORD_MISSING'],
  [/^NOPERM\b/, 'REDIS_PERMISSION_MISSING'],
  [/^CROSSSLOT\b|^ERR This instance has cluster support disabled/, 'REDIS_CLUSTER_REFUSED'],
  [/^(MOVED|ASK|TRYAGAIN|CLUSTERDOWN)\b|non local key in a cluster node/, 'REDIS_SLOT_MOVED'],
  [/^(READONLY|UNBLOCKED|MASTERDOWN)\b/, 'REDIS_READ_ONLY'],
  [/^OOM\b/, 'REDIS_OUT_OF_MEMORY'],
  [/^MISCONF\b/, 'REDIS_DISK_FAILED'],
  [/^(LOADING|BUSY)\b/, 'REDIS_LOADING'],
  [/^NOREPLICAS\b/, 'REDIS_REPLICAS_MISSING'],
  [/^ERR (DB index is out of range|invalid DB index|SELECT is not allowed)/, 'REDIS_DATABASE_UNKNOWN'],
  [
    /^(Connection is closed|Command aborted due to connection close|Reached the max retries|Socket timeout\. Expecting data|All sentinels are unreachable)/,
    'REDIS_UNREACHABLE',
  ],
];
const WITHIN_SCRIPT = /^ERR Error running script.*?: -?(?:@user_script: \d+: -?)?(?=[A-Z]{3,} )/;

/** Codes with which Redis answers but accepts no writes. */
export const refusesWrites: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'REDIS_READ_ONLY',
  'REDIS_SLOT_MOVED',
  'REDIS_OUT_OF_MEMORY',
  'REDIS_DISK_FAILED',
  'REDIS_REPLICAS_MISSING',
]);

/** Errors of a socket or of DNS: only a caller that connected to Redis may classify them. */
const SOCKET = /^(ECONN|EPIPE|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|ENOTFOUND|EAI_AGAIN)/;

/** The code for an error of Redis or its client; undefined for anything else that was thrown. */
export function classifyRedisError(thrown: unknown): ErrorCode | undefined {
  if (!(thrown instanceof Error)) return undefined;
  const words = thrown.message.replace(WITHIN_SCRIPT, '');
  return rows.find(([answer]) => answer.test(words))?.[1];
}

/**
 * The error with Redis' address and words; undefined if it comes neither from Redis nor from its client.
 * @param address host:port, as configured
 */
export function redisError(thrown: unknown, address?: string): MailroomError | undefined {
  if (thrown instanceof MailroomError) return thrown;
  if (!(thrown instanceof Error)) return undefined;
  const { code: errno, command } = thrown as Error & { code?: unknown; command?: { name?: unknown } };
  const isSocket = typeof errno === 'string' && (SOCKET.test(errno) || isTlsCode(errno));
  const code = classifyRedisError(thrown) ?? (address !== undefined && isSocket ? 'REDIS_UNREACHABLE' : undefined);
  if (code === undefined) return undefined;
  const [first = ''] = thrown.message.split(' ');
  const name = command?.name;
  return new MailroomError(code, {
    ...(address === undefined ? {} : { message: `${catalogue[code].message} (${address})`, field: 'redis.url' }),
    remote: {
      system: 'redis',
      code: isSocket ? errno : /^[A-Z]{2,}$/.test(first) ? first : 'CLOSED',
      ...(typeof name === 'string' ? { command: name } : {}),
      ...(isSocket || code === 'REDIS_UNREACHABLE' ? {} : { text: thrown.message.slice(0, 300) }),
    },
    cause: thrown,
  });
}
