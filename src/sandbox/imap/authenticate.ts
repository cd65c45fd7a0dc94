// Signing in: AUTHENTICATE XOAUTH2 and PLAIN, LOGIN, with Exchange Online's answers. Permission failures show only later, at the first
// command, as `BAD User is authenticated but not connected.`: Exchange takes the token and fails to open the mailbox.
import type { Principal } from '../directory.ts';
import type { AccessGrant } from '../oauth/tokens.ts';
import type { Answer, CommandFunction, Session } from './session-types.ts';
import { textOf } from './tokens.ts';

const FAILED = 'NO AUTHENTICATE failed.';
const LOGIN_FAILED = 'NO LOGIN failed.';

/** AUTHENTICATE mechanism [initial-response] (RFC 3501 §6.2.2, RFC 4959). */
export const authenticate: CommandFunction = async (session, command) => {
  const mechanism = textOf(command.args[0])?.toUpperCase();
  const finish = mechanism === 'XOAUTH2' ? xoauth2 : mechanism === 'PLAIN' ? plain : undefined;
  if (!finish) return 'NO Unsupported authentication mechanism.';
  const initial = textOf(command.args[1]);
  if (initial !== undefined) return finish(session, initial === '=' ? '' : initial);
  await session.output.line('+ ');
  session.continuation = async (line) => {
    session.continuation = undefined;
    const answer = line === '*' ? 'BAD AUTHENTICATE cancelled.' : await finish(session, line);
    if (answer !== undefined) await session.output.line(`${command.tag} ${answer}`);
    afterSignIn(session);
  };
  return undefined;
};

/** LOGIN user password (RFC 3501 §6.2.3). */
export const login: CommandFunction = (session, command) => {
  const fault = faultAtSignIn(session, textOf(command.args[0]) ?? '');
  if (fault) return fault;
  return passwordSignIn(session, textOf(command.args[0]) ?? '', textOf(command.args[1]) ?? '', LOGIN_FAILED);
};

/** Faults that strike right after sign-in. */
export function afterSignIn(session: Session): void {
  const { mailbox, tenant } = session;
  if (!mailbox) return;
  if (tenant.faults.take('dropAfterLogin', { mailbox: mailbox.address })) session.drop();
  else if (tenant.faults.peek('halfOpen', { mailbox: mailbox.address })?.newSessions) session.output.stall();
}

function xoauth2(session: Session, response: string): Answer {
  const match = /^user=([^\x01]*)\x01auth=Bearer ([^\x01]+)\x01\x01$/i.exec(Buffer.from(response, 'base64').toString());
  const user = match?.[1] ?? '';
  const fault = faultAtSignIn(session, user);
  if (fault) return fault;
  const { tokens, store } = session.tenant;
  const grant = tokens.grant(match?.[2] ?? '');
  const mailbox = store.mailbox(user);
  if (!grant?.protocols.imap || !mailbox || staleToken(session, grant.serial, user)) return FAILED;
  return opened(session, user, grant.principal, 'AUTHENTICATE', grant);
}

/** tokenExpiredNow with refuseOldTokens: the server stamps the fault with the last token issued (see imap/server.ts). */
function staleToken(session: Session, serial: number, user: string): boolean {
  const fault = session.tenant.faults.peek('tokenExpiredNow', { mailbox: user });
  return fault?.refuseOldTokens === true && serial <= (fault.after ?? 0);
}

function plain(session: Session, response: string): Answer {
  const [, user = '', password = ''] = Buffer.from(response, 'base64').toString().split('\0');
  return faultAtSignIn(session, user) ?? passwordSignIn(session, user, password, FAILED);
}

function passwordSignIn(session: Session, user: string, password: string, failed: string): Answer {
  const { directory } = session.tenant;
  if (!directory.passwordMatches(user, password)) return failed;
  return opened(
    session,
    user,
    { kind: 'person', address: directory.find(user)?.address ?? user },
    failed === FAILED ? 'AUTHENTICATE' : 'LOGIN',
  );
}

function opened(
  session: Session,
  user: string,
  principal: Principal,
  verb: string,
  grant?: Pick<AccessGrant, 'expiresAt' | 'serial'>,
): Answer {
  const { store, directory, faults } = session.tenant;
  const mailbox = store.mailbox(user);
  if (!mailbox) return FAILED;
  const allowed = directory.mayOpen(principal, mailbox.address) && directory.find(user)?.imap !== false;
  session.signedIn(mailbox, principal, grant);
  session.connected = allowed && !faults.peek('notConnected', { mailbox: mailbox.address });
  return `OK ${verb} completed.`;
}

function faultAtSignIn(session: Session, mailbox: string): Answer {
  const { faults } = session.tenant;
  if (faults.take('authFailed', { mailbox })) return FAILED;
  const unavailable = faults.peek('serverUnavailable15', { mailbox, at: 'login' });
  if (unavailable?.at === 'login') {
    faults.take('serverUnavailable15', { mailbox, at: 'login' });
    return 'NO Server Unavailable. 15';
  }
  const commandError = faults.take('commandError', { mailbox, command: 'AUTHENTICATE' });
  return commandError ? `BAD Command Error. ${commandError.number ?? 10}` : undefined;
}
