// `mailroom tail <flow>`: shows arriving messages readably (or as JSON lines) without consuming them, until it is interrupted.
import type { Command } from 'commander';
import type { Message } from '../contract/message.ts';
import { firstSignal } from '../lib/signals.ts';
import { connected } from './connect.ts';
import { print } from './output.ts';

export function tailCommand(program: Command): void {
  program
    .command('tail')
    .argument('<flow>', 'email flow')
    .description('show messages as they arrive on an email flow, without consuming them')
    .option('--json', 'one JSON object per line')
    .action(async (emailFlow: string, options: { json?: boolean }, command: Command) =>
      connected(command, ({ stores }) =>
        tail({
          emailFlow,
          json: options.json === true,
          follow: stores.tail,
          write: (line) => print(`${line}\n`),
          until: firstSignal(5_000),
        }),
      ),
    );
}

interface TailOptions {
  emailFlow: string;
  /** One JSON object a line instead of text. */
  json: boolean;
  /** Starts watching: adapters/queue/tail.ts. */
  follow(emailFlow: string, onMessage: (message: Message) => void): Promise<{ close(): Promise<void> }>;
  write(line: string): void;
  /** Resolves at the end, by a signal. */
  until: Promise<unknown>;
}

export async function tail({ emailFlow, json, follow, write, until }: TailOptions): Promise<void> {
  const watching = await follow(emailFlow, (message) => write(json ? JSON.stringify(message) : messageLines(message)));
  if (!json) write(`Messages of the email flow ${visible(emailFlow)}, as they arrive (Ctrl+C ends it):`);
  try {
    await until;
  } finally {
    await watching.close();
  }
}

/** A message in a few lines for people. */
export function messageLines(message: Message): string {
  const { from, to, attachments, automatic, conversation, warnings } = message;
  const people = (list: Message['from']) =>
    list.map(({ name, address }) => (name === '' ? address : `${name} <${address}>`)).join(', ');
  const body = message.replyText ?? message.text?.value ?? '';
  const preview = body.replace(/\s+/g, ' ').trim();
  const facts = [
    ...(automatic.kind === 'none' ? [] : [automatic.kind]),
    ...(conversation.matchedBy === 'new' ? [] : [`conversation by ${conversation.matchedBy}`]),
    ...(message.importance === 'normal' ? [] : [`${message.importance} importance`]),
    ...(message.parse === 'complete' ? [] : [`parse ${message.parse}`]),
    ...(warnings.length === 0
      ? []
      : [`${warnings.length} warnings: ${[...new Set(warnings.map(({ code }) => code))].join(', ')}`]),
  ];
  return [
    `${message.receivedAt}  ${message.server} (${message.folder} ${message.uid})  ${message.messageKey}`,
    `  From:    ${people(from)}`,
    `  To:      ${people(to)}`,
    `  Subject: ${message.subject}`,
    ...(preview === '' ? [] : [`  ${preview.length > 160 ? `${preview.slice(0, 160)}…` : preview}`]),
    ...attachments.map(({ filename, contentType, size }) => `  + ${filename} (${contentType}, ${size} bytes)`),
    ...(facts.length === 0 ? [] : [`  [${facts.join('; ')}]`]),
  ]
    .map(visible)
    .join('\n');
}

/** Text from strangers must not control the terminal: control characters and direction overrides are shown, not executed. */
function visible(text: string): string {
  return text.replace(
    /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
