// Signing in: AUTHENTICATE XOAUTH2 and PLAIN, LOGIN, with Exchange Online's answers. Missing permissions show only later, at the first
// command, as `BAD User is authenticated but not connected.`: Exchange accepts the token and fails to open the mailbox.
import type { Principal } from '../directory.ts';
import { readXoauth2 } from '../oauth/xoauth2.ts';
import type { Answer, Run, Session } from './session-types.ts';
import { textOf } from './tokens.ts';

const FAILED = 'NO AUTHENTICATE failed.';

type Credentials = { user: string; token: string } | { user: string; password: string };

const MECHANISMS: Readonly<Record<string, (base64: string) => Credentials>> = {
  XOAUTH2: readXoauth2,
  PLAIN(base64) {
    const [, user = '', password = ''] = Buffer.from(base64, 'base64').toString().split('\0');
    return { user, password };
  },
};

/** AUTHENTICATE mechanism [initial-response] (RFC 3501 §6.2.2, RFC 4959). */
export const authenticate: Run<Session> = async (session, { tag, name, args }) => {
  const read = MECHANISMS[textOf(args[0])?.toUpperCase() ?? ''];
  if (!read) return 'NO Unsupported authentication mechanism.';
  const initial = textOf(args[1]);
  if (initial !== undefined) return signIn(session, name, read(initial === '=' ? '' : initial));
  await session.output.line('+ ');
  session.continuation = async (line) => {
    session.continuation = undefined;
    const answer = line === '*' ? 'BAD AUTHENTICATE cancelled.' : signIn(session, name, read(line));
    await session.output.line(`${tag} ${answer}`);
    afterSignIn(session);
  };
  return undefined;
};

/** LOGIN user password (RFC 3501 §6.2.3). */
export const login: Run<Session> = (session, { name, args }) =>
  signIn(session, name, { user: textOf(args[0]) ?? '', password: textOf(args[1]) ?? '' });

/** Faults that strike right after sign-in. */
export function afterSignIn(session: Session): void {
  if (!session.mailbox) return;
  if (session.take('dropAfterLogin')) session.drop();
  else if (session.peek('halfOpen')?.newSessions) session.output.stall();
}

function signIn(session: Session, verb: string, credentials: Credentials): Answer {
  const { user } = credentials;
  const { directory, faults, store } = session.tenant;
  const fault = faultAtSignIn(session, user);
  if (fault) return fault;
  const mailbox = store.mailbox(user);
  const principal = 'token' in credentials ? byToken(session, credentials) : byPassword(session, credentials);
  if (!principal || !mailbox) return `NO ${verb} failed.`;
  const isAllowed = directory.mayOpen(principal, mailbox.address) && directory.find(user)?.imap !== false;
  session.mailbox = mailbox;
  session.connected = isAllowed && !faults.peek('notConnected', { mailbox: mailbox.address });
  return `OK ${verb} completed.`;
}

function byToken(session: Session, { user, token }: { user: string; token: string }): Principal | undefined {
  const { tokens, faults } = session.tenant;
  const grant = tokens.grant(token);
  if (!grant?.protocols.imap) return undefined;
  // The server notes the last token issued in `after` when the fault is set (see imap/server.ts).
  const expired = faults.peek('tokenExpiredNow', { mailbox: user });
  if (expired?.refuseOldTokens === true && grant.serial <= (expired.after ?? 0)) return undefined;
  session.expireAt(grant.expiresAt);
  return grant.principal;
}

function byPassword(
  { tenant }: Session,
  { user, password }: { user: string; password: string },
): Principal | undefined {
  const known = tenant.directory.passwordMatches(user, password) ? tenant.directory.find(user) : undefined;
  return known && { kind: 'person', address: known.address };
}

function faultAtSignIn({ tenant: { faults } }: Session, mailbox: string): Answer {
  if (faults.take('authFailed', { mailbox })) return FAILED;
  if (faults.take('serverUnavailable15', { mailbox, at: 'login' })) return 'NO Server Unavailable. 15';
  const commandError = faults.take('commandError', { mailbox, command: 'AUTHENTICATE' });
  return commandError ? `BAD Command Error. ${commandError.number ?? 10}` : undefined;
}
