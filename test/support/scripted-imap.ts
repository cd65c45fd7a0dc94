// A scripted IMAP server over TLS: answers like an ordinary server, and at chosen messages or commands does what a broken one does. One folder,
// INBOX. For tests of what Dovecot and the sandbox never do.
import { createServer, type TLSSocket } from 'node:tls';
import { tempDir } from './temp.ts';
import { makeCertificate } from './tls.ts';

interface ScriptedMessage {
  uid: number;
  raw: Buffer;
  flags?: string;
}

/**
 * What the server does when the content of a message is asked for:
 * - `nil`: the row says `BODY[] NIL`; `no-data`: the row has no body; `no-row`: there is no row, and OK in the end
 * - `no-uid`, `bad-date`, `no-date`, `no-size`: that item is missing or unreadable, the body is there
 * - `cut`: the connection ends within the literal; `close`: it ends instead of the row
 * - `no`, `bad`, `server-bug`: the command ends there with that answer; `refuse-all`: NO before any row
 * - `silence`: the server says nothing more; `stall`: it falls silent within the literal
 */
export type ScriptedFault =
  | 'nil'
  | 'no-data'
  | 'no-row'
  | 'no-uid'
  | 'bad-date'
  | 'no-date'
  | 'no-size'
  | 'cut'
  | 'close'
  | 'no'
  | 'bad'
  | 'server-bug'
  | 'refuse-all'
  | 'silence'
  | 'stall';

interface ScriptedConnection {
  socket: TLSSocket;
  send(text: string | Buffer): void;
  /** Messages as this session sees them: a stale one no longer follows the folder. */
  messages: () => readonly ScriptedMessage[];
}

export interface ScriptedImapOptions {
  capability?: string;
  /** Rows with these messages are added to each answer of FETCH, whatever was asked. */
  uninvited?: readonly ScriptedMessage[];
  /** SEARCH leaves these out. */
  hidden?: ReadonlySet<number>;
  uidValidity?: number;
  /** Lines of SELECT's answer that are left out. */
  withoutUidValidity?: boolean;
  withoutUidNext?: boolean;
  /** Handles a command; true: it is answered. */
  onCommand?: (connection: ScriptedConnection, tag: string, command: string) => boolean;
}

export const EXCHANGE_CAPABILITY =
  'IMAP4 IMAP4rev1 AUTH=PLAIN SASL-IR UIDPLUS MOVE ID UNSELECT CHILDREN IDLE NAMESPACE LITERAL+';

/** A small mail with a Message-ID of its own. */
export const scriptedMail = (n: number | string, extra = ''): Buffer =>
  Buffer.from(
    `From: Kim <kim@customer.example>\r\nTo: support@contoso.example\r\nDate: Mon, 23 Nov 2026 10:00:00 +0000\r\nSubject: Mail ${n}\r\nMessage-ID: <s-${n}@customer.example>\r\n\r\nText ${n}${extra}\r\n`,
  );

