// Definitions of email servers (files, portal) → servers and invalid ones, item by item: an invalid definition never affects the others.
import { dirname } from 'node:path';
import { mailboxId } from '../contract/names.ts';
import { normalAddress, parseAddress } from '../domain/address.ts';
import { wrong } from '../domain/definition-problem.ts';
import type { Authentication, EmailServer, EmailServerList, InvalidEmailServer } from '../domain/email-server.ts';
import { foldName, isImap, isLoopback } from '../domain/email-server.ts';
import { MailroomError } from '../domain/errors.ts';
import { withoutTag } from '../domain/flow-by-recipient.ts';
import { defined } from '../lib/defined.ts';
import type { Config } from './config.ts';
import { type ImapDefinition, imapDefinition, type SmtpDefinition, scalar, smtpDefinition } from './definition.ts';
import { problemsOf, type Words } from './issues.ts';
import { messageOf, nameOf, type Problem, shownValue } from './problem.ts';
import { type Sources, secretOf } from './secret-source.ts';
import { fileErrorCode, readTextFile, UnfitFile } from './text-file.ts';
import { parseYaml } from './yaml.ts';

/** One definition as it was found. */
export interface Found {
  definition: unknown;
  source: 'file' | 'portal';
  /** How messages name its fields: `emailServers[1]`; empty for a form. */
  at: string;
  index: number;
  /** Relative paths of secret files start here. */
  folder: string;
  /** A problem found earlier: a secret of the portal that does not decrypt. */
  problem?: Problem;
}

type Env = Readonly<Record<string, string | undefined>>;

export interface PortalDefinitions {
  /** Definitions from the portal, with decrypted secrets. A definition whose secret does not decrypt has a `problem`. */
  list(): Promise<readonly { name: string; definition: unknown; problem?: Problem }[]>;
  /** Calls back after each change by any replica; returns the un-subscriber. */
  onChange(listener: () => void): () => void;
}

/** All servers once, as the command line needs them. Files that cannot be read are thrown, not skipped: EMAIL_SERVERS_UNREADABLE. */
export async function readEmailServers(
  config: Config,
  portal?: PortalDefinitions,
  env: Env = process.env,
): Promise<EmailServerList> {
  const found = config.emailServersFiles.flatMap((file) => readDefinitionFile(file));
  return { ...combine([...found, ...(await readPortal(portal))], env), revision: 1 };
}

export async function readPortal(portal: PortalDefinitions | undefined): Promise<Found[]> {
  const list = (await portal?.list()) ?? [];
  return list.map(({ definition, problem }, index) => ({
    definition,
    source: 'portal',
    at: `portal[${index}]`,
    index,
    folder: '',
    ...(problem ? { problem } : {}),
  }));
}

/**
 * Definitions of one file: a list, or `emailServers:` with a list. No file: none.
 * @param parse YAML → value; frequent readers usually cache it
 * @throws MailroomError EMAIL_SERVERS_UNREADABLE with file and line
 */
export function readDefinitionFile(file: string, parse: (text: string) => unknown = parseYaml): Found[] {
  const unreadable = (message: string) =>
    new MailroomError('EMAIL_SERVERS_UNREADABLE', { message: `${file}: ${message}`, field: file });
  let text: string;
  try {
    text = readTextFile(file);
  } catch (error) {
    if (error instanceof UnfitFile) throw unreadable(error.message);
    const code = fileErrorCode(error);
    if (code === 'ENOENT') return [];
    throw unreadable(`cannot be read (${code})`);
  }
  let content: unknown;
  try {
    content = parse(text);
  } catch (error) {
    throw unreadable(error instanceof Error ? error.message : 'is not YAML');
  }
  if (content === null || content === undefined) return [];
  const list = typeof content === 'object' && 'emailServers' in content ? (content.emailServers ?? []) : content;
  if (!Array.isArray(list)) throw unreadable('must hold emailServers: with a list of definitions');
  return list.map((definition: unknown, index) => ({
    definition,
    source: 'file',
    at: `emailServers[${index}]`,
    index,
    folder: dirname(file),
  }));
}

