// Definitions of email servers (files, portal) → servers and invalid ones, item by item: an invalid definition never affects the others.
import { dirname } from 'node:path';
import { mailboxId } from '../contract/names.ts';
import { normalAddress, parseAddress } from '../domain/address.ts';
import { wrong } from '../domain/definition-problem.ts';
import type { Authentication, EmailServer, EmailServerList, InvalidEmailServer } from '../domain/email-server.ts';
import { foldName, isImap, isLoopback } from '../domain/email-server.ts';
import { MailroomError } from '../domain/errors.ts';
import { withoutTag } from '../domain/flow-by-recipient.ts';
import type { Config } from './config.ts';
import { type ImapDefinition, imapDefinition, type SmtpDefinition, scalar, smtpDefinition } from './definition.ts';
import { problemsOf, type Words } from './issues.ts';
import { type Problem, shownValue } from './problem.ts';
import { type Sources, secretOf } from './secret-source.ts';
import { FileTooLarge, readTextFile } from './text-file.ts';
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
    if (error instanceof FileTooLarge) throw unreadable(error.message);
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
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
    const shown = problems.map((one) => ({
      ...one,
      message: one.got === undefined ? one.message : `${one.message}, got ${one.got}`,
    }));
    invalid.push({ source: item.source, index: item.index, ...(name === undefined ? {} : { name }), problems: shown });
  }
  return { servers, invalid };
}

