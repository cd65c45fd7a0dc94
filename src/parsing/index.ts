// The one door to mime/: bytes of strangers are parsed in worker threads that can be ended (pool.ts). Two things are done in the calling thread: decoding
// streams chunk by chunk, in time linear in the chunk, and the header of a mail that we composed ourselves.
import { availableParallelism } from 'node:os';
import { MailroomError } from '../domain/errors.ts';
import type { MailboxContext } from '../domain/receiving-server.ts';
import { type ParsedMessage, type ParseOptions, unreadable } from '../mime/index.ts';
import { type PackedMessage, unpacked } from './packed.ts';
import { type Ending, type Outcome, openPool, type PoolOptions } from './pool.ts';
import { areComplete, type ReplyBodies, type ReplyBodiesInput, replyBodies } from './reply-bodies.ts';

export { addressesOf, decodeSlice, type ParsedMessage, readHeaderBlock, unreadable } from '../mime/index.ts';
export { dropBodies, type PackedMessage, unpacked } from './packed.ts';
export type { QuotedMessage, ReplyBodies, ReplyBodiesInput } from './reply-bodies.ts';
export { createWholeBodies, type WholeBody } from './whole-bodies.ts';

export interface Parsing {
  /**
   * Raw mails → messages, in order. A mail that the parser fails on, or that ends its worker, is a message with `parse: failed` whose first warning says why:
   * `parse-timeout`, `parse-memory`, `parser-crashed`, `parser-failed`. The bytes must stay unchanged until then.
   * @param mailbox that they came to
   * @throws Error when no worker starts, or parsing is stopped
   */
  parse(raws: readonly Uint8Array[], mailbox?: MailboxContext): Promise<PackedMessage[]>;
  /** The same for one large mail, whose memory is transferred and gone afterwards. */
  parseLarge(raw: Uint8Array, mailbox?: MailboxContext): Promise<PackedMessage>;
  /** What can be known from the header block alone: `parse` is `headers-only`. */
  parseHeadersOnly(head: Uint8Array, mailbox?: MailboxContext): Promise<PackedMessage>;
  /** Text and html of a raw mail with nothing inline: all of it by reference. @throws Error as {@link Parsing.parse} */
  bodiesByReference(raw: Uint8Array): Promise<Pick<ParsedMessage, 'text' | 'html'>>;
  /** The text that the parser makes of whole html in UTF-8. @throws MailroomError MESSAGE_TEXT_UNKNOWN when that exceeds its bounds; Error as {@link Parsing.parse} */
  textOfHtml(html: Uint8Array): Promise<string>;
  /**
   * Bodies of a reply, and of the message quoted in it.
   * @throws MailroomError REPLY_NOT_COMPOSED when that exceeds its bounds; Error as {@link Parsing.parse}
   */
  replyBodies(input: ReplyBodiesInput): Promise<ReplyBodies>;
  /** Ends the workers; work in progress is rejected. */
  stop(): Promise<void>;
}

export interface ParsingOptions extends Pick<PoolOptions, 'timeoutMs' | 'onEnded'> {
  inlineTextBytes?: number;
  inlineHtmlBytes?: number;
  /** Headers that messages contain, lower case. */
  messageHeaders?: readonly string[];
  /** Words of the tenant's own mail system, `*` for any. */
  stamps?: readonly string[];
  /** Heap of one worker, MiB. */
  memoryMb?: number;
  /** Another module for the workers, in tests. */
  script?: URL | undefined;
}

/** Ten times what the largest mails have needed. */
const MEMORY_MB = 256;
/** More would not help: one thread fetches and commits. */
const MOST_WORKERS = 4;

/** Nothing is started before there is work. */
export function openParsing(options: ParsingOptions): Parsing {
  const { timeoutMs, inlineTextBytes, inlineHtmlBytes, messageHeaders, stamps } = options;
  const pool = openPool({
    script: options.script ?? workerScript,
    size: Math.max(1, Math.min(MOST_WORKERS, availableParallelism() - 1)),
    timeoutMs,
    memoryMb: options.memoryMb ?? MEMORY_MB,
    ...(options.onEnded === undefined ? {} : { onEnded: options.onEnded }),
  });
  const parseOptions: ParseOptions = {
    // A partial result is better than none: attachments are left out before the worker is ended.
    maxMillis: timeoutMs * 0.8,
    ...(inlineTextBytes === undefined ? {} : { inlineTextBytes }),
    ...(inlineHtmlBytes === undefined ? {} : { inlineHtmlBytes }),
    ...(messageHeaders === undefined ? {} : { headers: messageHeaders }),
    ...(stamps === undefined ? {} : { stamps }),
  };
  const optionsFor = (mailbox?: MailboxContext): ParseOptions =>
    mailbox === undefined ? parseOptions : { ...parseOptions, mailbox };
  const one = async (kind: 'message' | 'headers', raw: Uint8Array, handOver: boolean, mailbox?: MailboxContext) =>
    messageOf((await pool.run(kind, [raw], optionsFor(mailbox), handOver))[0] as Outcome<'message'>);

  return {
    parse: async (raws, mailbox) => (await pool.run('message', raws, optionsFor(mailbox))).map(messageOf),
    parseLarge: (raw, mailbox) => one('message', raw, true, mailbox),
    parseHeadersOnly: (head, mailbox) => one('headers', head, false, mailbox),
    async bodiesByReference(raw) {
      const options = { ...parseOptions, inlineTextBytes: 0 };
      return unpacked(messageOf((await pool.run('message', [raw], options))[0] as Outcome<'message'>));
    },
    async textOfHtml(html) {
      const [outcome] = (await pool.run('text', [html], {})) as [Outcome<'text'>];
      if ('result' in outcome) return outcome.result;
      throw new MailroomError('MESSAGE_TEXT_UNKNOWN', {
        message: `Making text of this html was ended: ${outcome.ending} (${outcome.detail})`,
      });
    },
    async replyBodies(input) {
      if (areComplete(input)) return replyBodies(input);
      const [outcome] = (await pool.run('reply', [input], {})) as [Outcome<'reply'>];
      if ('result' in outcome) return outcome.result;
      throw new MailroomError('REPLY_NOT_COMPOSED', {
        message: `Composing the bodies of this reply was ended: ${outcome.ending} (${outcome.detail})`,
      });
    },
    stop: pool.stop,
  };
}

/** Beside this file, as source or as built. */
const workerScript = new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js', import.meta.url);

const CODES: { [E in Ending]: string } = {
  timeout: 'parse-timeout',
  memory: 'parse-memory',
  crash: 'parser-crashed',
  error: 'parser-failed',
};

const messageOf = (outcome: Outcome<'message'>): PackedMessage =>
  'result' in outcome ? outcome.result : unreadable(CODES[outcome.ending], outcome.detail);
