// `mailroom replies`: the state of replies, and the decision about a held one (release sends it again, drop never does).
import { type Command, InvalidArgumentError } from 'commander';
import type { Result } from '../contract/result.ts';
import { withReplies } from './connect.ts';
import { print, printJson } from './output.ts';
import { table } from './table.ts';

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

export function repliesCommand(program: Command): void {
  const replies = program
    .command('replies')
    .description('list replies that are held, failed or uncertain; release or drop a held one')
    .argument('[state]', LISTS.join(' | '), listName, 'held')
    .option('--limit <n>', 'maximum number, newest first', count, 200)
    .option('--json', 'one JSON document')
    .action(async (state: List, options: { limit: number; json?: boolean }, command: Command) => {
      const results = await withReplies(command, (api) => api.listReplies([state], options.limit));
      if (options.json === true) return printJson(results);
      if (results.length === 0) return print(`no reply is ${state}\n`);
      print(table(results.map(row), ['replyId', 'state', 'server', 'attempts', 'code', 'reason']));
      if (state === 'held')
        print(
          '\nmailroom replies show <replyId> says what is known; then mailroom replies release <replyId>, or drop <replyId>\n',
        );
    });

  replies
    .command('show')
    .description('show everything known about one reply, with the evidence for a decision')
    .argument('<replyId>')
    .action(async (replyId: string, _options: object, command: Command) => {
      const found = await withReplies(command, async (api) => ({
        result: await api.getReply(replyId),
        evidence: await api.evidenceOf(replyId),
      }));
      printJson(
        found.result === undefined ? { replyId, state: 'unknown' } : { ...found.result, evidence: found.evidence },
      );
      if (found.result === undefined) process.exitCode = 1;
    });

  const decide = (verb: 'release' | 'drop', description: string, done: (result: Result) => string): void =>
    void replies
      .command(verb)
      .description(description)
      .argument('<replyId...>')
      .action(async (replyIds: string[], _options: object, command: Command) => {
        for (const replyId of replyIds) {
          const method = verb === 'release' ? 'releaseHeld' : 'dropHeld';
          const result = await withReplies(command, (api) => api[method](replyId, 'an operator'));
          print(`${result.replyId}: ${done(result)}\n`);
        }
      });
  decide(
    'release',
    'send a held reply again; the recipient gets it twice if the first one arrived',
    ({ server }) => `released, is sent again through ${server}`,
  );
  decide('drop', 'never send a held reply', () => 'dropped');
}
