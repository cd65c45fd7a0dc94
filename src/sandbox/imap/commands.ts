// Table of the IMAP commands: which function, in which state, whether UID may stand before it.
import { authenticate, login } from './authenticate.ts';
import { append, closeFolder, copy, expunge, store } from './change.ts';
import { fetch } from './fetch.ts';
import { create, deleteFolder, list, namespace, rename, select, status, subscribe } from './folders.ts';
import { search } from './search.ts';
import type { CommandFunction, Session } from './session-types.ts';
import { textOf } from './tokens.ts';

interface Entry {
  run: CommandFunction;
  needs: 'nothing' | 'mailbox' | 'selected';
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

const noop: CommandFunction = (_session, command) => `OK ${command.name} completed.`;

const free = (run: CommandFunction): Entry => ({ run, needs: 'nothing', uid: false, numbered: false });
const mailbox = (run: CommandFunction): Entry => ({ run, needs: 'mailbox', uid: false, numbered: false });
const selected = (run: CommandFunction, numbered = false): Entry => ({ run, needs: 'selected', uid: true, numbered });

export const COMMANDS: Readonly<Record<string, Entry>> = {
  CAPABILITY: free((session) => {
    session.output.put(`* CAPABILITY ${capability(session)}\r\n`);
    return 'OK CAPABILITY completed.';
  }),
  ID: free((session) => {
    session.output.put(
      '* ID ("name" "Microsoft.Exchange.Imap4.Imap4Server" "version" "15.20" "support-url" "sandbox")\r\n',
    );
    return 'OK ID completed.';
  }),
  LOGOUT: free(async (session, command) => {
    session.output.put(
      '* BYE Microsoft Exchange Server IMAP4 server signing off.\r\n',
      `${command.tag} OK LOGOUT completed.\r\n`,
    );
    await session.output.flush();
    session.end();
    return undefined;
  }),
  AUTHENTICATE: free(signIn(authenticate)),
  LOGIN: free(signIn((session, command) => (session.newFrontEnd ? 'NO LOGIN is disabled.' : login(session, command)))),
  NOOP: free(noop),
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
  IDLE: mailbox(async (session, command) => {
    await session.startIdle(command.tag);
    return undefined;
  }),
  CHECK: mailbox(noop),
  CLOSE: mailbox(closeFolder),
  UNSELECT: mailbox(closeFolder),
  EXPUNGE: selected(expunge),
  FETCH: selected(fetch, true),
  SEARCH: selected(search, true),
  STORE: selected(store, true),
  COPY: selected(copy),
  MOVE: selected(copy),
};

function signIn(run: CommandFunction): CommandFunction {
  return (session, command) => (session.mailbox ? 'BAD Command received in Invalid state.' : run(session, command));
}