/** Each definition separately, then against the earlier ones: names are unique, and a mailbox is watched once. */
export function combine(found: readonly Found[], env: Env): Omit<EmailServerList, 'revision'> {
  const servers: EmailServer[] = [];
  const invalid: InvalidEmailServer[] = [];
  const names = new Map<string, string>();
  const mailboxes = new Map<string, string>();
  for (const item of found) {
    const problems: Problem[] = item.problem ? [{ ...item.problem, field: join(item.at, item.problem.field) }] : [];
    const server = item.problem ? undefined : parseEmailServer(item, env, problems);
    const name = server?.name ?? nameOf(item.definition);
    const taken = name === undefined ? undefined : names.get(foldName(name));
    if (taken !== undefined)
      problems.push({ field: join(item.at, 'name'), ...wrong('nameTaken', { by: taken }), got: shownValue(name) });
    else if (name !== undefined)
      names.set(foldName(name), item.source === 'portal' ? 'a server of the portal' : item.at);
    const watched = server && isImap(server) && server.enabled ? mailboxId(server) : undefined;
    const watcher = watched === undefined ? undefined : mailboxes.get(watched);
    if (watcher !== undefined)
      problems.push({
        field: join(item.at, 'user'),
        ...wrong('mailboxTaken', { server: watcher }),
        got: shownValue(server?.user),
      });
    if (server && problems.length === 0) {
      servers.push(server);
      if (watched !== undefined) mailboxes.set(watched, server.name);
      continue;
    }
    const shown = problems.map((one) => ({ ...one, message: messageOf(one) }));
    invalid.push({ source: item.source, index: item.index, ...defined({ name }), problems: shown });
  }
  return { servers, invalid };
}

const join = (at: string, field: string): string => (at === '' ? field : `${at}.${field}`);

const keysOf = { IMAP: Object.keys(imapDefinition.shape), SMTP: Object.keys(smtpDefinition.shape) };

function wordsFor(type: 'IMAP' | 'SMTP'): Words {
  const other = type === 'IMAP' ? 'SMTP' : 'IMAP';
  return {
    keysAt: (path) => (path[0] === 'pace' ? ['perMinute', 'connections', 'recipientsPerDay'] : keysOf[type]),
    elsewhere: (key) =>
      keysOf[other].includes(key) && !keysOf[type].includes(key) ? wrong('belongsToType', { type: other }) : undefined,
    secrets: new Set(['password']),
  };
}

/** Valid definitions: an unchanged definition yields the same object. All are read every minute, and checking a thousand takes 50 ms. */
const good = new WeakMap<object, EmailServer>();

/** One definition; undefined with at least one problem when it is invalid. */
export function parseEmailServer(item: Found, env: Env, problems: Problem[]): EmailServer | undefined {
  const { definition, at } = item;
  if (typeof definition !== 'object' || definition === null || Array.isArray(definition)) {
    problems.push({ field: at, ...wrong('notDefinition') });
    return undefined;
  }
  const known = good.get(definition);
  if (known?.source === item.source) return known;
  const given = 'serverType' in definition ? definition.serverType : undefined;
  const type = (['IMAP', 'SMTP'] as const).find((known) => known === scalar(given).toUpperCase());
  if (type === undefined) {
    problems.push({
      field: join(at, 'serverType'),
      ...(given === undefined
        ? wrong('typeMissing')
        : { ...wrong('notOneOf', { choices: 'IMAP or SMTP' }), got: shownValue(given) }),
    });
    return undefined;
  }
  const schema = type === 'IMAP' ? imapDefinition : smtpDefinition;
  const parsed = schema.safeParse({ ...definition, serverType: type });
  if (!parsed.success) {
    problems.push(...problemsOf(parsed.error, at, definition, wordsFor(type)));
    return undefined;
  }
  const sources: Sources = { folder: item.folder, env, problems: [] };
  const authentication = authenticationOf(parsed.data, item, sources);
  const { tls, host, allowPlainText } = parsed.data;
  if (tls === 'none' && !allowPlainText && !isLoopback(host))
    sources.problems.push({ field: join(at, 'tls'), ...wrong('plainTextRefused') });
  if (parsed.data.serverType === 'IMAP') sources.problems.push(...strangeRecipients(parsed.data, at));
  const ca = secretOf({ value: parsed.data.ca, file: parsed.data.caFile }, join(at, 'ca'), sources);
  problems.push(...sources.problems);
  if (!authentication || sources.problems.length > 0) return undefined;
  const server = serverOf(parsed.data, authentication, item.source, ca);
  const { passwordFile, passwordEnv, caFile } = parsed.data;
  if ([passwordFile, passwordEnv, caFile].every((elsewhere) => elsewhere === undefined)) good.set(definition, server);
  return server;
}

/** Keys of flowByRecipient that no message can match: addresses that are not the mailbox's. */
function strangeRecipients({ user, aliases, flowByRecipient }: ImapDefinition, at: string): Problem[] {
  const ours = new Set([user, ...aliases].map((address) => normalAddress(address)));
  return Object.keys(flowByRecipient)
    .filter((key) => !key.startsWith('+') && !ours.has(key) && !ours.has(withoutTag(key)))
    .map((key) => ({ field: join(at, `flowByRecipient.${key}`), ...wrong('strangeRecipient') }));
}

