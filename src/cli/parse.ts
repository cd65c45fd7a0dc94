// `mailroom parse FILE… | -`: how Mailroom reads raw mails, as JSON, one line a file. For support and experiments.
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { asError } from '../domain/errors.ts';
import { mailboxContext } from '../domain/receiving-server.ts';
import { collect } from '../lib/streams.ts';
import { openParsing, unpacked } from '../parsing/index.ts';

/** Longest time of one mail, ms: the default of `inbound.parseTimeoutMs`. */
const TIMEOUT_MS = 10_000;

interface ParseCommandOptions {
  stamp?: string[];
  inlineBytes: number;
  imapHost: string;
  authservId?: string[];
  address?: string[];
  header?: string[];
}

/** Adds the command. Exit code 0 even for broken mails (they have warnings); 1 only when a file cannot be read. */
export function parseCommand(program: Command): void {
  program
    .command('parse')
    .description('print raw mails (.eml) as JSON, one line per file')
    .argument('<files...>', 'files with one raw RFC 5322 mail each; - reads from standard input')
    .option('--inline-bytes <n>', 'maximum bytes of text and of html in the output', bytes, 1_048_576)
    .option('--imap-host <host>', 'IMAP host of the mailbox: its Authentication-Results are believed', '')
    .option('--authserv-id <ids...>', 'authserv-ids that are believed instead')
    .option('--address <addresses...>', 'addresses of the mailbox: its User, and aliases')
    .option('--header <names...>', 'headers to print; * at the end matches any ending')
    .option('--stamp <texts...>', 'texts of your own mail system, as in inbound.stamps')
    .action(async (files: string[], options: ParseCommandOptions) => {
      const {
        inlineBytes: inlineTextBytes,
        imapHost: host,
        authservId,
        stamp: stamps = [],
        address: [user = '', ...aliases] = [],
        header = [],
      } = options;
      const trusted = authservId === undefined ? {} : { trustedAuthservIds: authservId.map((id) => id.toLowerCase()) };
      const mailbox = mailboxContext({ host, user, aliases, ...trusted });
      const parsing = openParsing({
        timeoutMs: TIMEOUT_MS,
        inlineTextBytes,
        stamps,
        messageHeaders: header.map((name) => name.toLowerCase()),
      });
      for (const file of files) {
        let raw: Uint8Array;
        try {
          raw = file === '-' ? await collect(process.stdin) : await readFile(file);
        } catch (thrown) {
          process.stderr.write(`${file}: ${asError(thrown).message}\n`);
          process.exitCode = 1;
          continue;
        }
        for (const message of await parsing.parse([raw], mailbox))
          await write(`${JSON.stringify({ file: file === '-' ? '-' : basename(file), ...unpacked(message) })}\n`);
      }
      await parsing.stop();
    });
}

function bytes(value: string): number {
  if (!/^\d{1,9}$/.test(value)) throw new InvalidArgumentError('a whole number from 0.');
  return Number(value);
}

/** Resolves once the pipe has accepted it, so that a slow reader does not fill our memory with messages. */
const write = (line: string): Promise<void> =>
  new Promise((resolve, reject) => {
    process.stdout.write(line, (error) => (error ? reject(error) : resolve()));
  });
