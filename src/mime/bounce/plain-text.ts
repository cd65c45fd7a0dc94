// Bounces in prose, without RFC 3464: failed recipients and reasons. qmail, Exim, Postfix, sendmail, Yahoo, Gmail, GMX, Exchange, Notes and the like.
import { asciiMessageId } from '../../domain/message-id.ts';
import { trimEndOf, trimStartOf } from '../../lib/text.ts';
import { meaningOf } from './meanings.ts';
import { answersIn, failuresIn, mostExact, replyCodeIn } from './status-fields.ts';

export interface ProseRecipient {
  recipient: string;
  status?: string;
  /** The status follows from words alone. */
  derived: boolean;
  replyCode?: number;
  diagnostic: string;
}

/** Lines that announce the returned mail, where the report ends. Matched against one trimmed line. */
const BELOW_DASHES =
  /^.{0,20}(?:below this line is|this is a copy of|original message|returned (?:message|mail)|message (?:header|text|body)|unsent message|the header page|copy of|start of|transcript of session follows.{0,10}original|begin (?:message|forward)|forwarded message|your message|un-?sent|the body of the message|headers|原信件|原邮件)/i;
const ORIGINAL =
  /^(?!(?:the )?original message was received)(?:(?:original|returned|the original|your original|old) (?:message|mail|e-?mail)(?: (?:follows|headers?|below|text|was|is|as received|:).*|:?)$|(?:here is a copy of|a copy of (?:your|the) (?:original )?message|the following (?:is|message) (?:a copy|headers)|message header(?:s)?:|headers? (?:follow|of the original)|included is a copy|(?:the )?first \d+ lines of|below is a copy|der header der e-?mail|the header of the original).*|received: ?(?:from|by) .*|return-path: ?<.*)$/i;

