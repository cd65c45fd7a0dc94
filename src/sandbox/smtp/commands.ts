// The commands of submission (RFC 6409 on RFC 5321): STARTTLS first, then AUTH, then messages by DATA or BDAT.
import { normalise } from '../addresses.ts';
import { HOSTNAME } from '../tenant.ts';
import { createInput } from './input.ts';
import { SMTP_REPLIES, type SmtpStage } from './replies.ts';
import { signIn } from './sign-in.ts';
import { type Connection, cut, faultAt, mailboxOf, present, type Reply, send, stall } from './state.ts';

/** @returns the reply; undefined when it has been sent */
type Run = (connection: Connection, argument: string) => Reply | undefined | Promise<Reply | undefined>;

const reply = (code: number, text: string | string[]): Reply => ({ code, text });
const NO_MAIL = reply(503, '5.5.2 Need mail command');
const NO_RCPT = reply(503, '5.5.2 Need rcpt command');
const WRONG_ARGUMENTS = reply(501, '5.5.4 Invalid arguments');

/** The faults of the stage come first. */
const at =
  (stage: SmtpStage, run: Run): Run =>
  async (connection, argument) => {
    const fault = await faultAt(connection, stage, stage === 'rcpt' ? readRcpt(argument).recipient : undefined);
    if (fault && stage === 'data') connection.envelope = undefined;
    return fault ?? run(connection, argument);
  };

export const COMMANDS: Readonly<Record<string, Run>> = {
  EHLO: at('ehlo', (connection, name) => hello(connection, name, extensionsOf(connection))),
  HELO: at('ehlo', (connection, name) => hello(connection, name, [])),
  STARTTLS: startTls,
  AUTH: auth,
  MAIL: at('mail', mailFrom),
  RCPT: at('rcpt', rcptTo),
  DATA: at('data', data),
  BDAT: bdat,
  RSET(connection) {
    connection.envelope = undefined;
    return reply(250, '2.0.0 Resetting');
  },
  NOOP: () => reply(250, '2.0.0 OK'),
  VRFY: () => reply(252, '2.1.5 Cannot VRFY user'),
  QUIT: () => reply(221, '2.0.0 Service closing transmission channel'),
};

function hello(connection: Connection, name: string, extensions: string[]): Reply {
  if (!/^(\[[\da-f.:a-z]+\]|[a-z\d]([a-z\d.-]*[a-z\d])?)$/i.test(name)) return SMTP_REPLIES.invalidDomain;
  connection.envelope = undefined;
  return reply(250, [`${HOSTNAME} Hello [${connection.raw.remoteAddress ?? '127.0.0.1'}]`, ...extensions]);
}

const extensionsOf = ({ tenant, secure }: Connection): string[] => [
  `SIZE ${tenant.settings.smtp.size}`,
  'PIPELINING',
  'DSN',
  secure ? 'AUTH LOGIN XOAUTH2' : 'STARTTLS',
  '8BITMIME',
  'CHUNKING',
  'SMTPUTF8',
];

function startTls(connection: Connection): Reply | undefined {
  if (connection.secure) return reply(503, '5.5.2 Only one STARTTLS command can be issued per session');
  connection.input.detach();
  send(connection, reply(220, '2.0.0 SMTP server ready'));
  connection.socket = connection.wrap(connection.raw);
  connection.input = createInput(connection.socket);
  connection.secure = true;
  return undefined;
}

async function auth(connection: Connection, argument: string): Promise<Reply> {
  if (!connection.secure) return SMTP_REPLIES.notAuthenticated;
  if (connection.who) return reply(503, '5.5.2 Already authenticated');
  const ask = async (prompt: string): Promise<string> => {
    send(connection, reply(334, prompt));
    return present(await connection.input.line());
  };
  const [mechanism = '', initial] = argument.split(' ');
  const attempt = await signIn(connection.tenant, mechanism.toUpperCase(), initial, ask);
  if ('code' in attempt) return (await faultAt(connection, 'auth')) ?? attempt;
  connection.who = attempt;
  const fault = await faultAt(connection, 'auth');
  if (fault) {
    connection.who = undefined;
    return fault;
  }
  connection.pace.connected(normalise(attempt.user), connection.raw);
  return reply(235, '2.7.0 Authentication successful');
}

