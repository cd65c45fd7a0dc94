// Scores what we make of the corpus against what the peers assert of it, fact by fact.
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type ParsedMessage, parseMessage } from '../../src/mime/index.ts';

export const corpusFolder = fileURLToPath(new URL('../../../shared/corpus/', import.meta.url));
export const corpusIsThere = (): boolean => existsSync(`${corpusFolder}EXPECTED.jsonl`);

interface ExpectedAddress {
  address?: string;
  name?: string;
}

interface Facts {
  subject?: string;
  subjectEnd?: string;
  from?: ExpectedAddress[];
  fromFirst?: ExpectedAddress[];
  to?: ExpectedAddress[];
  toFirst?: ExpectedAddress[];
  cc?: ExpectedAddress[];
  date?: string;
  messageId?: string;
  inReplyTo?: string | string[];
  textContains?: string[];
  htmlPresent?: boolean;
  attachmentCount?: number;
  attachments?: { filename?: string; contentType?: string; size?: number; sha256?: string }[];
  tnefFiles?: string[];
  kind?: string;
  dsn?: { recipient?: string; status?: string; replyCode?: string; permanent?: boolean; feedbackType?: string }[];
  originalMessageId?: string;
  replyText?: string;
  replyContains?: string[];
  replyNotContains?: string[];
}

interface CorpusRow {
  file: string;
  facts: Facts;
}

export const corpusRows = (): CorpusRow[] =>
  readFileSync(`${corpusFolder}EXPECTED.jsonl`, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as CorpusRow);

export const readCorpusMail = (file: string): Buffer => readFileSync(`${corpusFolder}${file}`);

export interface Fact {
  file: string;
  fact: string;
  ok: boolean;
}

const norm = (text: string): string => text.normalize('NFC').replace(/\s+/g, ' ').trim();

/** Every asserted fact of one mail, judged. White space and case of addresses do not count. */
export function judge(row: CorpusRow): Fact[] {
  const message = parseMessage(readCorpusMail(row.file), { inlineTextBytes: 1_000_000 });
  const list: Fact[] = [];
  const say = (fact: string, ok: boolean): void => {
    list.push({ file: row.file, fact, ok });
  };
  const { facts } = row;
  if (facts.subject !== undefined) say('subject', norm(message.subject) === norm(facts.subject));
  if (facts.subjectEnd !== undefined) say('subject', norm(message.subject).endsWith(norm(facts.subjectEnd)));
  if (facts.from !== undefined) say('from', sameAddresses(facts.from, message.from, true));
  if (facts.fromFirst !== undefined) say('from', sameAddresses(facts.fromFirst, message.from, false));
  if (facts.to !== undefined) say('to', sameAddresses(facts.to, message.to, true));
  if (facts.toFirst !== undefined) say('to', sameAddresses(facts.toFirst, message.to, false));
  if (facts.cc !== undefined) say('cc', sameAddresses(facts.cc, message.cc, true));
  if (facts.date !== undefined) say('date', Date.parse(message.date ?? '') === Date.parse(facts.date));
  if (facts.messageId !== undefined) say('messageId', message.threading.messageId === bracketed(facts.messageId));
  for (const id of [facts.inReplyTo ?? []].flat())
    say('inReplyTo', message.threading.inReplyTo.includes(bracketed(id)));
  const shown = `${norm(message.text?.value ?? '')}\n${norm(message.html?.value ?? '')}`;
  for (const text of facts.textContains ?? []) say('text', shown.includes(norm(text)));
  if (facts.htmlPresent !== undefined) say('htmlPresent', (message.html !== undefined) === facts.htmlPresent);
  if (facts.attachmentCount !== undefined) say('attachmentCount', message.attachments.length === facts.attachmentCount);
  for (const wanted of facts.attachments ?? [])
    say(
      'attachments',
      message.attachments.some((a) => sameAttachment(wanted, a)),
    );
  for (const name of facts.tnefFiles ?? [])
    say(
      'tnef',
      message.attachments.some((a) => a.filename === name),
    );
  if (facts.kind !== undefined) say('kind', sameKind(facts.kind, message));
  judgeDsn(facts, message, say);
  judgeReply(facts, message, say);
  return list;
}

function judgeDsn(facts: Facts, message: ParsedMessage, say: (fact: string, ok: boolean) => void): void {
  const recipients = message.deliveryStatus?.recipients ?? [];
  for (const wanted of facts.dsn ?? []) {
    if (wanted.feedbackType !== undefined) continue;
    const { recipient } = wanted;
    const near = recipients.filter(
      (r) => recipient === undefined || r.recipient.toLowerCase() === recipient.toLowerCase(),
    );
    if (recipient !== undefined) say('dsnRecipient', near.length > 0);
    if (wanted.status !== undefined)
      say(
        'dsnStatus',
        near.some((r) => r.status === wanted.status),
      );
    if (wanted.replyCode !== undefined)
      say(
        'dsnCode',
        near.some((r) => String(r.replyCode) === String(wanted.replyCode)),
      );
    if (wanted.permanent !== undefined)
      say(
        'dsnPermanent',
        near.some((r) => r.permanent === wanted.permanent),
      );
  }
  if (facts.originalMessageId !== undefined) {
    say('originalMessageId', message.deliveryStatus?.originalMessageId === bracketed(facts.originalMessageId));
  }
}

function judgeReply(facts: Facts, message: ParsedMessage, say: (fact: string, ok: boolean) => void): void {
  const reply = norm(message.replyText ?? '');
  if (facts.replyText !== undefined) say('replyText', reply === norm(facts.replyText));
  for (const text of facts.replyContains ?? []) say('replyContains', reply.includes(norm(text)));
  for (const text of facts.replyNotContains ?? []) say('replyNotContains', !reply.includes(norm(text)));
}

const bracketed = (id: string): string => `<${id.replace(/^<|>$/g, '')}>`;

const sameAddresses = (wanted: ExpectedAddress[], got: ParsedMessage['from'], all: boolean): boolean =>
  (!all || wanted.length === got.length) &&
  wanted.every((w, i) => {
    const g = got[i];
    if (g === undefined) return false;
    return (
      (!w.address || g.address.toLowerCase() === w.address.toLowerCase()) && (!w.name || norm(g.name) === norm(w.name))
    );
  });

const sameAttachment = (
  wanted: NonNullable<Facts['attachments']>[number],
  got: ParsedMessage['attachments'][number],
): boolean =>
  (!wanted.filename || norm(wanted.filename) === norm(got.filename)) &&
  (!wanted.contentType || wanted.contentType.toLowerCase() === got.contentType) &&
  (wanted.size === undefined || wanted.size === got.size) &&
  (wanted.sha256 === undefined || wanted.sha256 === got.sha256);

function sameKind(kind: string, { automatic }: ParsedMessage): boolean {
  if (kind === 'dsn') return automatic.kind === 'bounce';
  if (kind === 'auto-reply') return automatic.kind === 'auto-reply';
  if (kind === 'feedback-report') return automatic.kind === 'receipt';
  return automatic.kind !== 'bounce' && automatic.kind !== 'receipt';
}
