// Checks a definition before it is saved: by the rules of a file, and against the other email servers.
import type { PortalServer } from '../adapters/redis/portal-servers.ts';
import { parseEmailServer } from '../config/email-servers.ts';
import type { Problem } from '../config/problem.ts';
import type { EmailServerWatch } from '../config/watch.ts';
import { mailboxId } from '../contract/names.ts';
import { wrong } from '../domain/definition-problem.ts';
import { type EmailServer, isImap, sameFolded, samePasswordTarget } from '../domain/email-server.ts';
import type { Definition } from '../http/api/email-servers.ts';
import { RequestInvalid } from '../http/problem.ts';
import { defined } from '../lib/defined.ts';
import { definitionOf, withStoredProxy } from './email-server-definition.ts';

interface CheckDeps {
  watch: Pick<EmailServerWatch, 'current'>;
  mayConnect(host: string): Promise<boolean>;
}

export interface Checked {
  server: EmailServer;
  definition: Record<string, unknown> & { name: string };
  passwordChanged: boolean;
}

/** @param existing the edited server @throws RequestInvalid */
export async function checkDefinition(
  { watch, mayConnect }: CheckDeps,
  given: Definition,
  existing?: PortalServer,
): Promise<Checked> {
  const problems: Problem[] = [];
  const { password: entered, ...rest } = withStoredProxy(given, existing?.definition);
  const isEntered = typeof entered === 'string' && entered !== '';
  const kept = existing?.definition.password;
  const wantsPassword = /^\s*password\s*$/i.test(String(given.authenticationType ?? ''));
  const password = isEntered ? entered : wantsPassword ? kept : undefined;
  const candidate = { ...rest, ...defined({ password }) };
  const found = { definition: candidate, source: 'portal', at: '', index: 0, folder: '' } as const;
  const server = parseEmailServer(found, {}, problems);
  if (server === undefined) throw invalid(problems);

  const { authentication } = server;
  const definition: Checked['definition'] = {
    ...definitionOf(server),
    ...(authentication.type === 'Password' ? { password: authentication.password } : {}),
  };
  if (wantsPassword && !isEntered && !samePasswordTarget(existing?.definition, definition))
    problems.push({ field: 'password', ...wrong('passwordAgain') });
  problems.push(...conflicts(watch.current(), server, existing?.name));
  for (const [field, host] of [
    ['host', server.host],
    ['proxy', server.proxy && new URL(server.proxy).hostname],
  ] as const)
    if (host !== undefined && !(await mayConnect(host))) problems.push({ field, ...wrong('hostRefused') });
  if (problems.length > 0) throw invalid(problems);
  return { server, definition, passwordChanged: isEntered && entered !== kept };
}

/** The name never changes; no two servers share a name, and no two enabled ones a mailbox. */
function conflicts(
  { servers, invalid }: ReturnType<EmailServerWatch['current']>,
  server: EmailServer,
  existing: string | undefined,
): Problem[] {
  const problems: Problem[] = [];
  const isOther = ({ name = '' }: { name?: string }) => !sameFolded(name, existing ?? '');
  if (existing !== undefined && isOther(server)) problems.push({ field: 'name', ...wrong('nameFixed') });
  const isNamesake = ({ name = '' }: { name?: string }) => sameFolded(name, server.name);
  if ([...servers, ...invalid].filter(isOther).some(isNamesake))
    problems.push({ field: 'name', ...wrong('nameTaken', { by: 'another email server' }) });
  if (isImap(server) && server.enabled) {
    const id = mailboxId(server);
    const enabled = servers.filter(isOther).filter((other) => other.enabled);
    const watcher = enabled.filter(isImap).find((other) => mailboxId(other) === id);
    if (watcher) problems.push({ field: 'user', ...wrong('mailboxTaken', { server: watcher.name }) });
  }
  return problems;
}

const invalid = (problems: readonly Problem[]): RequestInvalid =>
  new RequestInvalid(problems.map(({ got: value, ...problem }) => ({ ...problem, ...defined({ value }) })));