function mailFrom(connection: Connection, argument: string): Reply {
  const { who, pace, tenant } = connection;
  if (!who) return SMTP_REPLIES.notAuthenticated;
  const [, from, parameters = ''] = /^FROM:\s*<([^>]*)>(.*)$/i.exec(argument) ?? [];
  if (from === undefined) return WRONG_ARGUMENTS;
  if (connection.envelope) return reply(503, '5.5.2 Sender already specified');
  if (pace.tooManyConnections(normalise(who.user))) return SMTP_REPLIES.concurrentConnections;
  const size = /\bSIZE=(\d+)/i.exec(parameters)?.[1];
  if (Number(size ?? 0) > tenant.settings.smtp.size) return SMTP_REPLIES.tooLarge;
  connection.envelope = { from, to: [], notify: new Map() };
  connection.chunks = [];
  return reply(250, '2.1.0 Sender OK');
}

function readRcpt(argument: string): { recipient: string | undefined; parameters: string | undefined } {
  const [, recipient, parameters] = /^TO:\s*<([^>]+)>(.*)$/i.exec(argument) ?? [];
  return { recipient, parameters };
}

function rcptTo({ envelope, tenant }: Connection, argument: string): Reply {
  const { recipients, unknownRecipient } = tenant.settings.smtp;
  if (!envelope) return NO_MAIL;
  const { recipient, parameters = '' } = readRcpt(argument);
  if (!recipient?.includes('@')) return reply(501, '5.1.3 Invalid address');
  if (envelope.to.length >= recipients) return SMTP_REPLIES.tooManyRecipientsNow;
  const isUnknown = tenant.directory.isInternal(recipient) && !tenant.store.mailbox(recipient);
  if (isUnknown && unknownRecipient === 'refuse') return SMTP_REPLIES.recipientNotFound;
  envelope.to.push(recipient);
  const notify = /\bNOTIFY=([A-Z,]+)/i.exec(parameters)?.[1];
  if (notify !== undefined) envelope.notify.set(recipient, notify.toUpperCase().split(','));
  return reply(250, '2.1.5 Recipient OK');
}

async function data(connection: Connection): Promise<Reply> {
  const { envelope, tenant, input } = connection;
  if (!envelope) return NO_MAIL;
  if (envelope.to.length === 0) return NO_RCPT;
  send(connection, reply(354, 'Start mail input; end with <CRLF>.<CRLF>'));
  const drop = tenant.faults.take('dropInData', mailboxOf(connection));
  const most = Math.min(tenant.settings.smtp.size, drop ? (drop.after ?? 1) - 1 : Number.POSITIVE_INFINITY);
  const message = await input.message(most);
  return message && !drop ? complete(connection, message) : cut(connection);
}

/** BDAT size [LAST] (RFC 3030). */
async function bdat(connection: Connection, argument: string): Promise<Reply> {
  const match = /^(\d+)(\s+LAST)?$/i.exec(argument.trim());
  if (!match) return WRONG_ARGUMENTS;
  const chunk = present(await connection.input.exactly(Number(match[1])));
  const { envelope, chunks, tenant } = connection;
  if (!envelope || envelope.to.length === 0) return NO_RCPT;
  if (tenant.faults.take('dropInData', mailboxOf(connection))) cut(connection);
  chunks.push(chunk);
  if (match[2] === undefined) return reply(250, `2.0.0 CHUNK received OK, ${chunk.length} octets`);
  return complete(connection, Buffer.concat(chunks));
}

/** The message is complete: refuses or accepts it. */
async function complete(connection: Connection, message: Buffer): Promise<Reply> {
  const { envelope, who, tenant, pace, exchange } = connection;
  const { faults, settings } = tenant;
  connection.envelope = undefined;
  if (!envelope || !who) return NO_MAIL;
  const at = mailboxOf(connection);
  if (faults.take('dropAfterDotUnaccepted', at)) cut(connection);
  const stalled = faults.take('stallSmtp', { ...at, at: 'afterDot' });
  if (stalled?.unaccepted) await stall(connection);
  const fault = await faultAt(connection, 'afterDot');
  if (fault) return fault;
  if (message.length > settings.smtp.size) return SMTP_REPLIES.tooLarge;
  if (pace.tooManyMessages(normalise(who.user))) return SMTP_REPLIES.senderThreadLimit;
  const refusal = exchange.refuse(who, envelope.from, message);
  if (refusal) return refusal;
  const submission = exchange.accept(who, envelope, message);
  if (stalled) await stall(connection);
  if (faults.take('dropAfterDot', at)) cut(connection);
  return reply(250, `2.0.0 OK ${submission.messageId} [Hostname=${HOSTNAME}]`);
}