export async function startScriptedImap(
  messages: ScriptedMessage[],
  {
    capability = EXCHANGE_CAPABILITY,
    uninvited = [],
    hidden = new Set(),
    uidValidity = 14,
    withoutUidValidity = false,
    withoutUidNext = false,
    onCommand,
  }: ScriptedImapOptions = {},
) {
  const dir = tempDir('scripted-imap');
  const { certPem, keyPem } = await makeCertificate(dir.path);
  const sockets = new Set<TLSSocket>();
  const faults = new Map<number, ScriptedFault>();
  /** The same for a further piece of a large message. */
  const laterFaults = new Map<number, ScriptedFault>();
  const commands: string[] = [];
  const idling = new Map<TLSSocket, ScriptedConnection>();
  const state = { uidValidity, messages, faults, laterFaults, commands, connections: 0, stale: false };
  const nextUid = () => Math.max(0, ...state.messages.map(({ uid }) => uid)) + 1;

  const server = createServer({ key: keyPem, cert: certPem }, (socket) => {
    sockets.add(socket);
    state.connections++;
    let tagOfIdle: string | undefined;
    let awaitsPassword: string | undefined;
    let frozen: readonly ScriptedMessage[] | undefined;
    const connection: ScriptedConnection = {
      socket,
      send: (text) => void socket.write(text),
      messages: () => frozen ?? state.messages,
    };
    const { send } = connection;
    socket.on('error', () => {});
    socket.on('close', () => {
      sockets.delete(socket);
      idling.delete(socket);
    });
    send('* OK ready\r\n');
    let input = '';
    socket.on('data', (data) => {
      input += data.toString('latin1');
      for (let end = input.indexOf('\r\n'); end !== -1; end = input.indexOf('\r\n')) {
        const line = input.slice(0, end);
        input = input.slice(end + 2);
        onLine(line);
      }
    });

    function onLine(line: string): void {
      if (tagOfIdle !== undefined) {
        send(`${tagOfIdle} OK IDLE completed\r\n`);
        tagOfIdle = undefined;
        idling.delete(socket);
        return;
      }
      if (awaitsPassword !== undefined) {
        send(`${awaitsPassword} OK signed in\r\n`);
        awaitsPassword = undefined;
        return;
      }
      const [tag = '', ...rest] = line.split(' ');
      const command = rest.join(' ');
      commands.push(command);
      if (onCommand?.(connection, tag, command) === true) return;
      const name = command.toUpperCase();
      if (name === 'CAPABILITY') send(`* CAPABILITY ${capability}\r\n${tag} OK\r\n`);
      else if (name === 'AUTHENTICATE PLAIN') {
        awaitsPassword = tag;
        send('+ \r\n');
      } else if (/^(AUTHENTICATE|LOGIN)/.test(name)) send(`${tag} OK signed in\r\n`);
      else if (name.startsWith('ID ')) send(`* ID NIL\r\n${tag} OK\r\n`);
      else if (name.startsWith('NAMESPACE')) send(`* NAMESPACE (("" "/")) NIL NIL\r\n${tag} OK\r\n`);
      else if (/^(LIST|LSUB)/.test(name)) send(`* LIST () "/" INBOX\r\n* LIST () "/" Done\r\n${tag} OK\r\n`);
      else if (/^(SELECT|EXAMINE)/.test(name)) {
        if (state.stale) frozen = [...state.messages];
        const lines = [
          `* ${connection.messages().length} EXISTS`,
          '* FLAGS (\\Seen \\Deleted)',
          ...(withoutUidValidity ? [] : [`* OK [UIDVALIDITY ${state.uidValidity}] value`]),
          ...(withoutUidNext ? [] : [`* OK [UIDNEXT ${nextUid()}] value`]),
        ];
        send(`${lines.join('\r\n')}\r\n${tag} OK [READ-WRITE] opened\r\n`);
      } else if (name.startsWith('STATUS')) {
        const items = [
          `MESSAGES ${state.messages.length}`,
          `UIDNEXT ${nextUid()}`,
          ...(withoutUidValidity ? [] : [`UIDVALIDITY ${state.uidValidity}`]),
        ];
        send(`* STATUS INBOX (${items.join(' ')})\r\n${tag} OK\r\n`);
      } else if (name.startsWith('UID SEARCH')) {
        const low = Number(/UID (\d+):\*/.exec(name.slice(4))?.[1] ?? 0);
        const found = connection.messages().filter(({ uid }) => uid >= low && !hidden.has(uid));
        send(`* SEARCH${found.map(({ uid }) => ` ${uid}`).join('')}\r\n${tag} OK\r\n`);
      } else if (name.startsWith('UID FETCH')) fetch(tag, name);
      else if (name === 'IDLE') {
        tagOfIdle = tag;
        idling.set(socket, connection);
        send('+ idling\r\n');
      } else if (name === 'LOGOUT') {
        send(`* BYE\r\n${tag} OK\r\n`);
        socket.end();
      } else send(`${tag} OK\r\n`);
    }

    function fetch(tag: string, name: string): void {
      const end = (words: string): void => void socket.write(`${tag} ${words}\r\n`);
      const set = name.split(' ')[2] ?? '';
      const asked = connection
        .messages()
        .flatMap((message, i) => (within(set, message.uid) ? [{ ...message, seq: i + 1 }] : []));
      asked.push(...uninvited.map((message, i) => ({ ...message, seq: connection.messages().length + i + 1 })));
      const whole = name.includes('BODY.PEEK[]');
      if (whole && asked.some(({ uid }) => faults.get(uid) === 'refuse-all')) {
        end('NO refused');
        return;
      }
      for (const message of asked) {
        const { uid, raw, seq, flags = '' } = message;
        const [, from = '0', length = String(raw.length)] = /BODY\.PEEK\[\]<(\d+)\.(\d+)>/.exec(name) ?? [];
        const fault = whole ? (from === '0' ? faults : laterFaults).get(uid) : undefined;
        if (fault === 'close') return void socket.destroy();
        if (fault === 'silence') return;
        if (fault === 'no' || fault === 'bad' || fault === 'server-bug') {
          end(fault === 'bad' ? 'BAD broken' : fault === 'no' ? 'NO broken' : 'NO [SERVERBUG] internal error');
          return;
        }
        if (fault === 'no-row') continue;
        const items = [
          ...(fault === 'no-uid' ? [] : [`UID ${uid}`]),
          ...(fault === 'no-date'
            ? []
            : [`INTERNALDATE "${fault === 'bad-date' ? 'yesterday' : '23-Nov-2026 10:12:00 +0000'}"`]),
          ...(fault === 'no-size' ? [] : [`RFC822.SIZE ${raw.length}`]),
          `FLAGS (${flags})`,
        ].join(' ');
        const part = raw.subarray(Number(from), Number(from) + Number(length));
        const body = whole ? part : headOf(raw, /HEADER\.FIELDS \(([^)]+)\)/.exec(name)?.[1]);
        const label = whole
          ? `BODY[]<${from}>`
          : name.includes('HEADER.FIELDS')
            ? 'BODY[HEADER.FIELDS (MESSAGE-ID DATE FROM)]'
            : 'BODY[HEADER]';
        if (fault === 'nil') send(`* ${seq} FETCH (${items} BODY[]<0> NIL)\r\n`);
        else if (fault === 'no-data' || !/BODY/.test(name)) send(`* ${seq} FETCH (${items})\r\n`);
        else if (fault === 'cut' || fault === 'stall') {
          send(Buffer.concat([Buffer.from(`* ${seq} FETCH (${items} ${label} {${body.length + 300}}\r\n`), body]));
          if (fault === 'cut') socket.end();
          return;
        } else
          send(
            Buffer.concat([
              Buffer.from(`* ${seq} FETCH (${items} ${label} {${body.length}}\r\n`),
              body,
              Buffer.from(')\r\n'),
            ]),
          );
      }
      end('OK done');
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };

  return {
    ...state,
    port,
    caPem: certPem,
    /** Changeable while it runs. `stale`: sessions opened from now on do not notice what happens to the folder. */
    set(change: Partial<{ uidValidity: number; messages: ScriptedMessage[]; stale: boolean }>) {
      Object.assign(state, change);
    },
    connections: () => state.connections,
    /** A mail arrives; sessions in IDLE are told. */
    add(message: ScriptedMessage) {
      state.messages.push(message);
      for (const { send, messages: seen } of idling.values()) send(`* ${seen().length} EXISTS\r\n`);
    },
    /** Sends to all sessions in IDLE. */
    push(text: string) {
      for (const { send } of idling.values()) send(text);
    },
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
      dir.remove();
    },
  };
}

export type ScriptedImap = Awaited<ReturnType<typeof startScriptedImap>>;

function within(set: string, uid: number): boolean {
  return set.split(',').some((part) => {
    const [low, high = low] = part.split(':');
    return uid >= Number(low) && uid <= (high === '*' ? Number.POSITIVE_INFINITY : Number(high));
  });
}

/** The header block, or those fields of it. */
function headOf(raw: Buffer, fields: string | undefined): Buffer {
  const lines = (raw.toString('latin1').split('\r\n\r\n', 1)[0] ?? '').split('\r\n');
  const wanted = fields?.toLowerCase().split(' ');
  const kept = lines.filter(
    (line) => wanted === undefined || wanted.includes(line.split(':', 1)[0]?.toLowerCase() ?? ''),
  );
  return Buffer.from(`${kept.join('\r\n')}\r\n\r\n`, 'latin1');
}
