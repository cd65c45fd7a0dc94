// The address of Redis: what follows the port must be the number of a database, for ioredis takes anything else for database 0.
import { isPrefix, PREFIX } from '../contract/names.ts';
import { custom, type Setting, url, wrong } from './setting.ts';

const address = url(
  'Redis 6.2 or newer, or Valkey; rediss:// for TLS, /1 at the end for database 1. Required in production.',
  'REDIS_URL',
  '',
  ['redis', 'rediss'],
);

export const redisUrl: Setting<string> = {
  ...address,
  parse(value) {
    const given = address.parse(value);
    return /^\/?\d{0,4}$/.test(new URL(given).pathname)
      ? given
      : wrong('must end with the number of a database, e.g. /0');
  },
};

export const redisPrefix: Setting<string> = custom(
  'What every key, queue and channel in Redis begins with. Give each installation on the same Redis its own, with a hash tag in braces, e.g. {mailroom-emea}; backends use it as BullMQ prefix. With another prefix, an installation starts empty.',
  'REDIS_PREFIX',
  'text with one {tag}',
  PREFIX,
  (value) =>
    typeof value === 'string' && isPrefix(value.trim())
      ? value.trim()
      : wrong(
          'must hold exactly one hash tag in braces, e.g. {mailroom-emea}, and letters, digits, ".", "_" and "-" only',
        ),
);
