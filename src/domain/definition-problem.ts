// What can be wrong with a field of an email server's definition: a code with its parameters, and the English words that complete `<field>: …`
// in logs, in the API and on the command line. The portal has its own sentence for each code, in both languages.
import { defined } from '../lib/defined.ts';
import { fill } from '../lib/text.ts';

const words = {
  required: 'is required',
  empty: 'must not be empty',
  notText: 'must be text',
  tooLong: 'must be at most {max} characters',
  controlCharacters: 'must not hold control characters',
  notOneOf: 'must be {choices}',
  outOfRange: 'must be {min}–{max}',
  notAddress: 'must be a mail address like support@example.com',
  notAddressList: 'must be a list of mail addresses',
  tooMany: 'must have at most {max} entries, has {count}',
  notHost: 'must be a host name or an IP address',
  notSize: 'must be a size from 1 KB to 1 GB, like 25 MB',
  notStart: 'must be now, unseen, all or a date like 2026-11-01',
  notAfterQueued: 'must be leave, seen or { move: <folder> }',
  notSentCopy: 'must be none, server or { append: <folder> }',
  notUrl: 'must be a URL http://… or socks5://…',
  notAddressMap: 'must map addresses to {values}',
  notRoles: 'must be a list of roles',
  notPace: 'must be { perMinute, connections, recipientsPerDay }',
  notRecipient: 'must be an address of the mailbox, or a tag like +orders',
  notFlowMap: 'must map addresses or +tags to email flows',
  sameKey: 'is the same as "{other}"',
  notAuthservId: 'must be a name like mx.example.com or *.example.com',
  notAuthservIdList: 'must be a list of names',
  flowExists: 'differs only in spelling from the email flow "{flow}"',
  strangeRecipient: 'must be the User or one of the aliases, with or without +tag, or a tag like +orders',
  notDefinition: 'must be a definition with fields and values',
  typeMissing: 'is required: IMAP or SMTP',
  plainTextRefused: 'must not be none for another machine, unless allowPlainText is true',
  userNotAddress: 'must be a mail address with authenticationType {type}',
  passwordMissing: 'is required with authenticationType Password',
  applicationMissing: 'is required with authenticationType OAuth2: name of an OAuth2 application',
  goesWithType: 'goes with authenticationType {type}',
  goesWithDelegated: 'goes with signIn delegated',
  belongsToType: 'belongs to servers of type {type}',
  notInPortal: 'is not allowed in the portal',
  unknownField: 'is not a known field',
  unknownFieldNear: 'is not a known field; did you mean {near}?',
  nameTaken: 'is used already by {by}',
  mailboxTaken: 'folder of this mailbox is watched already by "{server}"',
  nameFixed: 'cannot be changed: copy the server under another name',
  passwordAgain: 'must be entered again for another host or user',
  hostRefused: 'is an address that Mailroom must not connect to',
  secretTwice: 'must be given once: as value, File or Env',
  variableMissing: 'names a variable that is not set',
  fileEmpty: 'names an empty file',
  fileUnreadable: 'cannot be read ({reason})',
} as const;

export type ProblemCode = keyof typeof words;
export type Parameters = Readonly<Record<string, string | number>>;

export interface Wrong {
  code: ProblemCode;
  parameters?: Parameters;
  message: string;
}

export const isProblemCode = (code: unknown): code is ProblemCode =>
  typeof code === 'string' && Object.hasOwn(words, code);

export const wrong = (code: ProblemCode, parameters?: Parameters): Wrong => ({
  code,
  ...defined({ parameters }),
  message: fill(words[code], parameters ?? {}),
});
