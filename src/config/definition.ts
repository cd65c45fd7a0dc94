// The definition of one email server as administrators write it: the fields of the handbook in camelCase, and the optional ones with their
// defaults. Shape only; email-servers.ts creates the server from it and compares the definitions with each other.
import { z } from 'zod';
import { normalAddress, parseAddress } from '../domain/address.ts';
import type { ImapServer, SmtpServer } from '../domain/email-server.ts';
import { pastedAddresses } from '../domain/pasted-addresses.ts';
import { instantOf } from '../lib/time.ts';
import { inZod } from './issues.ts';
import { isHost } from './setting.ts';

/** Code points, which is how people count characters. */
const NAME_LENGTH = 100;
/** Controls, line separators, direction overrides, lone surrogates: invisible and used to deceive. */
const FORBIDDEN = /[\p{Cc}\p{Cs}\u2028\u2029\u202A-\u202E\u2066-\u2069\uFEFF]/u;

export const label = z
  .string(inZod('notText'))
  .transform((text) => text.normalize('NFC').trim())
  .refine((text) => text !== '', { message: inZod('empty'), abort: true })
  .refine((text) => [...text].length <= NAME_LENGTH, {
    message: inZod('tooLong', { max: NAME_LENGTH }),
    abort: true,
  })
  .refine((text) => !FORBIDDEN.test(text), inZod('controlCharacters'));

const filled = z
  .string(inZod('notText'))
  .trim()
  .min(1, { error: inZod('empty'), abort: true });

/** A list with one item would otherwise pass as its text: String(['enabled']) is enabled. */
export const scalar = (given: unknown): string => (typeof given === 'object' ? '' : String(given).trim());

/** The value of an object's one key; undefined when it has others besides, or none. */
function only(key: string, given: unknown): unknown {
  if (typeof given !== 'object' || given === null || Object.keys(given).join() !== key) return undefined;
  return (given as Record<string, unknown>)[key];
}

/** For `return`: the value has this problem. */
function refused(context: z.RefinementCtx, message: string): never {
  context.addIssue({ code: 'custom', message });
  return z.NEVER;
}

/** Text compared without case and spaces: `OAUTH2` is `OAuth2`. */
function choice<const T extends string>(allowed: readonly T[], also: Readonly<Record<string, T>> = {}) {
  const message = inZod('notOneOf', { choices: `${allowed.slice(0, -1).join(', ')} or ${allowed.at(-1)}` });
  return z.unknown().transform((given, context): T => {
    const text = scalar(given).toLowerCase();
    const found = allowed.find((name) => name.toLowerCase() === text) ?? also[text];
    return found ?? refused(context, message);
  });
}

function whole(min: number, max: number) {
  const message = inZod('outOfRange', { min, max });
  return z
    .union([z.number(), z.string().regex(/^\d+$/).transform(Number)], message)
    .refine((value) => Number.isInteger(value) && value >= min && value <= max, message);
}

const address = z.string(inZod('notAddress')).transform((text, context) => {
  const parsed = parseAddress(text);
  if (parsed.ok && parsed.value.name === '') return parsed.value.address;
  return refused(context, inZod('notAddress'));
});

const addressKey = z.string().transform((text, context) => {
  const parsed = parseAddress(text);
  if (parsed.ok) return parsed.value.normal;
  return refused(context, inZod('notAddress'));
});

/** Entries of a list or a map in one definition. */
const MOST_ENTRIES = 500;
/** Counted before any entry is checked: refusing 60,000 of them one by one would take minutes. */
const few = <T>(schema: z.ZodType<T>) =>
  z
    .unknown()
    .transform((given, context) => {
      const count = typeof given === 'object' && given !== null ? Object.keys(given).length : 0;
      if (count <= MOST_ENTRIES) return given;
      return refused(context, inZod('tooMany', { max: MOST_ENTRIES, count }));
    })
    .pipe(schema);

/** A map by a normalized key. Of two spellings of one key, only one would count. */
const mapBy = <T>(key: z.ZodType<string>, value: z.ZodType<T>, message: string) =>
  few(
    z
      .unknown()
      .superRefine((given, context) => {
        const spelt = new Map<string, string>();
        for (const one of typeof given === 'object' && given !== null ? Object.keys(given) : []) {
          const normal = key.safeParse(one).data;
          if (normal === undefined) continue;
          const other = spelt.get(normal);
          if (other === undefined) spelt.set(normal, one);
          else context.addIssue({ code: 'custom', path: [one], message: inZod('sameKey', { other }) });
        }
      })
      .pipe(z.record(key, value, message)),
  );

/** A list, or pasted text. The same address twice counts once. */
const addresses = z
  .preprocess(
    (given) =>
      typeof given === 'string'
        ? pastedAddresses(given).map((one) => ('refused' in one ? one.refused : one.address))
        : given,
    few(z.array(address, inZod('notAddressList'))),
  )
  .transform((list) => [...new Map(list.map((one) => [normalAddress(one), one])).values()]);

/** `+tag`, or an address with or without one. */
const recipientKey = z.string().transform((text, context) => {
  const tag = /^\+([^\s@+]{1,64})$/.exec(text.trim())?.[1];
  if (tag !== undefined) return `+${tag.toLowerCase()}`;
  const parsed = parseAddress(text);
  if (parsed.ok) return parsed.value.normal;
  return refused(context, inZod('notRecipient'));
});

/** authserv-ids (RFC 8601 §2.2): host names, or `*.example.com`. */
const authservIds = z.preprocess(
  (given) => (typeof given === 'string' ? given.split(/[,;\s]+/).filter((id) => id !== '') : given),
  few(
    z.array(
      z
        .string(inZod('notText'))
        .transform((id) => id.trim().toLowerCase())
        .refine((id) => isHost(id.replace(/^\*\./, '')), inZod('notAuthservId')),
      inZod('notAuthservIdList'),
    ),
  ),
);