const join = (at: string, field: string): string => (at === '' ? field : `${at}.${field}`);
/** Its name, even if other fields are invalid. */
export function nameOf(definition: unknown): string | undefined {
  const name =
    typeof definition === 'object' && definition !== null && 'name' in definition ? definition.name : undefined;
  return typeof name === 'string' && name.trim() !== '' ? [...name.trim()].slice(0, 100).join('') : undefined;
}

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
    const got = given === undefined ? {} : { got: shownValue(given) };
    problems.push({
      field: join(at, 'serverType'),
      ...(given === undefined ? wrong('typeMissing') : wrong('notOneOf', { choices: 'IMAP or SMTP' })),
      ...got,
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
    sources.problems.push({
      field: join(at, 'tls'),
      ...wrong('plainTextRefused'),
    });
  if (parsed.data.serverType === 'IMAP') sources.problems.push(...strangeRecipients(parsed.data, at));
  const ca = secretOf({ value: parsed.data.ca, file: parsed.data.caFile }, join(at, 'ca'), sources);
  problems.push(...sources.problems);
  if (!authentication || sources.problems.length > 0) return undefined;
  const server =
    parsed.data.serverType === 'IMAP'
      ? imapServer(parsed.data, authentication, item.source, ca)
      : smtpServer(parsed.data, authentication, item.source, ca);
  const { passwordFile, passwordEnv, caFile } = parsed.data;
  if ([passwordFile, passwordEnv, caFile].every((elsewhere) => elsewhere === undefined)) good.set(definition, server);
  return server;
}

/** Keys of flowByRecipient that no message can match: addresses that are not the mailbox's. */
function strangeRecipients({ user, aliases, flowByRecipient }: ImapDefinition, at: string): Problem[] {
  const ours = new Set([user, ...aliases].map((address) => normalAddress(address)));
  return Object.keys(flowByRecipient)
    .filter((key) => !key.startsWith('+') && !ours.has(key) && !ours.has(withoutTag(key)))
    .map((key) => ({
      field: join(at, `flowByRecipient.${key}`),
      ...wrong('strangeRecipient'),
    }));
}

/** Exactly one address, without anything else: this text is used to sign in. */
const isAddress = (text: string): boolean => {
  const parsed = parseAddress(text);
  return parsed.ok && parsed.value.name === '' && !text.includes('<');
};

function authenticationOf(
  given: ImapDefinition | SmtpDefinition,
  item: Found,
  sources: Sources,
): Authentication | undefined {
  const problem = (field: string, ...what: Parameters<typeof wrong>) =>
    void sources.problems.push({ field: join(item.at, field), ...wrong(...what) });
  const notAnAddress = (type: string) =>
    void sources.problems.push({
      field: join(item.at, 'user'),
      ...wrong('userNotAddress', { type }),
      got: shownValue(given.user),
    });
  const files = ['passwordFile', 'passwordEnv', 'caFile'] as const;
  // A user of the portal must not read files or the environment of this machine by sending them as a password to a host.
  for (const field of files) if (item.source === 'portal' && given[field] !== undefined) problem(field, 'notInPortal');
  if (sources.problems.length > 0) return undefined;
  if (given.authenticationType === 'None') {
    for (const field of ['password', 'passwordFile', 'passwordEnv'] as const)
      if (given[field] !== undefined) problem(field, 'goesWithType', { type: 'Password' });
    for (const field of ['application', 'signInUser'] as const)
      if (given[field] !== undefined) problem(field, 'goesWithType', { type: 'OAuth2' });
    if (given.serverType === 'IMAP') problem('authenticationType', 'notOneOf', { choices: 'OAuth2 or Password' });
    else if (!isAddress(given.user)) notAnAddress('None');
    return sources.problems.length > 0 ? undefined : { type: 'None' };
  }
  if (given.authenticationType === 'Password') {
    for (const field of ['application', 'signInUser'] as const)
      if (given[field] !== undefined) problem(field, 'goesWithType', { type: 'OAuth2' });
    const password = secretOf(
      { value: given.password, file: given.passwordFile, env: given.passwordEnv },
      join(item.at, 'password'),
      sources,
    );
    if (password === undefined && sources.problems.length === 0) problem('password', 'passwordMissing');
    return password === undefined ? undefined : { type: 'Password', password };
  }
  for (const field of ['password', 'passwordFile', 'passwordEnv'] as const)
    if (given[field] !== undefined) problem(field, 'goesWithType', { type: 'Password' });
  if (given.application === undefined) problem('application', 'applicationMissing');
  if (!isAddress(given.user)) notAnAddress('OAuth2');
  if (given.signInUser !== undefined && given.signIn === 'appOnly') problem('signInUser', 'goesWithDelegated');
  const { application, signIn, signInUser } = given;
  if (application === undefined || sources.problems.length > 0) return undefined;
  return { type: 'OAuth2', application, signIn, ...(signInUser === undefined ? {} : { signInUser }) };
}

function baseOf(
  given: ImapDefinition | SmtpDefinition,
  authentication: Authentication,
  source: Found['source'],
  ca: string | undefined,
) {
  const { name, host, port, tls, allowPlainText, user, enabled, proxy } = given;
  const plain = allowPlainText ? { allowPlainText } : {};
  const extra = { ...plain, ...(ca === undefined ? {} : { ca }), ...(proxy === undefined ? {} : { proxy }) };
  return { name, host: host.toLowerCase(), port, tls, authentication, user, enabled, source, ...extra };
}

function imapServer(
  given: ImapDefinition,
  ...rest: [Authentication, Found['source'], string | undefined]
): EmailServer {
  const { emailFlow, aliases, flowByRecipient, trustedAuthservIds, mailboxEvents } = given;
  const { folder, startFrom, afterQueued, maximumSize } = given;
  return {
    type: 'IMAP',
    ...baseOf(given, ...rest),
    emailFlow,
    ...(aliases.length === 0 ? {} : { aliases }),
    ...(Object.keys(flowByRecipient).length === 0 ? {} : { flowByRecipient }),
    ...(trustedAuthservIds.length === 0 ? {} : { trustedAuthservIds }),
    folder,
    startFrom,
    afterQueued,
    ...(mailboxEvents === 'off' ? {} : { mailboxEvents }),
    maxMessageSize: maximumSize,
  };
}

function smtpServer(
  given: SmtpDefinition,
  ...rest: [Authentication, Found['source'], string | undefined]
): EmailServer {
  const { additionalEmailFromAddresses, sendMode, displayNames, sentCopy, pace, fromRoles, uncertain } = given;
  const { answeredElsewhere, markAnswered } = given;
  return {
    type: 'SMTP',
    ...baseOf(given, ...rest),
    additionalFromAddresses: additionalEmailFromAddresses,
    ...{ sendMode, displayNames, sentCopy, pace, fromRoles, uncertain },
    ...(answeredElsewhere === 'hold' ? {} : { answeredElsewhere }),
    ...(markAnswered ? { markAnswered } : {}),
  };
}