/** Exactly one address, without anything else: this text is used to sign in. */
const isAddress = (text: string): boolean => {
  const parsed = parseAddress(text);
  return parsed.ok && parsed.value.name === '' && !text.includes('<');
};

/** Fields of each sign-in, which go with no other. */
const SIGN_IN_FIELDS = {
  Password: ['password', 'passwordFile', 'passwordEnv'],
  OAuth2: ['application', 'signInUser'],
} as const;

function authenticationOf(
  given: ImapDefinition | SmtpDefinition,
  { at, source }: Found,
  sources: Sources,
): Authentication | undefined {
  const { problems } = sources;
  const problem = (field: string, ...what: Parameters<typeof wrong>) =>
    void problems.push({ field: join(at, field), ...wrong(...what) });
  // A user of the portal must not read files or the environment of this machine by sending them as a password to a host.
  for (const field of ['passwordFile', 'passwordEnv', 'caFile'] as const)
    if (source === 'portal' && given[field] !== undefined) problem(field, 'notInPortal');
  if (problems.length > 0) return undefined;
  const { authenticationType: type, application, signIn, signInUser } = given;
  for (const other of ['Password', 'OAuth2'] as const)
    for (const field of SIGN_IN_FIELDS[other])
      if (other !== type && given[field] !== undefined) problem(field, 'goesWithType', { type: other });
  if (type === 'Password') {
    const { password: value, passwordFile: file, passwordEnv: env } = given;
    const password = secretOf({ value, file, env }, join(at, 'password'), sources);
    if (password === undefined && problems.length === 0) problem('password', 'passwordMissing');
    return password === undefined ? undefined : { type, password };
  }
  if (type === 'None' && given.serverType === 'IMAP')
    problem('authenticationType', 'notOneOf', { choices: 'OAuth2 or Password' });
  else {
    if (type === 'OAuth2' && application === undefined) problem('application', 'applicationMissing');
    if (!isAddress(given.user))
      problems.push({ field: join(at, 'user'), ...wrong('userNotAddress', { type }), got: shownValue(given.user) });
  }
  if (type === 'None') return problems.length > 0 ? undefined : { type };
  if (signInUser !== undefined && signIn === 'appOnly') problem('signInUser', 'goesWithDelegated');
  if (application === undefined || problems.length > 0) return undefined;
  return { type, application, signIn, ...defined({ signInUser }) };
}

/** What both types of server have. */
function baseOf(
  given: ImapDefinition | SmtpDefinition,
  authentication: Authentication,
  source: Found['source'],
  ca: string | undefined,
) {
  const { name, host, port, tls, allowPlainText, user, enabled, proxy } = given;
  const extra = defined({ allowPlainText: allowPlainText || undefined, ca, proxy });
  return { name, host: host.toLowerCase(), port, tls, authentication, user, enabled, source, ...extra };
}

const filled = <T extends object>(value: T): T | undefined => (Object.keys(value).length === 0 ? undefined : value);

/** Optional fields are left out where they have their default. */
function serverOf(
  given: ImapDefinition | SmtpDefinition,
  ...rest: [Authentication, Found['source'], string | undefined]
): EmailServer {
  const base = baseOf(given, ...rest);
  if (given.serverType === 'IMAP') {
    const { emailFlow, folder, startFrom, afterQueued, maximumSize: maxMessageSize, mailboxEvents } = given;
    return {
      type: 'IMAP',
      ...base,
      ...{ emailFlow, folder, startFrom, afterQueued, maxMessageSize },
      ...defined({
        aliases: filled(given.aliases),
        flowByRecipient: filled(given.flowByRecipient),
        trustedAuthservIds: filled(given.trustedAuthservIds),
        mailboxEvents: mailboxEvents === 'off' ? undefined : mailboxEvents,
      }),
    };
  }
  const { sendMode, displayNames, sentCopy, pace, fromRoles, uncertain, answeredElsewhere, markAnswered } = given;
  return {
    type: 'SMTP',
    ...base,
    additionalFromAddresses: given.additionalEmailFromAddresses,
    ...{ sendMode, displayNames, sentCopy, pace, fromRoles, uncertain },
    ...defined({
      answeredElsewhere: answeredElsewhere === 'hold' ? undefined : answeredElsewhere,
      markAnswered: markAnswered || undefined,
    }),
  };
}