/** The domain of an address, after its `@`. */
const DOMAIN = /(?:[A-Za-z0-9][A-Za-z0-9-]{0,62}\.)+[A-Za-z0-9-]{2,63}/y;
const LOCAL_PART = new Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+/=?^_`{|}~.-");

/** Start of the local part before the `@` at `at`, at least `from`, or -1. */
function localPart(line: string, at: number, from: number): number {
  if (line[at - 1] === '"') {
    const open = line.lastIndexOf('"', at - 2);
    return at - 2 > open && open >= Math.max(from, at - 62) ? open : -1;
  }
  let k = at;
  while (k > Math.max(from, at - 64) && LOCAL_PART.has(line[k - 1] as string)) k--;
  return k === at ? -1 : k;
}

interface InLine {
  address: string;
  /** Range in the line. */
  from: number;
  to: number;
}

/** Addresses of a line. Linear: searches from each `@` outward, within the lengths of RFC 5321 §4.5.3.1. */
function addressesIn(line: string): InLine[] {
  const found: InLine[] = [];
  let from = 0;
  for (let at = line.indexOf('@'); at !== -1; at = line.indexOf('@', Math.max(at + 1, from))) {
    const local = localPart(line, at, from);
    if (local === -1) continue;
    DOMAIN.lastIndex = at + 1;
    if (!DOMAIN.test(line)) continue;
    from = DOMAIN.lastIndex;
    found.push({ address: line.slice(local, from), from: local, to: from });
  }
  return found;
}

/** Words of failure. Most addresses count only near one of them. */
const FAILURE =
  /unknown|undeliver|not (?:be )?deliver|delivery|deliver|fail|reject|refus|denied|disabled|inactive|suspend|over ?quota|quota|mailbox|full|exceed|does(?: not|n't) exist|no such|not found|invalid|illegal|unable|error|bounce|blocked|spam|relay|timed? ?out|expired|too (?:many|large|big)|unrouteable|unreachable|user|recipient|address|no longer|not (?:a )?(?:valid|local|listed|accept|available|exist)|couldn't|could not|cannot|can't|gave up|giving up|\b[45]\d\d\b|nicht (?:zugestellt|gefunden|existier|erreich)|unbekannt|unzustellbar|fehler|voll|inexistant|inconnu|impossible|desconocid|no existe|sconosciut|inesistente|nieznany|onbekend|届|不明|宛先|送信でき|无法|失败|退信/i;

/** A line that introduces the failed recipients, which follow on it or on the next lines. */
const INTRODUCTION =
  /(?:(?:following|these|this|indicated|intended|specified) (?:e-?mail |final |one or more )*(?:recipient|address|user|mailbox|destination|person|people)|to (?:the|one or more|some) (?:of (?:its|the) )?(?:recipient|address|user)|fail\w* recipient|undelivered to|(?:permanent|fatal|delivery|transient)[\w -]{0,20} (?:errors?|failures?)|(?:could|was|were|can|is|has) ?(?:not|n't)(?: yet)?(?: been| be)? (?:deliver|sent|reach)\w* to|cannot be (?:delivered|sent) to|did not reach|were affected|failure reasons?|addressed to e-?mail address|pas pu [eê]tre d[eé]livr|n'a pas pu être remis|konnte (?:an|den|die) .{0,60}nicht|nicht zugestellt werden|delivery of e-?mail to this address|メールアドレス.{0,20}失敗|あて先|宛先|無法|无法)/i;

/** Words directly before or after a failed address, within a sentence. */
const SAID_BEFORE =
  /(?:addressed(?: to)?,?|deliver(?:ed|able)?(?: (?:your|the|this) (?:message|mail|e-?mail))? to|sent to|rcpt to:|recipient(?: address)?:?|user(?:id)?:?|address:?|generated from|mail to|message to)\s*[<("']{0,2}$/i;
const SAID_AFTER =
  /^["'>)]{0,2}[,:.]?\s*(?:[-–([]\s*)?(?:did not|does(?: not|n't)|is (?:not|un|in)|was not|could not|cannot|has (?:not|been)|not |no such|unknown|user|invalid|failed|delivery failed|mailbox|recipient|over|exceeds)/i;

/** Longest line with addresses, in UTF-16 units. */
const MAX_LINE = 2000;
/** UTF-16 units examined on either side of an address. */
const AROUND = 200;
/** UTF-16 units after an address that may give the reason, if there are several addresses. */
const OWN_WORDS = 1200;
/** Addresses examined; reports name fewer. */
const MAX_CANDIDATES = 1000;

/** Certainty that an address is a failed recipient's. */
const sure = { near: 1, sentence: 2, listed: 3, header: 4 } as const;

/** The recipients found so far, by address in lower case. */
type Found = Map<string, { recipient: string; at: number; to: number; sureness: number }>;

function note(found: Found, address: string, at: number, sureness: number, to = 0): void {
  const key = address.toLowerCase();
  const known = found.get(key);
  if (known === undefined) {
    if (found.size < 200) found.set(key, { recipient: address, at, to, sureness });
  } else if (sureness > known.sureness) Object.assign(known, { sureness, at, to });
}

/**
 * The failed recipients, in order.
 * @param failed those of X-Failed-Recipients; if there are any, nobody else counts
 * @param exclude addresses (lower case) of the report's sender and of ours: they count only where the report lists them as failed (a mail to oneself)
 * @param domain of the reporting system, for reports that name local parts alone
 */
export function proseRecipients(
  text: string,
  failed: readonly string[],
  exclude: ReadonlySet<string>,
  domain = '',
): ProseRecipient[] {
  const body = reportPart(text.slice(0, 100_000));
  const lines = body.split('\n', 2000);
  const found: Found = new Map();
  findListed(lines, found, new Set(failed.map((address) => address.toLowerCase())), exclude, domain);
  for (const address of failed) note(found, address, -1, sure.header);
  return explained(found, lines, body);
}

/** Notes the failed addresses in the lines of a report. */
function findListed(
  lines: readonly string[],
  found: Found,
  failed: ReadonlySet<string>,
  exclude: ReadonlySet<string>,
  domain: string,
): void {
  /** Whether a line has words of failure, by line. */
  const failures: (boolean | undefined)[] = [];
  const failing = (k: number): boolean => (failures[k] ??= FAILURE.test((lines[k] ?? '').slice(0, MAX_LINE)));
  const forwarded = new Set<string>();
  let candidates = 0;
  let introduced = false;
  let gap = 0;
  for (const [k, line] of lines.entries()) {
    if (line.trim() === '') {
      if (++gap > 2) introduced = false;
      continue;
    }
    const introduces = line.length < 400 && INTRODUCTION.test(line);
    if (introduces) {
      introduced = true;
      gap = 0;
    }
    if (line.length > MAX_LINE || !line.includes('@')) {
      // An indented single word is a local part; prose at the margin ends the list.
      if (introduced && !introduces && failed.size === 0) {
        const alone = /^\s+([A-Za-z0-9][\w.+-]{0,63})\s*$/.exec(line);
        if (alone !== null && domain !== '') note(found, `${alone[1]}@${domain}`, k, sure.near);
        if (gap > 0 && /^\S/.test(line) && !/^[-=_*]{3}/.test(line) && found.size > 0) introduced = false;
      }
      gap = 0;
      continue;
    }
    gap = 0;
    if (OTHER_FIELD.test(line)) continue;
    const all = addressesIn(line);
    const fails = all.length > 0 && FAILURE.test(outside(line, all));
    const near = (): boolean => fails || [k - 2, k - 1, k + 1, k + 2].some(failing);
    for (const one of all) {
      if (candidates++ > MAX_CANDIDATES) break;
      const address = withoutRoute(one.address);
      const key = address.toLowerCase();
      if (failed.size === 0) {
        const sureness = surenessOf(address, one, { line, introduces, introduced, near, excluded: exclude.has(key) });
        if (sureness === undefined || forwarded.has(key)) continue;
        const above = sureness === sure.listed && isSource(line, one) ? listedAbove(found, k) : undefined;
        if (above !== undefined) {
          found.delete(above);
          forwarded.add(above);
        }
        note(found, address, k, sureness, one.to);
      } else if (failed.has(key)) note(found, address, k, sure.header, one.to);
    }
  }
}

/** Whether the address is the one that we wrote to: the address listed above it, to which that one forwards, is a stranger to us. */
const isSource = (line: string, { from }: InLine): boolean =>
  /\((?:expanded|generated) from:?\s*<?$/i.test(line.slice(Math.max(0, from - AROUND), from));

/** The last address that was found, if it is in the three lines above. */
function listedAbove(found: Found, line: number): string | undefined {
  const last = [...found.keys()].at(-1);
  const at = last === undefined ? -1 : (found.get(last)?.at ?? -1);
  return at < line && at >= line - 3 ? last : undefined;
}

/** Header fields that do not name failed recipients. */
const OTHER_FIELD =
  /^\s*(?:(?:message-id|references|in-reply-to|received|return-path|dkim|list-|x-)[\w-]*|from|von|sender|reply-to|subject|mail from|original sender)\s*:/i;

interface Place {
  line: string;
  /** The line introduces the failed recipients. */
  introduces: boolean;
  /** It, or a line above, does. */
  introduced: boolean;
  /** Whether words of failure are in the line or close to it. */
  near(): boolean;
  excluded: boolean;
}

/** The certainty that an address in a line is a failed one; undefined if it is not. */
function surenessOf(
  address: string,
  { address: written, from, to }: InLine,
  { line, introduces, introduced, near, excluded }: Place,
): number | undefined {
  const before = line.slice(Math.max(0, from - AROUND), from);
  const after = line.slice(to, to + AROUND);
  // Contact addresses ("please contact x@y", "mailto:") and message ids.
  if (CONTACT.test(before) && !/rcpt|(?:generated|expanded) from/i.test(before)) return undefined;
  if (/^\d{8,}|[0-9a-f]{16,}/i.test(address) && /\bid\b/i.test(before)) return undefined;
  const label = /^\s*(?:to|cc|an|kopie)\s*:/i.test(line);
  const head =
    from <= AROUND && (/^[\s>*<"'([-]*(?:smtp:|rfc822;)?$/i.test(before) || /^\s*(?:\S{1,40} ){0,3}<$/.test(before));
  if (excluded && !(head && /^>?\s*:/.test(after))) return undefined;
  const listed =
    !label &&
    ((head && (introduced || /^>?"?(?:\s*<[^<>\s]*>)?\s*(?::|\.{3}|$)/.test(after))) ||
      (introduces && SAID_BEFORE.test(before)) ||
      /(?:rcpt to|(?:expanded|generated) from):?\s*<?$/i.test(before) ||
      (introduced && /dda:smtp=/i.test(before + written)));
  if (listed) return sure.listed;
  if (NEVER.test(address)) return undefined;
  if (!label && (SAID_BEFORE.test(before) || SAID_AFTER.test(after))) return sure.sentence;
  if (!near()) return undefined;
  return label ? 0 : sure.near;
}

/** The most certain ones, each with the report's words about the reason. */
function explained(found: Found, lines: readonly string[], body: string): ProseRecipient[] {
  const all = [...found.values()];
  const best = Math.max(0, ...all.map((r) => r.sureness));
  const list = all.filter((r) => r.sureness === best).sort((a, b) => a.at - b.at);
  const everything = body.slice(0, 6000).replace(/\n/g, ' ');
  let general: ProseRecipient | undefined;
  return list.map(({ recipient, at, to }, i) => {
    if (at === -1) {
      general ??= recipientFrom('', wordsIn(everything));
      return { ...general, recipient };
    }
    const next = list.find((r, k) => k > i && r.at > at)?.at ?? lines.length;
    const own = lines.slice(at, Math.min(next, at + 14)).join(' ');
    // The reason is after the address, else in its line; for a single recipient, anywhere in the report.
    const after = wordsIn(own.slice(to, to + OWN_WORDS));
    if (list.length === 1)
      return recipientFrom(recipient, after, wordsIn(`${own.slice(0, to + OWN_WORDS)} ${everything}`));
    return recipientFrom(recipient, after, wordsIn(own.slice(Math.max(0, to - OWN_WORDS / 4), to + OWN_WORDS)));
  });
}

/** A line without its addresses, which may contain words of failure. */
const outside = (line: string, found: readonly InLine[]): string => {
  let from = 0;
  let rest = '';
  for (const address of found) {
    rest += `${line.slice(from, address.from)} `;
    from = address.to;
  }
  return rest + line.slice(from);
};

const NEVER =
  /^(?:postmaster|mailer-daemon|abuse|support|help|helpdesk|webmaster|hostmaster|admin|noreply|no-reply|name)@/i;

const CONTACT =
  /(?:contact(?:ing)?|mailto:|e-?mail to|write to|\bhelp|questions|\bfrom|\bsender|\bid|format is|account is|e-?mailing)\s*[:=]?\s*[<("']?$/i;

/** X.400 and source routes: `o=x;dda:SMTP=user@host` → `user@host`. */
function withoutRoute(address: string): string {
  const route = /^.*\b(?:smtp|rfc822)=(?=[^=]+@)/i.exec(address)?.[0].length ?? 0;
  return trimEndOf(trimStartOf(address.slice(route), ".'="), ".'-");
}

/** A stretch of a report with the codes in it. */
interface Words {
  text: string;
  status: string | undefined;
  replyCode: number | undefined;
  answers: readonly { replyCode: number; status: string }[];
}

function wordsIn(stretch: string): Words {
  const text = stretch
    .replace(/\s+/g, ' ')
    .replace(/\b\d{1,3}(?:\.\d{1,3}){3}\b/g, 'IP')
    .replace(/[^\s<>"']+/g, (word) => (word.includes('@') ? '@' : word));
  return { text, status: mostExact(failuresIn(text)), replyCode: replyCodeIn(text), answers: answersIn(text) };
}

/** The recipient of a report that names none in its text. */
export const recipientOfReport = (recipient: string, report: string): ProseRecipient =>
  recipientFrom(recipient, wordsIn(report.slice(0, 6000)));

function recipientFrom(recipient: string, own: Words, wide = own): ProseRecipient {
  const status = own.status ?? (own.replyCode === undefined ? wide.status : undefined);
  const replyCode =
    own.replyCode ??
    (own.status === undefined
      ? wide.replyCode
      : wide.answers.find((answer) => answer.status === own.status)?.replyCode);
  const vague = status === undefined || status.endsWith('.0.0');
  const code = replyCode ?? (status === undefined ? undefined : Number(status[0]) * 100);
  const given = status !== undefined;
  const meaning = vague ? (meaningOf(own.text, code, given) ?? meaningOf(wide.text, code, given)) : undefined;
  const known = meaning ?? status;
  return {
    recipient,
    ...(known && { status: known }),
    derived: meaning !== undefined,
    ...(replyCode && { replyCode }),
    diagnostic: wide.text.trim().slice(0, 500),
  };
}

/** The report without the returned mail below it. Linear. */
export function reportPart(text: string): string {
  for (let at = 0; at < text.length; ) {
    const end = text.indexOf('\n', at);
    if (isOriginal(text.slice(at, Math.min(end === -1 ? text.length : end, at + MAX_LINE)))) {
      return at < 40 ? text : text.slice(0, at);
    }
    if (end === -1) break;
    at = end + 1;
  }
  return text;
}

function isOriginal(line: string): boolean {
  const bare = trimStartOf(line, ' \t>').trimEnd();
  return bare.startsWith('--') ? BELOW_DASHES.test(trimStartOf(bare, '-').slice(0, 100)) : ORIGINAL.test(bare);
}

/** Message-ID of the returned mail, if it is in the text. */
export function messageIdInText(text: string): string | undefined {
  const match = /^[ \t>]{0,100}message-id[ \t]{0,20}:\s{0,100}<([^<>\s]{3,500})>/im.exec(text.slice(0, 200_000));
  return match === null ? undefined : `<${asciiMessageId(match[1] ?? '')}>`;
}
