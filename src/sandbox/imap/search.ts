// SEARCH and UID SEARCH (RFC 3501 §6.4.4): the keys are read once into a predicate, which then walks the view.
import { headerFields, headerLength, headerValue } from '../addresses.ts';
import type { StoredMessage } from '../store.ts';
import { parseImapDate } from './fetch-items.ts';
import { INVALID_SET, parseRanges } from './sequence.ts';
import type { InFolder, Run } from './session-types.ts';
import { type Token, textOf } from './tokens.ts';

type Test = (message: StoredMessage, seq: number) => boolean;
/** undefined: no key, or one with wrong arguments. */
type Outcome = Test | 'badSet' | undefined;

export const search: Run<InFolder> = (session, command) => {
  const { selected, tenant, output } = session;
  const args = [...command.args];
  if (textOf(args[0])?.toUpperCase() === 'CHARSET') {
    const charset = textOf(args[1])?.toUpperCase() ?? '';
    if (charset !== 'UTF-8' && charset !== 'US-ASCII')
      return 'NO [BADCHARSET (US-ASCII UTF-8)] The specified charset is not supported.';
    args.splice(0, 2);
  }
  // The new front end enables IMAP4rev2 and then fails to search by flags (MailKit#2016).
  if (session.rev2 && args.some((token) => /^UNSEEN$/i.test(textOf(token) ?? '')))
    return 'BAD Command Argument Error. 12';
  const test = readKeys(args, selected.view);
  if (test === 'badSet') return INVALID_SET;
  if (!test) return 'BAD Command Argument Error. 12';
  const folder = selected.folder.name;
  const hits: number[] = [];
  for (const [index, message] of selected.view.entries()) {
    if (!tenant.faults.none && session.peek('lateVisible', { folder, uid: message.uid })) continue;
    if (test(message, index + 1)) hits.push(command.byUid ? message.uid : index + 1);
  }
  output.put(`* SEARCH${hits.map((hit) => ` ${hit}`).join('')}\r\n`);
  return 'OK SEARCH completed.';
};

/** All keys of a list, joined by AND. */
function readKeys(tokens: Token[], view: readonly StoredMessage[]): Outcome {
  const rest = [...tokens];
  const tests: Test[] = [];
  if (rest.length === 0) return undefined;
  while (rest.length > 0) {
    const test = readKey(rest, view);
    if (!test || test === 'badSet') return test;
    tests.push(test);
  }
  return (message, seq) => tests.every((test) => test(message, seq));
}

const flag =
  (name: string, wanted: boolean): Test =>
  (message) =>
    message.flags.has(name) === wanted;

const SIMPLE: Readonly<Record<string, Test>> = {
  ALL: () => true,
  SEEN: flag('\\Seen', true),
  UNSEEN: flag('\\Seen', false),
  ANSWERED: flag('\\Answered', true),
  UNANSWERED: flag('\\Answered', false),
  DELETED: flag('\\Deleted', true),
  UNDELETED: flag('\\Deleted', false),
  DRAFT: flag('\\Draft', true),
  UNDRAFT: flag('\\Draft', false),
  FLAGGED: flag('\\Flagged', true),
  UNFLAGGED: flag('\\Flagged', false),
  // No message is recent: no session of the sandbox counts as the first to be notified.
  RECENT: () => false,
  NEW: () => false,
  OLD: () => true,
};

/** Arguments of a key: `word` reads the next one as text, `next` the next key with its own arguments. */
interface Arguments {
  key: string;
  word(): string;
  next(): Outcome;
  view: readonly StoredMessage[];
}
type Reader = (given: Arguments) => Outcome;

const header: Reader = ({ key, word }) => headerTest(key.toLowerCase(), word());
const size: Reader = ({ key, word }) => {
  const limit = Number(word());
  return key === 'LARGER' ? (message) => message.raw.length > limit : (message) => message.raw.length < limit;
};
const keyword: Reader = ({ key, word }) => flag(word(), key === 'KEYWORD');
const text: Reader = ({ key, word }) => {
  const wanted = word().toLowerCase();
  return ({ raw }) =>
    raw
      .toString('latin1', key === 'BODY' ? headerLength(raw) : 0)
      .toLowerCase()
      .includes(wanted);
};
const received: Reader = ({ key, word }) => dayTest(key, word(), (message) => message.internalDate);
const sent: Reader = ({ key, word }) =>
  dayTest(key.slice(4), word(), ({ raw }) => new Date(headerValue(headerFields(raw), 'date') ?? Number.NaN));

/** Keys with arguments (RFC 3501 §6.4.4). */
const READERS: Readonly<Record<string, Reader>> = {
  NOT: ({ next }) => {
    const test = next();
    return typeof test === 'function' ? (message, seq) => !test(message, seq) : test;
  },
  OR: ({ next }) => {
    const one = next();
    const other = next();
    if (typeof one !== 'function' || typeof other !== 'function')
      return one === 'badSet' || other === 'badSet' ? 'badSet' : undefined;
    return (message, seq) => one(message, seq) || other(message, seq);
  },
  UID: ({ word, view }) => {
    const ranges = parseRanges(word(), view.at(-1)?.uid ?? 0);
    return ranges ? (message) => ranges.some(([from, to]) => message.uid >= from && message.uid <= to) : 'badSet';
  },
  HEADER: ({ word }) => headerTest(word().toLowerCase(), word()),
  ...{ FROM: header, TO: header, CC: header, BCC: header, SUBJECT: header },
  ...{ LARGER: size, SMALLER: size, KEYWORD: keyword, UNKEYWORD: keyword, BODY: text, TEXT: text },
  ...{ SINCE: received, BEFORE: received, ON: received, SENTSINCE: sent, SENTBEFORE: sent, SENTON: sent },
};

/** Removes one key with its arguments from the list. */
function readKey(rest: Token[], view: readonly StoredMessage[]): Outcome {
  const token = rest.shift();
  if (!token) return undefined;
  if (token.kind === 'list') return readKeys(token.items, view);
  const key = textOf(token)?.toUpperCase() ?? '';
  const simple = SIMPLE[key];
  if (simple) return simple;
  const word = (): string => textOf(rest.shift()) ?? '';
  const reader = READERS[key];
  if (reader) return reader({ key, word, next: () => readKey(rest, view), view });
  if (!/^[\d*]/.test(key)) return undefined;
  const ranges = parseRanges(key, view.length);
  if (!ranges || view.length === 0 || ranges.some(([, to]) => to > view.length)) return 'badSet';
  return (_message, seq) => ranges.some(([from, to]) => seq >= from && seq <= to);
}

function headerTest(name: string, text: string): Test {
  const wanted = text.toLowerCase();
  return (message) =>
    headerFields(message.raw).some(([field, value]) => field === name && value.toLowerCase().includes(wanted));
}

const DAY = 86_400_000;

/** Days are compared without regard to time and zone. */
function dayTest(kind: string, text: string, dateOf: (message: StoredMessage) => Date): Test | undefined {
  const day = parseImapDate(text)?.getTime();
  if (day === undefined) return undefined;
  return (message) => {
    const at = dateOf(message).getTime();
    if (Number.isNaN(at)) return false;
    if (kind === 'SINCE') return at >= day;
    return kind === 'BEFORE' ? at < day : at >= day && at < day + DAY;
  };
}
