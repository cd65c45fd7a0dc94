// Which From a reply may be sent with, in the header and in the envelope. Pure. Everything is compared as normalised
// addresses; the mail contains the administrator's spelling of the permitted entry, never the requested spelling.
import type { MailAddress, Reply } from '../contract/reply.ts';
import { type AddressProblem, type MailboxAddress, normalAddress, parseAddress } from './address.ts';
import { nameProblem } from './display-name.ts';
import type { SmtpServer } from './email-server.ts';
import { MailroomError } from './errors.ts';

export interface Sender {
  from: { name: string; address: string };
  /** With onBehalf: the submitting person. */
  sender?: { address: string };
  /** MAIL FROM. */
  envelopeFrom: string;
  /** True if no From was requested and the shared address was not permitted: the personal address is used. */
  personalFallback: boolean;
}

/** {User} ∪ additional From addresses, the User first, without invalid addresses and duplicates. */
export function permittedFrom(server: Pick<SmtpServer, 'user' | 'additionalFromAddresses'>): MailboxAddress[] {
  const permitted = new Map<string, MailboxAddress>();
  for (const text of [server.user, ...server.additionalFromAddresses]) {
    const parsed = parseAddress(text);
    if (parsed.ok && !permitted.has(parsed.value.normal)) permitted.set(parsed.value.normal, parsed.value);
  }
  return [...permitted.values()];
}

const PROBLEM_CODES: Partial<Record<AddressProblem, 'FROM_AMBIGUOUS' | 'HEADER_FORBIDDEN'>> = {
  multiple: 'FROM_AMBIGUOUS',
  group: 'FROM_AMBIGUOUS',
  comment: 'FROM_AMBIGUOUS',
  route: 'FROM_AMBIGUOUS',
  'line-break': 'HEADER_FORBIDDEN',
};

/**
 * The From, Sender and MAIL FROM of a reply.
 * @throws MailroomError FROM_NOT_PERMITTED, FROM_ROLE_REQUIRED, FROM_AMBIGUOUS, FROM_INVALID, FROM_NAME_SPOOFED, HEADER_FORBIDDEN
 */
export function resolveSender(server: SmtpServer, reply: Pick<Reply, 'from' | 'answers' | 'agent'>): Sender {
  const permitted = permittedFrom(server);
  // Undefined where the server signs in with a plain user name: then only the additional addresses can be a From.
  const user = permitted.find(({ normal }) => normal === normalAddress(server.user));
  const asked = reply.from === undefined ? undefined : readFrom(reply.from);
  const chosen = asked === undefined ? byDefault(server, permitted, reply) : find(permitted, asked.normal);
  if (chosen === undefined) throw notPermitted(permitted, asked?.address);
  checkRole(server, chosen, reply);
  const name = asked?.name || server.displayNames[chosen.normal] || '';
  const problem = nameProblem(name, chosen.normal);
  if (problem !== undefined) {
    throw new MailroomError('FROM_NAME_SPOOFED', {
      message: `The display name of From is refused: ${problem}`,
      field: 'from.name',
    });
  }
  const isUser = chosen === user;
  const onBehalf = server.sendMode === 'onBehalf' && !isUser ? user : undefined;
  return {
    from: { name, address: chosen.address },
    // Without Send As the server checks MAIL FROM against the signed-in person, so the person is who submits (RFC 5322 §3.6.2).
    ...(onBehalf ? { sender: { address: onBehalf.address } } : {}),
    envelopeFrom: onBehalf?.address ?? chosen.address,
    personalFallback: asked === undefined && isUser && !isMeant(server, reply, chosen.normal),
  };
}

/**
 * The User as From is intended where the mail was sent to the User, or, if the reply answers nothing, where the User is listed as a From or is a
 * mailbox of its own (app-only: not a personal address).
 */
function isMeant(server: SmtpServer, reply: Pick<Reply, 'answers'>, user: string): boolean {
  const ours = ourAddresses(reply);
  if (ours.length > 0) return ours.includes(user);
  const { authentication } = server;
  const appOnly = authentication.type === 'OAuth2' && authentication.signIn === 'appOnly';
  return appOnly || server.additionalFromAddresses.some((address) => normalAddress(address) === user);
}

const find = (permitted: readonly MailboxAddress[], normal: string) =>
  permitted.find((address) => address.normal === normal);

/** The addresses that the answered message was sent to, and its mailbox. */
const ourAddresses = ({ answers }: Pick<Reply, 'answers'>): string[] =>
  [...(answers?.addressedTo ?? []), answers?.mailbox ?? ''].flatMap((address) => normalAddress(address) ?? []);

function byDefault(
  server: SmtpServer,
  permitted: readonly MailboxAddress[],
  reply: Pick<Reply, 'answers' | 'agent'>,
): MailboxAddress | undefined {
  const mailbox = normalAddress(reply.answers?.mailbox ?? '');
  for (const ours of ourAddresses(reply)) {
    const found = find(permitted, ours);
    // An alias that this agent may not use does not make the reply invalid.
    if (found !== undefined && (ours === mailbox || hasRole(server, found, reply))) return found;
  }
  return permitted[0];
}

function readFrom(from: MailAddress): MailboxAddress {
  const parsed = parseAddress(from);
  if (parsed.ok) return parsed.value;
  throw new MailroomError(PROBLEM_CODES[parsed.problem] ?? 'FROM_INVALID', {
    message: `From is not one plain address: ${parsed.problem}`,
    field: 'from',
  });
}

/** Roles of which an agent needs one to use this From; none: every agent may use it. */
const rolesFor = (server: SmtpServer, { normal }: MailboxAddress): readonly string[] =>
  Object.entries(server.fromRoles).find(([address]) => (normalAddress(address) ?? address) === normal)?.[1] ?? [];

function hasRole(server: SmtpServer, chosen: MailboxAddress, { agent }: Pick<Reply, 'agent'>): boolean {
  const roles = rolesFor(server, chosen);
  return roles.length === 0 || roles.some((role) => agent?.roles?.includes(role));
}

function checkRole(server: SmtpServer, chosen: MailboxAddress, reply: Pick<Reply, 'agent'>): void {
  if (hasRole(server, chosen, reply)) return;
  throw new MailroomError('FROM_ROLE_REQUIRED', {
    message: `From ${chosen.address} is restricted to the roles ${rolesFor(server, chosen).join(', ')}`,
    field: 'agent.roles',
  });
}

function notPermitted(permitted: readonly MailboxAddress[], asked: string | undefined): MailroomError {
  return new MailroomError('FROM_NOT_PERMITTED', {
    message:
      asked === undefined ? 'This server has no permitted From' : `From ${asked} is not permitted on this server`,
    field: 'from',
    permitted: permitted.map((address) => address.address),
  });
}