const UNITS: Readonly<Record<string, number>> = { '': 1, B: 1, KB: 1024, MB: 1024 ** 2, GB: 1024 ** 3 };
/** Bytes, or `25 MB`. */
const size = z.union([z.number(), z.string()], inZod('notSize')).transform((given, context) => {
  const [, amount = '', unit = ''] = /^(\d+)\s*([KMG]?B)?$/i.exec(String(given).trim()) ?? [];
  const bytes = Number(amount) * (UNITS[unit.toUpperCase()] ?? 1);
  if (amount !== '' && bytes >= 1024 && bytes <= 1024 ** 3) return bytes;
  return refused(context, inZod('notSize'));
});

const startFrom = z.unknown().transform((given, context) => {
  const text = scalar(only('since', given) ?? given);
  const known = (['now', 'unseen', 'all'] as const).find((name) => name === text.toLowerCase());
  if (known) return known;
  const isTime = /^\d{4}-\d{2}-\d{2}(T[\d:.]+(Z|[+-]\d{2}:\d{2}))?$/.test(text);
  const at = isTime ? instantOf(text) : undefined;
  if (at !== undefined) return { since: new Date(at).toISOString() };
  return refused(context, inZod('notStart'));
});

const afterQueued = z.unknown().transform((given, context): ImapServer['afterQueued'] => {
  if (given === 'leave' || given === 'seen') return { action: given };
  const folder = only('move', given);
  if (typeof folder === 'string' && folder.trim() !== '' && !FORBIDDEN.test(folder)) {
    return { action: 'move', folder: folder.normalize('NFC').trim() };
  }
  return refused(context, inZod('notAfterQueued'));
});

const sentCopy = z.unknown().transform((given, context): SmtpServer['sentCopy'] => {
  if (given === 'none' || given === 'server') return { policy: given };
  const folder = only('append', given);
  if (typeof folder === 'string' && folder.trim() !== '')
    return { policy: 'append', folder: folder.normalize('NFC').trim() };
  return refused(context, inZod('notSentCopy'));
});

const flag = z.union(
  [z.boolean(), z.stringbool({ truthy: ['true', 'yes', 'on', 'enabled'], falsy: ['false', 'no', 'off', 'disabled'] })],
  {
    error: inZod('notOneOf', { choices: 'true or false' }),
  },
);

const common = {
  name: label,
  host: filled.refine(isHost, inZod('notHost')),
  tls: choice(['enabled', 'implicit', 'starttls', 'none', 'disabled'], {
    true: 'enabled',
    false: 'disabled',
    on: 'enabled',
    off: 'disabled',
  }).default('enabled'),
  allowPlainText: flag.default(false),
  authenticationType: choice(['OAuth2', 'Password', 'None'], { '0auth2': 'OAuth2' }),
  user: filled.refine((text) => !FORBIDDEN.test(text), inZod('controlCharacters')),
  enabled: flag.default(true),
  application: label.optional(),
  signIn: choice(['appOnly', 'delegated'], { 'app-only': 'appOnly' }).default('appOnly'),
  signInUser: filled.optional(),
  // A line break that was copied along would be part of it, and the sign-in would fail without a visible reason.
  password: z
    .string(inZod('notText'))
    .min(1, inZod('empty'))
    .refine((text) => !/\p{Cc}/u.test(text), inZod('controlCharacters'))
    .optional(),
  passwordFile: filled.optional(),
  passwordEnv: filled.optional(),
  ca: filled.optional(),
  caFile: filled.optional(),
  proxy: z.url({ protocol: /^(https?|socks5?)$/, error: inZod('notUrl') }).optional(),
};

export const imapDefinition = z.strictObject({
  serverType: z.literal('IMAP'),
  ...common,
  port: whole(1, 65535).default(993),
  emailFlow: label,
  aliases: addresses.default([]),
  flowByRecipient: mapBy(recipientKey, label, inZod('notFlowMap')).default({}),
  trustedAuthservIds: authservIds.default([]),
  folder: label.default('INBOX'),
  startFrom: startFrom.default('now'),
  afterQueued: afterQueued.default({ action: 'leave' }),
  mailboxEvents: choice(['off', 'flags', 'flags-and-sent'], { false: 'off' }).default('off'),
  maximumSize: size.default(50 * 1024 ** 2),
});

export const smtpDefinition = z.strictObject({
  serverType: z.literal('SMTP'),
  ...common,
  port: whole(1, 65535).default(587),
  additionalEmailFromAddresses: addresses.default([]),
  sendMode: choice(['sendAs', 'onBehalf']).default('sendAs'),
  displayNames: mapBy(addressKey, label, inZod('notAddressMap', { values: 'names' })).default({}),
  sentCopy: sentCopy.default({ policy: 'server' }),
  pace: z
    .strictObject(
      {
        perMinute: whole(1, 100_000).default(30),
        connections: whole(1, 100).default(3),
        recipientsPerDay: whole(1, 10_000_000).default(10_000),
      },
      inZod('notPace'),
    )
    .prefault({}),
  fromRoles: mapBy(
    addressKey,
    few(z.array(label, inZod('notRoles'))),
    inZod('notAddressMap', { values: 'roles' }),
  ).default({}),
  uncertain: choice(['hold', 'resend']).default('hold'),
  answeredElsewhere: choice(['hold', 'warn', 'send']).default('hold'),
  markAnswered: flag.default(false),
});

export type ImapDefinition = z.infer<typeof imapDefinition>;
export type SmtpDefinition = z.infer<typeof smtpDefinition>;
