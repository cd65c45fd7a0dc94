// `mailroom replies`: the state of replies, and the decision about a held one (release sends it again, drop never does).
import { type Command, InvalidArgumentError } from 'commander';
import type { Result } from '../contract/result.ts';
import type { Replies } from '../outbound/index.ts';
import { table } from './table.ts';

/** Opens what the API of replies needs for the time of one action, and closes it again. */
type ConnectReplies = <T>(command: Command, action: (replies: Replies) => Promise<T>) => Promise<T>;

const LISTS = ['held', 'failed', 'uncertain', 'accepted', 'queued', 'dropped'] as const;
type List = (typeof LISTS)[number];

function listName(value: string): List {
  const found = LISTS.find((name) => name === value);
  if (found === undefined) throw new InvalidArgumentError(`one of ${LISTS.join(', ')}`);
  return found;
}

function count(value: string): number {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 1) throw new InvalidArgumentError('a whole number from 1');
  return number;
}

const row = (result: Result) => ({
  replyId: result.replyId,
  state: result.state,
  server: result.server,
  attempts: result.attempts ?? 0,
  code: result.failure?.code ?? '',
  reason: result.failure?.remote?.text ?? result.failure?.message ?? '',
});

const print = (value: unknown) => process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);

/** @param connect how the process reaches Redis and the blob store */
export function repliesCommand(program: Command, connect: ConnectReplies): void {
  const replies = program
    .command('replies')
    .description('list replies that are held, failed or uncertain; release or drop a held one')
    .argument('[state]', LISTS.join(' | '), listName, 'held')
    .option('--limit <n>', 'maximum number, newest first', count, 200)
    .option('--json', 'one JSON document')
    .action(async (state: List, options: { limit: number; json?: boolean }, command: Command) => {
      const results = await connect(command, (api) => api.listReplies(state, options.limit));
      if (options.json === true) return void print(results);
      if (results.length === 0) return void process.stdout.write(`no reply is ${state}\n`);
      process.stdout.write(table(results.map(row), ['replyId', 'state', 'server', 'attempts', 'code', 'reason']));
      if (state !== 'held') return;
      process.stdout.write(
        '\nmailroom replies show <replyId> says what is known; then mailroom replies release <replyId>, or drop <replyId>\n',
      );
    });

  replies
    .command('show')
    .description('show everything known about one reply, with the evidence for a decision')
    .argument('<replyId>')
    .action(async (replyId: string, _options: object, command: Command) => {
      const found = await connect(command, async (api) => ({
        result: await api.getReply(replyId),
        evidence: await api.evidenceOf(replyId),
      }));
      print(found.result === undefined ? { replyId, state: 'unknown' } : { ...found.result, evidence: found.evidence });
      if (found.result === undefined) process.exitCode = 1;
    });

  replies
    .command('release')
    .description('send a held reply again; the recipient gets it twice if the first one arrived')
    .argument('<replyId...>')
    .action(async (replyIds: string[], _options: object, command: Command) => {
      for (const replyId of replyIds) {
        const result = await connect(command, (api) => api.releaseHeld(replyId, 'an operator'));
        process.stdout.write(`${result.replyId}: released, is sent again through ${result.server}\n`);
      }
    });

  replies
    .command('drop')
    .description('never send a held reply')
    .argument('<replyId...>')
    .action(async (replyIds: string[], _options: object, command: Command) => {
      for (const replyId of replyIds) {
        const result = await connect(command, (api) => api.dropHeld(replyId, 'an operator'));
        process.stdout.write(`${result.replyId}: dropped\n`);
      }
    });
}
