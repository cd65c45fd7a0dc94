// One IMAP connection: commands run one after the other in the order they came (pipelining is fine), changes by others are told between
// commands, or at once during IDLE.
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type FolderChange, lowerBound } from '../store.ts';
import { afterSignIn } from './authenticate.ts';
import { COMMANDS, capability } from './commands.ts';
import { createOutput } from './output.ts';
import { readCommands } from './reader.ts';
import type { Command, Session, Tenant } from './session-types.ts';
import { type CommandPart, parseTokens } from './tokens.ts';

/** Commands waiting before the socket is paused. */
const MAX_WAITING = 64;
/** BAD answers after which Exchange closes the connection. */
const MAX_ERRORS = 10;

export interface SessionHandle extends Session {
  readonly lastCommand: string;
}

/** Serves the connection; `ended` is called once when it is over. `raw` is the TCP socket beneath TLS. */
export function serveSession(
  socket: Socket,
  raw: Socket,
  tenant: Tenant,
  secure: boolean,
  ended: () => void,
): SessionHandle {
  const { faults } = tenant;
  const address = () => session.mailbox?.address ?? '';
  const output = createOutput(socket, () =>
    faults.none ? undefined : rate(faults.peek('slowBytes', { mailbox: address() })),
  );
  const waiting: (() => Promise<void>)[] = [];
  let running = false;
  let pending: FolderChange[] = [];
  let watching: (() => void) | undefined;
  let expiry: NodeJS.Timeout | undefined;
  let errors = 0;
  let lastCommand = '';

  const session: SessionHandle = {
    tenant,
    output,
    mailbox: undefined,
    principal: undefined,
    connected: false,
    tokenExpiresAt: undefined,
    selected: undefined,
    rev2: false,
    newFrontEnd: faults.peek('imap4rev2FrontEnd') !== undefined,
    secure,
    continuation: undefined,
    idling: false,
    get lastCommand() {
      return lastCommand;
    },
    open(folder, readOnly) {
      session.selected = { folder, readOnly, view: [...folder.messages] };
      folder.watchers.add(changed);
      watching = () => folder.watchers.delete(changed);
    },
    close() {
      watching?.();
      watching = undefined;
      pending = [];
      session.selected = undefined;
    },
    signedIn(mailbox, principal, grant) {
      session.mailbox = mailbox;
      session.principal = principal;
      if (!grant) return;
      session.tokenExpiresAt = grant.expiresAt;
      expiry = setTimeout(
        () => void session.bye('Session invalidated - AccessTokenExpired'),
        Math.min(grant.expiresAt - Date.now(), 2 ** 31 - 1),
      );
      expiry.unref();
    },
    async startIdle(tag) {
      await output.line('+ IDLE accepted, awaiting DONE command.');
      session.idling = true;
      if (!faults.peek('muteIdle', { mailbox: address() })) tellChanges(true);
      await output.flush();
      const drop = faults.take('dropIdle', { mailbox: address() });
      if (drop) return session.drop(drop.reset);
      session.continuation = async (line) => {
        session.continuation = undefined;
        session.idling = false;
        if (!faults.peek('muteIdle', { mailbox: address() })) tellChanges(true);
        await answer(tag, line.toUpperCase() === 'DONE' ? 'OK IDLE completed.' : 'BAD Command Argument Error. 12');
      };
    },
    async bye(text) {
      if (output.stalled) return;
      await output.line(`* BYE ${text}`);
      session.end();
    },
    end() {
      socket.end();
      socket.destroySoon();
    },
    drop(reset = false) {
      if (reset) {
        try {
          raw.resetAndDestroy();
        } catch {
          raw.destroy();
        }
      }
      socket.destroy();
      raw.destroy();
    },
  };

  /** A change made by anybody, this session included. */
  function changed(change: FolderChange): void {
    if (change.kind === 'reset') {
      void session.bye('Session invalidated - Mailbox moved');
      return;
    }
    if (change.by === session && change.kind === 'flags') return;
    pending.push(change);
    if (session.idling && !faults.take('muteIdle', { mailbox: address() })) {
      tellChanges(true);
      void output.flush();
    }
  }

  /** EXPUNGE must wait while a command that uses sequence numbers runs (RFC 3501 §7.4.1). */
  function tellChanges(expungeAllowed: boolean): void {
    const { selected } = session;
    if (!selected || pending.length === 0) return;
    const held: FolderChange[] = [];
    let grown = false;
    for (const change of pending) {
      if (change.kind === 'reset') continue;
      const index = lowerBound(selected.view, change.message.uid);
      if (change.kind === 'added') {
        selected.view.splice(index, 0, change.message);
        grown = true;
      } else if (selected.view[index] !== change.message) {
        if (change.kind === 'expunged' && !expungeAllowed) held.push(change);
      } else if (change.kind === 'flags')
        output.put(`* ${index + 1} FETCH (FLAGS (${[...change.message.flags].join(' ')}))\r\n`);
      else if (!expungeAllowed) held.push(change);
      else {
        if (grown) output.put(`* ${selected.view.length} EXISTS\r\n`);
        grown = false;
        selected.view.splice(index, 1);
        output.put(`* ${index + 1} EXPUNGE\r\n`);
      }
    }
    if (grown) output.put(`* ${selected.view.length} EXISTS\r\n`);
    pending = held;
  }

  async function run(parts: CommandPart[]): Promise<void> {
    const line = typeof parts[0] === 'string' ? parts[0] : '';
    if (session.continuation) return session.continuation(line);
    const match = /^(\S+) +(UID +)?([A-Za-z]\w*) ?([\s\S]*)$/i.exec(line);
    if (!match) return answer(line.split(' ')[0] || '*', 'BAD Command Error. 12');
    const [, tag = '*', uid, verb = '', rest = ''] = match;
    let command: Command;
    try {
      command = {
        tag,
        name: verb.toUpperCase(),
        byUid: uid !== undefined,
        args: parseTokens([rest, ...parts.slice(1)]),
      };
    } catch {
      return answer(tag, 'BAD Command Error. 12');
    }
    lastCommand = command.name;
    if (!faults.none && (await struck(command))) return;
    const entry = COMMANDS[command.name];
    if (!entry || (command.byUid && !entry.uid)) return answer(tag, 'BAD Command Error. 12');
    if (entry.needs !== 'nothing' && !session.mailbox) return answer(tag, 'BAD Command received in Invalid state.');
    if (entry.needs !== 'nothing' && !session.connected)
      return answer(tag, 'BAD User is authenticated but not connected.');
    if (entry.needs === 'selected' && !session.selected) return answer(tag, 'BAD Command received in Invalid state.');
    const result = await entry.run(session, command);
    if (result === undefined) return output.flush();
    const muted = command.name === 'IDLE' && faults.peek('muteIdle', { mailbox: address() });
    if (!muted) tellChanges(command.byUid || !entry.numbered);
    await answer(tag, result);
    if (command.name === 'LOGIN' || command.name === 'AUTHENTICATE') afterSignIn(session);
  }

  /** Faults that answer in place of the command. @returns true when the command is done with. */
  async function struck(command: Command): Promise<boolean> {
    const circumstances = { mailbox: address(), command: command.name };
    const slow = faults.take('slowCommand', circumstances);
    if (slow) await sleep(slow.milliseconds ?? 1000);
    const reply = faults.take('imapReply', circumstances);
    if (reply) {
      await answer(command.tag, reply.text ?? 'NO Server error.');
      return true;
    }
    if (!session.mailbox || command.name === 'LOGOUT') return false;
    for (const number of [13, 14] as const) {
      if (!faults.take(`closed${number}`, circumstances)) continue;
      await session.bye(`Connection is closed. ${number}`);
      return true;
    }
    if (faults.take('notConnected', circumstances)) {
      await answer(command.tag, 'BAD User is authenticated but not connected.');
      return true;
    }
    const throttle = faults.take('throttleImap', circumstances);
    if (!throttle) return false;
    await answer(
      command.tag,
      `${throttle.answer ?? 'BAD'} Request is throttled. Suggested Backoff Time: ${throttle.milliseconds ?? 92_415} milliseconds`,
    );
    if (throttle.bye) await session.bye('Connection is closed. 13');
    return true;
  }

  async function answer(tag: string, text: string): Promise<void> {
    await output.line(`${tag} ${text}`);
    errors = text.startsWith('BAD') ? errors + 1 : 0;
    if (errors >= MAX_ERRORS) await session.bye('Connection is closed. 14');
  }

  const enqueue = (task: () => Promise<void>): void => {
    waiting.push(task);
    if (waiting.length >= MAX_WAITING) socket.pause();
    if (!running) void pump();
  };

  async function pump(): Promise<void> {
    running = true;
    for (let task = waiting.shift(); task && !socket.destroyed && !output.stalled; task = waiting.shift()) {
      try {
        await task();
      } catch (error) {
        await answer('*', `BAD ${error instanceof Error ? error.message : 'Server error'}`);
      }
      if (waiting.length < MAX_WAITING && socket.isPaused() && !output.stalled) socket.resume();
    }
    running = false;
  }

  readCommands(socket, {
    command: (parts) => enqueue(() => run(parts)),
    literalAnnounced: () => enqueue(() => output.line('+ Ready for additional command text.')),
    overflow: () => void session.bye('Connection is closed. 13'),
  });
  socket.on('error', () => socket.destroy());
  socket.once('close', () => {
    session.close();
    clearTimeout(expiry);
    waiting.length = 0;
    ended();
  });
  const host = Buffer.from('SANDBOX.EURPRD01.PROD.OUTLOOK.COM').toString('base64');
  void output.line(
    session.newFrontEnd
      ? `* OK [CAPABILITY ${capability(session)}] tcpproxy/15.21.0001.000 ready`
      : `* OK The Microsoft Exchange IMAP4 service is ready. [${host}]`,
  );
  return session;
}

function rate(fault: { bytesPerSecond?: number } | undefined): number | undefined {
  return fault ? (fault.bytesPerSecond ?? 1000) : undefined;
}
