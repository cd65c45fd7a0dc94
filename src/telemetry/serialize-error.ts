// The fields of an error that may be shown: an allow-list for the log, the command line and problem details. Libraries attach requests to their errors
// (ioredis: the command with its arguments; MSAL, imapflow, nodemailer, the AWS SDK: request and answer), so only the fields named here are shown, and
// their words are scrubbed.
import { withoutSignIn } from '../lib/text.ts';

export interface ShownError {
  type: string;
  message: string;
  [field: string]: unknown;
}

/** Fields of our own errors only (domain/errors.ts). */
const OWN = ['class', 'hint', 'field', 'retryAfterMs', 'permitted'] as const;
/** Tokens of a protocol or operating system: short, and of these characters only. */
const TOKENS = ['code', 'syscall', 'address', 'hostname', 'serverResponseCode'] as const;
const NUMBERS = ['errno', 'port', 'responseCode', 'statusCode'] as const;
const TOKEN = /^[A-Za-z0-9_.:%/[\]-]{1,100}$/;
const COMMAND = /^[A-Za-z][A-Za-z0-9 _-]{0,40}$/;
const MESSAGE_LENGTH = 500;
const FRAMES = 8;
/** Nested causes that are shown. */
const DEPTH = 3;

/** Undefined for nothing; any other value becomes type and message. */
export function serializeError(thrown: unknown): ShownError | undefined {
  if (thrown === undefined || thrown === null) return undefined;
  if (!(thrown instanceof Error))
    return { type: typeof thrown, message: scrub(typeof thrown === 'string' ? thrown : '') };
  // A connection that was tried at several addresses has its reason in the parts only.
  const error = thrown instanceof AggregateError && thrown.errors[0] instanceof Error ? thrown.errors[0] : thrown;
  const stack = isOurs(error) ? undefined : framesOf(error);
  return { ...describe(error, DEPTH), ...(stack === undefined ? {} : { stack }) };
}

const isOurs = ({ name }: Error): boolean => name === 'MailroomError';

function describe(error: Error, depth: number): ShownError {
  const from = error as Error & Record<string, unknown>;
  const own = isOurs(error);
  // The words of a cause are in the remote text of the error around it, if they may be shown.
  const words = own ? scrubOwn(from.message) : depth === DEPTH ? scrub(wordsOf(from)) : '';
  const shown: ShownError = { type: TOKEN.test(from.name) ? from.name : 'Error', message: words };
  for (const field of TOKENS) {
    const value = from[field];
    if (typeof value === 'string' && TOKEN.test(value)) shown[field] = value;
  }
  for (const field of NUMBERS) if (typeof from[field] === 'number') shown[field] = from[field];
  const command = commandOf(from.command);
  if (command !== undefined) shown.command = command;
  if (own) {
    for (const field of OWN) if (from[field] !== undefined) shown[field] = from[field];
    if (from.remote !== undefined) shown.remote = shownRemote(from.remote);
  } else {
    const status = (from.$metadata as { httpStatusCode?: unknown } | undefined)?.httpStatusCode;
    if (typeof status === 'number') shown.statusCode = status;
  }
  if (from.cause instanceof Error && depth > 0) shown.cause = describe(from.cause, depth - 1);
  return shown;
}

/** An error in one line or a few, for a terminal: type, words, address and errno, then the frames of the stack. */
export function errorText(thrown: unknown): string {
  const shown = serializeError(thrown);
  if (shown === undefined) return 'unknown error';
  const lines: string[] = [];
  for (let one: ShownError | undefined = shown; one !== undefined; one = one.cause as ShownError | undefined) {
    const at =
      one.address === undefined ? '' : ` (${[one.address, one.port].filter((part) => part !== undefined).join(':')})`;
    const code = one.code === undefined || one.message.includes(String(one.code)) ? '' : ` ${String(one.code)}`;
    lines.push(`${one.type}:${code} ${one.message}${at}`);
  }
  return [lines.join('\n  because of '), ...(typeof shown.stack === 'string' ? [shown.stack] : [])].join('\n');
}

/**
 * Removes from the words of a library or remote system what they may quote: passwords in addresses, tokens, mail addresses, subjects, pieces of text.
 * At most 500 characters, on one line.
 */
export function scrub(text: string): string {
  return scrubOwn(text)
    .replace(/\b(subject|betreff)\s*[:=].*/i, '$1: …')
    .replace(/[A-Za-z0-9+/_=-]{40,}/g, '…')
    .replace(/(["“„«`])((?:(?!["”“»`]).)*)(["”“»`])/g, (all, open: string, quoted: string, close: string) =>
      TOKEN.test(quoted) ? all : `${open}…${close}`,
    )
    .replace(/(?<=^|[\s([:=])'((?:[^']|'(?=\w))*)'(?=$|[\s)\].,;:!])/g, (all, quoted: string) =>
      TOKEN.test(quoted) ? all : "'…'",
    );
}

/** Our own words quote only names of the configuration, but may contain a remote system's words. */
function scrubOwn(text: string): string {
  return withoutSignIn(text.replace(/\s+/g, ' ').slice(0, MESSAGE_LENGTH))
    .replace(/\/\/[^\s/]*@/g, '//…@')
    .replace(/[^\s<>"'(),;:@[\]/…]+@[^\s<>"'(),;:@[\]]+/g, '(address)')
    .replace(/\b(bearer|basic|xoauth2)\s+[A-Za-z0-9+/=._~-]{8,}/gi, '$1 …')
    .replace(/\beyJ[\w-]+\.[\w-]+\.[\w-]*/g, '…')
    .replace(
      /\b([\w-]*(?:password|passwd|secret|token|assertion|authorization|api[_-]?key))(["']?\s*[=:]\s*)("[^"]*"|'[^']*'|[^\s,;&]+)/gi,
      '$1$2…',
    );
}

/** The message of a library's error, truncated where it begins to quote what we sent. */
function wordsOf(error: Error): string {
  // JSON.parse quotes its input: a message, a definition.
  if (error instanceof SyntaxError) return error.message.split(/["'`]/, 1)[0] ?? '';
  return error.message.replace(/,? with args beginning with:.*/s, '');
}

/** ioredis: an object with the arguments; nodemailer: the name. */
function commandOf(command: unknown): string | undefined {
  const name = typeof command === 'object' && command !== null ? (command as { name?: unknown }).name : command;
  return typeof name === 'string' && COMMAND.test(name) ? name : undefined;
}

function shownRemote(remote: unknown): Record<string, unknown> {
  const shown: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(remote as object))
    if (value !== undefined) shown[field] = typeof value === 'string' ? scrub(value) : value;
  return shown;
}

function framesOf({ stack }: Error): string | undefined {
  const frames = stack?.split('\n').filter((line) => /^\s+at /.test(line));
  return frames === undefined || frames.length === 0 ? undefined : frames.slice(0, FRAMES).join('\n');
}
