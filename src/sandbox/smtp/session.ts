// One submission connection (RFC 6409 on RFC 5321): STARTTLS first, then XOAUTH2 or LOGIN, then messages. Reads as the dialogue it is;
// before each answer the faults of that stage are asked.
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { normalise } from '../addresses.ts';
import type { SmtpStage } from '../faults.ts';
import type { Tenant } from '../imap/session-types.ts';
import { type Exchange, HOSTNAME, type SignedIn } from './exchange.ts';
import { createInput } from './input.ts';
import type { Pace } from './pace.ts';
import { SMTP_REPLIES } from './replies.ts';
import { signIn } from './sign-in.ts';

/** What a connection that ended by a fault or by the client throws to leave the dialogue. */
const GONE = Symbol('connection is over');

export async function serveSubmission(
  raw: Socket,
  wrap: (raw: Socket) => Socket,
  tenant: Tenant,
  exchange: Exchange,
  pace: Pace,
): Promise<void> {
  const { settings, directory, store, faults } = tenant;
  let socket = raw;
  let input = createInput(socket);
  let secure = false;
  let who: SignedIn | undefined;
  let envelope: { from: string; to: string[]; notify: Map<string, readonly string[]> } | undefined;
  let chunks: Buffer[] = [];

  const mailbox = () => (who ? { mailbox: normalise(who.user) } : {});
  const say = (code: number, text: string): void => void socket.write(`${code} ${text}\r\n`);
  const gone = (): never => {
    throw GONE;
  };
  const cut = (): never => {
    socket.destroy();
    raw.destroy();
    return gone();
  };
  const closed = (): Promise<void> =>
    new Promise((resolve) => (raw.destroyed ? resolve() : raw.once('close', () => resolve())));

  /** Faults of a stage. @returns false when a fault has answered in the server's place. */
  const proceed = async (at: SmtpStage, recipient?: string): Promise<boolean> => {
    if (faults.none) return true;
    const circumstances = { ...mailbox(), at, ...(recipient ? { recipient } : {}) };
    const slow = faults.take('slowSmtp', circumstances);
    if (slow) await sleep(slow.milliseconds ?? 1000);
    if (at !== 'afterDot' && faults.take('stallSmtp', circumstances)) {
      await closed();
      gone();
    }
    if (faults.take('dropBeforeData', circumstances)) cut();
    const reply = faults.take('smtpReply', circumstances);
    if (!reply) return true;
    say(reply.code ?? 451, reply.text ?? '4.3.2 Temporary server error. Please try again later');
    if (reply.code === 421) {
      socket.end();
      gone();
    }
    return false;
  };

  const hello = async (name: string, extended: boolean): Promise<void> => {
    if (!(await proceed('ehlo'))) return;
    if (!/^(\[[\da-f.:a-z]+\]|[a-z\d]([a-z\d.-]*[a-z\d])?)$/i.test(name))
      return say(501, SMTP_REPLIES.invalidDomain.text);
    envelope = undefined;
    const greeting = `${HOSTNAME} Hello [${raw.remoteAddress ?? '127.0.0.1'}]`;
    if (!extended) return say(250, greeting);
    const extensions = [
      greeting,
      `SIZE ${settings.smtp.size}`,
      'PIPELINING',
      'DSN',
      ...(secure ? ['AUTH LOGIN XOAUTH2'] : ['STARTTLS']),
      '8BITMIME',
      'CHUNKING',
      'SMTPUTF8',
    ];
    socket.write(
      extensions.map((line, index) => `250${index === extensions.length - 1 ? ' ' : '-'}${line}\r\n`).join(''),
    );
  };

  const startTls = async (): Promise<void> => {
    if (secure) return say(503, '5.5.2 Only one STARTTLS command can be issued per session');
    input.detach();
    say(220, '2.0.0 SMTP server ready');
    socket = wrap(raw);
    input = createInput(socket);
    secure = true;
  };

  const auth = async (argument: string): Promise<void> => {
    if (!secure) return say(530, '5.7.57 Client not authenticated to send mail.');
    if (who) return say(503, '5.5.2 Already authenticated');
    const ask = async (prompt: string): Promise<string> => {
      say(334, prompt);
      return (await input.line()) ?? gone();
    };
    const [mechanism = '', initial] = argument.split(' ');
    const attempt = await signIn(tenant, mechanism.toUpperCase(), initial, ask);
    if ('user' in attempt) {
      who = attempt;
      if (!(await proceed('auth'))) {
        who = undefined;
        return;
      }
      pace.connected(normalise(attempt.user), raw);
      return say(235, '2.7.0 Authentication successful');
    }
    if (await proceed('auth')) say(attempt.code, attempt.text);
  };

  const mailFrom = async (argument: string): Promise<void> => {
    if (!(await proceed('mail'))) return;
    if (!who) return say(530, SMTP_REPLIES.notAuthenticated.text);
    const match = /^FROM:\s*<([^>]*)>(.*)$/i.exec(argument);
    if (!match) return say(501, '5.5.4 Invalid arguments');
    if (envelope) return say(503, '5.5.2 Sender already specified');
    if (pace.tooManyConnections(normalise(who.user))) return say(432, SMTP_REPLIES.concurrentConnections.text);
    const size = /\bSIZE=(\d+)/i.exec(match[2] ?? '')?.[1];
    if (size !== undefined && Number(size) > settings.smtp.size) return say(552, SMTP_REPLIES.tooLarge.text);
    envelope = { from: match[1] ?? '', to: [], notify: new Map() };
    chunks = [];
    say(250, '2.1.0 Sender OK');
  };

  const rcptTo = async (argument: string): Promise<void> => {
    const match = /^TO:\s*<([^>]+)>(.*)$/i.exec(argument);
    if (!(await proceed('rcpt', match?.[1]))) return;
    if (!envelope) return say(503, '5.5.2 Need mail command');
    const recipient = match?.[1];
    if (!recipient?.includes('@')) return say(501, '5.1.3 Invalid address');
    if (envelope.to.length >= settings.smtp.recipients) return say(452, SMTP_REPLIES.tooManyRecipientsNow.text);
    const unknown = directory.isInternal(recipient) && !store.mailbox(recipient);
    if (unknown && settings.smtp.unknownRecipient === 'refuse') return say(550, SMTP_REPLIES.recipientNotFound.text);
    envelope.to.push(recipient);
    const notify = /\bNOTIFY=([A-Z,]+)/i.exec(match?.[2] ?? '')?.[1];
    if (notify !== undefined) envelope.notify.set(recipient, notify.toUpperCase().split(','));
    say(250, '2.1.5 Recipient OK');
  };

  const data = async (): Promise<void> => {
    if (!(await proceed('data'))) {
      envelope = undefined;
      return;
    }
    if (!envelope) return say(503, '5.5.2 Need mail command');
    if (envelope.to.length === 0) return say(503, '5.5.2 Need rcpt command');
    say(354, 'Start mail input; end with <CRLF>.<CRLF>');
    const drop = faults.take('dropInData', mailbox());
    const message = await input.message(
      (bytes) => bytes <= settings.smtp.size && !(drop && bytes >= (drop.after ?? 1)),
    );
    if (!message || drop) return cut();
    await end(message);
  };

  /** BDAT size [LAST] (RFC 3030). */
  const bdat = async (argument: string): Promise<void> => {
    const match = /^(\d+)(\s+LAST)?$/i.exec(argument.trim());
    if (!match) return say(501, '5.5.4 Invalid arguments');
    const chunk = (await input.exactly(Number(match[1]))) ?? gone();
    if (!envelope || envelope.to.length === 0) return say(503, '5.5.2 Need rcpt command');
    if (faults.take('dropInData', mailbox())) cut();
    chunks.push(chunk);
    if (match[2] === undefined) return say(250, `2.0.0 CHUNK received OK, ${chunk.length} octets`);
    await end(Buffer.concat(chunks));
  };

  /** The message is complete: judge it, take it over, answer. */
  const end = async (message: Buffer): Promise<void> => {
    const current = envelope;
    envelope = undefined;
    if (!current || !who) return say(503, '5.5.2 Need mail command');
    const user = normalise(who.user);
    if (faults.take('dropAfterDotUnaccepted', mailbox())) cut();
    const stall = faults.take('stallSmtp', { ...mailbox(), at: 'afterDot' });
    if (stall?.unaccepted) {
      await closed();
      gone();
    }
    if (!(await proceed('afterDot'))) return;
    if (message.length > settings.smtp.size) return say(552, SMTP_REPLIES.tooLarge.text);
    if (pace.tooManyMessages(user)) return say(432, SMTP_REPLIES.senderThreadLimit.text);
    const refusal = exchange.refuse(who, current.from, message);
    if (refusal) return say(refusal.code, refusal.text);
    const submission = exchange.accept(who, current, message);
    if (stall) {
      await closed();
      gone();
    }
    if (faults.take('dropAfterDot', mailbox())) cut();
    say(250, `2.0.0 OK ${submission.messageId} [Hostname=${HOSTNAME}]`);
  };

  const commands: Record<string, (argument: string) => Promise<void> | void> = {
    EHLO: (name) => hello(name, true),
    HELO: (name) => hello(name, false),
    STARTTLS: startTls,
    AUTH: auth,
    MAIL: mailFrom,
    RCPT: rcptTo,
    DATA: data,
    BDAT: bdat,
    RSET() {
      envelope = undefined;
      say(250, '2.0.0 Resetting');
    },
    NOOP: () => say(250, '2.0.0 OK'),
    VRFY: () => say(252, '2.1.5 Cannot VRFY user'),
    QUIT() {
      say(221, '2.0.0 Service closing transmission channel');
      socket.end();
      gone();
    },
  };

  try {
    if (!(await proceed('connect'))) return void socket.end();
    say(220, `${HOSTNAME} Microsoft ESMTP MAIL Service ready at ${new Date().toUTCString()}`);
    for (;;) {
      const line = await input.line();
      if (line === undefined) return void raw.destroy();
      const [verb = '', ...rest] = line.split(' ');
      const run = commands[verb.toUpperCase()];
      if (run) await run(rest.join(' '));
      else say(500, '5.3.3 Unrecognized command');
    }
  } catch (error) {
    if (error !== GONE) raw.destroy();
  }
}
