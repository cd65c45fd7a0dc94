// Table of the IMAP commands: which function, in which state, whether UID may precede it.
import { authenticate, login } from './authenticate.ts';
import { append, closeFolder, copy, expunge, store } from './change.ts';
import { NOT_CONNECTED } from './command-faults.ts';
import { fetch } from './fetch.ts';
import { create, deleteFolder, list, namespace, rename, select, status, subscribe } from './folders.ts';
import { idle } from './idle.ts';
import { search } from './search.ts';
import { INVALID_SET, type Position, resolveSet } from './sequence.ts';
import type { Answer, Command, InFolder, Run, Session, SignedIn } from './session-types.ts';
import { textOf } from './tokens.ts';

interface Entry {
  run: Run<Session>;
  uid: boolean;
  /** Sequence numbers must not shift while it runs. */
  numbered: boolean;
}

/** Exactly what Exchange Online announces (SwiftMail#109): no CONDSTORE, QRESYNC, SPECIAL-USE, NOTIFY, ESEARCH. */
export function capability(session: Session): string {
  if (!session.newFrontEnd)
    return 'IMAP4 IMAP4rev1 AUTH=PLAIN AUTH=XOAUTH2 SASL-IR UIDPLUS MOVE ID UNSELECT CHILDREN IDLE NAMESPACE LITERAL+';
  if (!session.mailbox) return 'IMAP4rev1 IMAP4rev2 AUTH=XOAUTH2 SASL-IR LOGINDISABLED ID';
  return 'IMAP4rev1 IMAP4rev2 ENABLE SASL-IR UIDPLUS MOVE ID UNSELECT CHILDREN IDLE NAMESPACE LITERAL+';
}

const INVALID_STATE = 'BAD Command received in Invalid state.';

const isSignedIn = (session: Session): session is SignedIn => session.mailbox !== undefined;
const isInFolder = (session: SignedIn): session is InFolder => session.selected !== undefined;

const anywhere = (run: Run<Session>): Entry => ({ run, uid: false, numbered: false });
const signIn = (run: Run<Session>): Entry =>
  anywhere((session, command) => (isSignedIn(session) ? INVALID_STATE : run(session, command)));
const mailbox = (run: Run<SignedIn>): Entry =>
  anywhere((session, command) => {
    if (!isSignedIn(session)) return INVALID_STATE;
    return session.connected ? run(session, command) : NOT_CONNECTED;
  });
const folder = (run: Run<InFolder>): Entry =>
  mailbox((session, command) => (isInFolder(session) ? run(session, command) : INVALID_STATE));
const byUid = (entry: Entry): Entry => ({ ...entry, uid: true });
/** For commands whose first argument is a set of messages. */
const messages = (
  run: (session: InFolder, command: Command, found: readonly Position[]) => Answer | Promise<Answer>,
): Entry =>
  byUid(
    folder((session, command) => {
      const found = resolveSet(session.selected.view, textOf(command.args[0]) ?? '', command.byUid);
      return found === 'invalid' ? INVALID_SET : run(session, command, found);
    }),
  );
const numbered = (entry: Entry): Entry => ({ ...entry, numbered: true });

const noop: Run<Session> = (_session, command) => `OK ${command.name} completed.`;

export const COMMANDS: Readonly<Record<string, Entry>> = {
  CAPABILITY: anywhere((session) => {
    session.output.put(`* CAPABILITY ${capability(session)}\r\n`);
    return 'OK CAPABILITY completed.';
  }),
  ID: anywhere(({ output }) => {
    output.put('* ID ("name" "Microsoft.Exchange.Imap4.Imap4Server" "version" "15.20" "support-url" "sandbox")\r\n');
    return 'OK ID completed.';
  }),
  LOGOUT: anywhere(async (session, { tag }) => {
    session.output.put('* BYE Microsoft Exchange Server IMAP4 server signing off.\r\n');
    await session.output.line(`${tag} OK LOGOUT completed.`);
    session.end();
    return undefined;
  }),
  AUTHENTICATE: signIn(authenticate),
  LOGIN: signIn((session, command) => (session.newFrontEnd ? 'NO LOGIN is disabled.' : login(session, command))),
  NOOP: anywhere(noop),
  ENABLE: mailbox((session, command) => {
    if (!session.newFrontEnd) return 'BAD Command Error. 12';
    session.rev2 = command.args.some((token) => textOf(token)?.toUpperCase() === 'IMAP4REV2');
    session.output.put(`* ENABLED${session.rev2 ? ' IMAP4rev2' : ''}\r\n`);
    return 'OK ENABLE completed.';
  }),
  NAMESPACE: mailbox(namespace),
  LIST: mailbox(list),
  LSUB: mailbox(list),
  STATUS: mailbox(status),
  SELECT: mailbox(select),
  EXAMINE: mailbox(select),
  CREATE: mailbox(create),
  DELETE: mailbox(deleteFolder),
  RENAME: mailbox(rename),
  SUBSCRIBE: mailbox(subscribe),
  UNSUBSCRIBE: mailbox(subscribe),
  APPEND: mailbox(append),
  IDLE: mailbox(idle),
  CHECK: mailbox(noop),
  CLOSE: folder(closeFolder),
  UNSELECT: folder(closeFolder),
  EXPUNGE: byUid(folder(expunge)),
  FETCH: numbered(messages(fetch)),
  SEARCH: numbered(byUid(folder(search))),
  STORE: numbered(messages(store)),
  COPY: messages(copy),
  MOVE: messages(copy),
};
