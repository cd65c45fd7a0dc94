// How to reach Redis: one address, the sentinels of a primary, or the nodes of a cluster; and the prefix of all keys of an installation.
import { isPrefix, PREFIX } from '../contract/names.ts';
import type { Endpoint } from './config.ts';
import * as s from './setting.ts';

const address = s.url('', ['redis', 'rediss'])(
  'Redis 6.2 or newer, or Valkey, at one address; rediss:// for TLS, /1 at the end for database 1. Production needs this, redis.sentinels or redis.cluster.',
);

const isEncoded = (text: string): boolean => !/%(?![\da-f]{2})/i.test(text);

const url: s.Setting<string> = {
  ...address,
  parse(value) {
    const given = address.parse(value);
    const { username, password, pathname } = new URL(given);
    if (!isEncoded(username) || !isEncoded(password))
      s.wrong('must have % and other special characters of user and password percent-encoded (% is %25)');
    // ioredis would read anything else as database 0.
    return /^\/?\d{0,4}$/.test(pathname) ? given : s.wrong('must end with the number of a database, e.g. /0');
  },
};

/** `host`, `host:port` or `[IPv6]:port`. */
function endpoint(text: string, defaultPort: number): Endpoint | undefined {
  const [, bracketed, plain, port] = /^(?:\[([\da-f:.]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/i.exec(text) ?? [];
  const host = bracketed ?? plain;
  const number = port === undefined ? defaultPort : Number(port);
  return host !== undefined && s.isHost(host) && number > 0 && number < 65_536 ? { host, port: number } : undefined;
}

const endpoints = (doc: string, defaultPort: number): s.Setting<readonly Endpoint[]> =>
  s.custom({
    kind: 'list of host:port',
    parse: (value) =>
      s
        .listOf(value)
        .map(
          (one) =>
            endpoint(String(one), defaultPort) ?? s.wrong('must be a list of host:port, e.g. redis-1:6379,redis-2'),
        ),
  })(doc);

export const redisSettings = {
  url: s.optional({ ...url, sensitive: true }),
  prefix: s.custom({
    kind: 'text with one {tag}',
    parse: (value) =>
      typeof value === 'string' && isPrefix(value.trim())
        ? value.trim()
        : s.wrong(
            'must hold exactly one hash tag in braces, e.g. {mailroom-emea}, and letters, digits, ".", "_" and "-" only',
          ),
    initial: PREFIX,
  })(
    'What every key, queue and channel in Redis begins with. Give each installation on the same Redis its own, with a hash tag in braces, e.g. {mailroom-emea}; backends use it as BullMQ prefix. With another prefix, an installation starts empty.',
  ),
  sentinels: endpoints(
    'Sentinels that know the primary (port 26379 unless given), instead of redis.url; all of them, so that one may be missing.',
    26_379,
  ),
  sentinel: {
    master: s.optionalString('Name of the primary as the sentinels know it (sentinel monitor <name> …).'),
    user: s.optionalString('ACL user of the sentinels, if they have one.'),
    password: s.secret('Password of the sentinels, if they have one.'),
    tls: s.flag(false)('TLS to the sentinels, with the CA and certificate of redis.tls.'),
  },
  cluster: endpoints(
    'Nodes of a Redis Cluster to ask for the others (port 6379 unless given), or its configuration endpoint, instead of redis.url.',
    6_379,
  ),
  user: s.optionalString('ACL user, with redis.sentinels or redis.cluster (redis.url has its own).'),
  password: s.secret('Password, with redis.sentinels or redis.cluster (redis.url has its own).'),
  database: s.integer({ initial: 0, min: 0, max: 9_999 })(
    'Number of the database, with redis.sentinels (redis.url has its own).',
  ),
  tls: {
    enabled: s.flag(false)('TLS, with redis.sentinels or redis.cluster (redis.url says rediss://).'),
    ca: s.pem('Private CA that signs the certificate of Redis (PEM).'),
    serverName: s.optional(
      s.hostName('')('Name in the certificate of Redis, if it differs from the host that is connected to.'),
    ),
    cert: s.pem('Client certificate, if Redis asks for one (PEM).'),
    key: s.privateKey('Private key of the client certificate (PEM).'),
  },
};

/** Problems that only the combination of several of these settings shows. @param problem called with a setting and its problem */
export function checkRedisSettings(
  get: (path: string) => unknown,
  problem: (field: string, message: string) => void,
): void {
  const isSet = (path: string) => {
    const value = get(path);
    return Array.isArray(value) ? value.length > 0 : value !== undefined && value !== false && value !== 0;
  };
  const places = ['redis.url', 'redis.sentinels', 'redis.cluster'].filter(isSet);
  const [place] = places;
  if (places.length > 1)
    problem(
      places[1] ?? '',
      `cannot be combined with ${place}: Redis is at one address, behind sentinels, or a cluster`,
    );
  if (place === undefined && get('mode') === 'production')
    problem('redis.url', 'is required in production (MAILROOM_REDIS_URL), or redis.sentinels, or redis.cluster');

  if (isSet('redis.sentinels') && !isSet('redis.sentinel.master'))
    problem('redis.sentinel.master', 'is required with redis.sentinels');
  for (const name of ['sentinel.master', 'sentinel.user', 'sentinel.password', 'sentinel.tls', 'database'])
    if (isSet(`redis.${name}`) && !isSet('redis.sentinels')) problem(`redis.${name}`, 'needs redis.sentinels');
  if (place === 'redis.url')
    for (const path of ['redis.user', 'redis.password', 'redis.tls.enabled'])
      if (isSet(path))
        problem(
          path,
          'belongs to redis.sentinels and redis.cluster; redis.url has user, password and rediss:// itself',
        );

  if (isSet('redis.user') && !isSet('redis.password')) problem('redis.password', 'is required with redis.user');
  if (isSet('redis.sentinel.user') && !isSet('redis.sentinel.password'))
    problem('redis.sentinel.password', 'is required with redis.sentinel.user');
  if (isSet('redis.tls.cert') !== isSet('redis.tls.key'))
    problem('redis.tls.key', 'and redis.tls.cert must be set both or none');
  if (place !== undefined && place !== 'redis.url' && !isSet('redis.tls.enabled') && !isSet('redis.sentinel.tls'))
    for (const path of ['redis.tls.ca', 'redis.tls.serverName', 'redis.tls.cert'])
      if (isSet(path)) problem(path, 'needs redis.tls.enabled');
}
