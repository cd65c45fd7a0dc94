// One IMAP connection: commands run one after the other in the order they came (pipelining is fine).
import type { Socket } from 'node:net';
import { HOSTNAME, type Tenant } from '../tenant.ts';
import { afterSignIn } from './authenticate.ts';
import { answeredByFault } from './command-faults.ts';
import { COMMANDS, capability } from './commands.ts';
import { createOutput } from './output.ts';
import { readCommands } from './reader.ts';
import { leaveFolder, notify } from './selected.ts';
import type { Command, Session } from './session-types.ts';
import { type CommandPart, parseTokens } from './tokens.ts';

/** Commands waiting before the socket is paused. */
const MAX_WAITING = 64;
/** BAD answers in a row after which Exchange closes the connection. */
const MAX_ERRORS = 10;
/** Longest timer, ms. */
const MAX_TIMER = 2 ** 31 - 1;

/** Serves the connection; calls `ended` once, when it closes. `raw` is the TCP socket beneath TLS. */
export function serveSession(socket: Socket, raw: Socket, tenant: Tenant, ended: () => void): Session {
  const session = createSession(socket, raw, tenant);
  const enqueue = createQueue(socket, session);
  readCommands(socket, {
    command: (parts) => enqueue(() => run(session, parts)),
    literalAnnounced: () => enqueue(() => session.output.line('+ Ready for additional command text.')),
    overflow: () => void session.bye('Connection is closed. 13'),
  });
  socket.on('error', () => socket.destroy());
  socket.once('close', () => {
    leaveFolder(session);
    ended();
  });
  void session.output.line(
    session.newFrontEnd
      ? `* OK [CAPABILITY ${capability(session)}] tcpproxy/15.21.0001.000 ready`
      : `* OK The Microsoft Exchange IMAP4 service is ready. [${Buffer.from(HOSTNAME).toString('base64')}]`,
  );
  return session;
}

function createSession(socket: Socket, raw: Socket, tenant: Tenant): Session {
  const { faults } = tenant;
  const mailbox = () => session.mailbox?.address ?? '';
  const output = createOutput(socket, () => {
    const slow = session.peek('slowBytes');
    return slow && (slow.bytesPerSecond ?? 1000);
  });
  let errors = 0;

  const session: Session = {
    tenant,
    output,
    newFrontEnd: faults.peek('imap4rev2FrontEnd') !== undefined,
    mailbox: undefined,
    connected: false,
    selected: undefined,
    rev2: false,
    continuation: undefined,
    idling: false,
    lastCommand: '',
    take: (name, at) => (faults.none ? undefined : faults.take(name, { mailbox: mailbox(), ...at })),
    peek: (name, at) => (faults.none ? undefined : faults.peek(name, { mailbox: mailbox(), ...at })),
    async answer(tag, text) {
      await output.line(`${tag} ${text}`);
      errors = text.startsWith('BAD') ? errors + 1 : 0;
      if (errors >= MAX_ERRORS) await session.bye('Connection is closed. 14');
    },
    expireAt(time) {
      const expire = () => void session.bye('Session invalidated - AccessTokenExpired');
      const timer = setTimeout(expire, Math.min(time - Date.now(), MAX_TIMER)).unref();
      socket.once('close', () => clearTimeout(timer));
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
  return session;
}

/** Runs tasks one after the other; pauses the socket while too many wait. */
function createQueue(socket: Socket, { output, answer }: Session): (task: () => Promise<void>) => void {
  const waiting: (() => Promise<void>)[] = [];
  let running = false;

  async function work(): Promise<void> {
    running = true;
    for (let task = waiting.shift(); task && !socket.destroyed && !output.stalled; task = waiting.shift()) {
      await task().catch((error: unknown) =>
        answer('*', `BAD ${error instanceof Error ? error.message : 'Server error'}`),
      );
      if (waiting.length < MAX_WAITING && socket.isPaused() && !output.stalled) socket.resume();
    }
    running = false;
  }

  return (task) => {
    waiting.push(task);
    if (waiting.length >= MAX_WAITING) socket.pause();
    if (!running) void work();
  };
}

async function run(session: Session, parts: CommandPart[]): Promise<void> {
  const line = typeof parts[0] === 'string' ? parts[0] : '';
  if (session.continuation) return session.continuation(line);
  const command = readCommand(line, parts);
  if (!command) return session.answer(line.split(' ')[0] || '*', 'BAD Command Error. 12');
  const { name, tag, byUid } = command;
  session.lastCommand = name;
  if (await answeredByFault(session, command)) return;
  const entry = COMMANDS[name];
  if (!entry || (byUid && !entry.uid)) return session.answer(tag, 'BAD Command Error. 12');
  const result = await entry.run(session, command);
  if (result === undefined) return session.output.flush();
  notify(session, byUid || !entry.numbered);
  await session.answer(tag, result);
  if (name === 'LOGIN' || name === 'AUTHENTICATE') afterSignIn(session);
}

/** @returns undefined when it is no command */
function readCommand(line: string, parts: CommandPart[]): Command | undefined {
  const match = /^(\S+) +(UID +)?([A-Za-z]\w*) ?([\s\S]*)$/i.exec(line);
  if (!match) return undefined;
  const [, tag = '*', uid, verb = '', rest = ''] = match;
  try {
    const args = parseTokens([rest, ...parts.slice(1)]);
    return { tag, name: verb.toUpperCase(), byUid: uid !== undefined, args };
  } catch {
    return undefined;
  }
}
