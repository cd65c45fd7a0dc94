// Recognises bounces without a machine-readable report by sender, subject, envelope and words, each of them weak alone: a customer may write about a
// parcel that could not be delivered.
import type { Address } from '../../contract/message.ts';
import type { Headers } from '../header-fields.ts';
import type { BounceInput } from './index.ts';

type Sender = Pick<BounceInput, 'headers' | 'from' | 'contentType'>;
type Recognisable = Sender & Pick<BounceInput, 'subject' | 'to' | 'reportType' | 'text' | 'original'>;

/** Words of such reports. */
const SAID =
  /(?:could ?n[o']t|cannot|unable to|not|failed to|was ?n[o']t) (?:yet )?(?:be |been )?(?:deliver|send|sent|reach)|deliver(?:y|ed|ing)? (?:(?:of|to) .{1,160} )?(?:has )?(?:been )?(?:fail|postponed|delayed)|(?:did ?n[o']t|not) (?:get|go) through|error has occurred while attempting to deliver|permanent (?:fatal )?error|(?:user|recipient|address) unknown|invalid (?:final delivery )?(?:user|recipient|address)|undeliver|following (?:address|recipient)|fail\w* recipient|smtp error|transcript of session|nicht zugestellt|mailbox (?:is )?(?:full|unavailable)|over ?quota|did not reach|not been delivered|has been returned|rejected|does not exist|no such user|no recuperad|送信でき|配送|配信|届け|无法|失败|не может быть доставлено|не доставлено/i;

/** Subjects of reports, in the languages of the systems that send them. */
const SUBJECT =
  /undeliver(?:ed|able)|(?:mail|message|delivery|e-?mail)\b.{0,30}\b(?:fail(?:ed|ure)?|error|problem|status notification|subsystem|unsuccessful|not delivered|rejected|warning)|fail\w* (?:delivery|mail|message)|failure notice|returned (?:mail|message|e-?mail|to sender)|returning message to sender|non-?deliver|nondeliverable|delivery (?:status|notification|has failed|delayed|report|problem|warning)|mail delivery|cannot deliver|could not (?:be )?deliver|user unknown|unzustellbar|nicht zugestellt|zustellungs|non remis|échec (?:de|d['’])|non (?:è stato )?(?:recapitat|consegna)|mancata consegna|no se (?:ha podido|puede|pudo) entregar|error de entrega|onbestelbaar|niet afgeleverd|niedostarcz|nie można dostarczyć|zwrot (?:poczty|wiadomości|do nadawcy)|message status|^returned\b|mailer-daemon|warning: (?:could not|message)|не доставлено|недоставлен|不达|退信|失败|失敗|配信|メールエラー|送信エラー|\bbounced?\b/i;

/** Local parts of mail systems alone. */
const DAEMON =
  /^(?:mailer[-_.]?daemon|mail-?daemon|maildaemon|mdaemon|mail[-_.]?delivery(?:[-_.](?:sub)?system)?|mail[-_.]system|mmdf|microsoftexchange[0-9a-f]{20,})(?:[@\\]|$)/i;

/** Local parts that mail systems share with their administrators. */
const POSTMASTER = /^post[-_]?mast(?:er)?(?:[@\\]|$)/i;

/** Local parts of gateways, which no person or web form uses. */
const GATEWAY = /^(?:smtpd?|bounces?|\w{0,20}smtp\w{0,40}|anti-?virus\w{0,40})@/i;

/** Local parts of machines of any kind, including web forms with a customer's words. */
const MACHINE = /^(?:mailadmin|administrator|admin|complaints|nobody|no-?reply|listserv|root|majordomo)@/i;

/** Display names of mail systems. */
const SYSTEM_NAME =
  /^\W*(?:(?:internet )?mail deliver(?:y|er)?(?: (?:sub)?system| service)?|interscan(?: \w+){0,3}|mailmarshal|mimesweeper|mailer[- ]daemon|mail (?:system|administrator|server)|system administrator|post ?master|post office|microsoft (?:outlook|exchange))\W*$/i;

/** Whether a display name is no person's: empty, or about servers. */
const isImpersonal = (name: string): boolean =>
  name === '' ||
  SYSTEM_NAME.test(name) ||
  /\b(?:mail|smtp|lsmtp|server|mailserver|system|gateway|daemon|automated|postmaster)\b/i.test(name);

/** Prefixes of answered and forwarded mails, which people send. */
const PASSED_ON = /^\s*(?:re|aw|antw|sv|vs|vb|rif|r|odp|ynt|fwd?|wg|tr|rv|i|doorst|pd|enc|ilt|転送)\s*[:：]/i;

/** Words that can only be about a mail; those of the first group only after a word for "mail". */
const FAILED =
  /((?:could|can|was|were|has) ?(?:not|n't) (?:be |been )?(?:deliver|sen[dt]))|n'a pas pu [eê]tre d[eé]livr[eé]|konnte nicht zugestellt werden|error has occurred while attempting to deliver|(?:permanent|fatal) (?:delivery )?errors?|delivery of e-?mail to this address|fail(?:ed|ing|ure|ures)? recipients?|recipient'?s? (?:address|mailbox|name) (?:is |was )?(?:unknown|not|rejected|full)/gi;
const NAMED = /(?:e-?mail|message|mail|messaggio|courriel|nachricht)\b/i;
const TO_PEOPLE = /^\w* ?to (?:the |this )?(?:following )?(?:recipient|address|user)/i;
const NEAR_ADDRESS = /[\w.+-]@[\w-]{1,63}\.\w/;

/** Whether a sentence can only be about a mail and its address. Searches about 200 characters on either side of the words of failure. */
function isBounceSentence(text: string): boolean {
  for (const { index, 0: words, 1: passive } of text.matchAll(FAILED)) {
    const before = text.slice(Math.max(0, index - 220), index);
    const after = text.slice(index + words.length, index + words.length + 260);
    if (passive !== undefined && !TO_PEOPLE.test(after) && !NAMED.test(before.slice(before.lastIndexOf('.') + 1)))
      continue;
    const address = NEAR_ADDRESS.exec(after);
    if (address !== null && address.index <= 180 && !after.slice(0, address.index).includes('.')) return true;
  }
  return false;
}

/**
 * Whether a mail system made this mail, by its envelope, its sender or a header; words prove nothing. In any other mail a report part was attached by
 * a person.
 */
export function isOfMailSystem({ headers, from, contentType }: Sender): boolean {
  return (
    contentType === 'multipart/report' ||
    contentType.startsWith('message/') ||
    from.length === 0 ||
    isNullSender(headers) ||
    saysAutomatic(headers) ||
    headers.first('x-failed-recipients') !== undefined ||
    isExchangeNdr(headers) ||
    from.some(isDaemon) ||
    [POSTMASTER, GATEWAY, MACHINE].some((pattern) => isSentBy(from, pattern))
  );
}

/** RFC 5321 §4.5.5; old systems write a daemon's name for the empty path. */
export const isNullSender = (headers: Headers): boolean =>
  headers.all('return-path').some((value) => /^<(?:mailer-daemon(?:@[^<>]*)?)?>$/i.test(value.replace(/\s+/g, '')));

/** Exchange writes the header without a value. */
const isExchangeNdr = (headers: Headers): boolean => headers.all('x-ms-exchange-message-is-ndr').length > 0;

const saysAutomatic = (headers: Headers): boolean => /^auto-/i.test(headers.first('auto-submitted') ?? '');

/** A mail system's sender, or none at all (`From: <>`). A system's name counts only without a person's address. */
const isDaemon = ({ address, name }: Address): boolean =>
  DAEMON.test(address) ||
  (address === '' && name === '') ||
  (SYSTEM_NAME.test(name) && (!address.includes('@') || POSTMASTER.test(address) || GATEWAY.test(address)));

const isSentBy = (from: readonly Address[], pattern: RegExp): boolean =>
  from.some(({ address }) => pattern.test(address));

/** Whether the returned mail was sent from an address that the report was sent to. */
const isOurs = ({ original, to }: Recognisable): boolean => {
  const sender = original?.first('from')?.toLowerCase() ?? '';
  return sender !== '' && to.some(({ address }) => address !== '' && sender.includes(address.toLowerCase()));
};

/**
 * The evidence that a mail is a bounce, if any. `sender` counts only if a failed recipient is found. Words alone never suffice: there must be an envelope,
 * a sender or a header that only mail systems have.
 */
export function looksLikeBounce(input: Recognisable): string | undefined {
  const { headers, from, subject, text } = input;
  if (headers.first('x-failed-recipients') !== undefined) return 'X-Failed-Recipients';
  if (input.contentType === 'multipart/report' && input.reportType?.toLowerCase() === 'delivery-status')
    return 'RFC 3464';
  const nullSender = isNullSender(headers);
  const ndr = isExchangeNdr(headers);
  /** No From has a person's name. */
  const impersonal = from.every(({ name }) => isImpersonal(name));
  const daemon = from.some(isDaemon);
  // From a person, whose words prove nothing.
  if (!nullSender && !ndr && !impersonal && !daemon) return undefined;
  const postmaster = isSentBy(from, POSTMASTER);
  const subjectFits = SUBJECT.test(subject);
  /** The subject is that of an answer or of a forwarded mail. */
  const passedOn = PASSED_ON.test(subject);
  if (subjectFits && (daemon || (postmaster && nullSender))) return 'sender and subject';
  if (postmaster && impersonal && subjectFits && !passedOn) return 'sender';
  const head = text.slice(0, 6000);
  const said = SAID.test(head);
  if (ndr && (subjectFits || said)) return 'X-MS-Exchange-Message-Is-Ndr';
  if (!said) return undefined;
  if (daemon) return nullSender ? 'sender and text' : 'sender';
  const signs = { postmaster, impersonal, subjectFits, passedOn };
  return (nullSender ? isReturned(input, signs, head) : isImpersonalReport(input, signs, head)) ? 'sender' : undefined;
}

type Signs = Record<'postmaster' | 'impersonal' | 'subjectFits' | 'passedOn', boolean>;

/** An empty envelope and words of a bounce. Automatic answers, which repeat the customer's words, have both as well. */
function isReturned({ headers }: Recognisable, { subjectFits, impersonal, passedOn }: Signs, head: string): boolean {
  if (/^auto-replied/i.test(headers.first('auto-submitted') ?? '') && !(subjectFits && impersonal)) return false;
  return (subjectFits && (impersonal || !passedOn)) || isBounceSentence(head);
}

/** No person's name and words of a bounce. */
function isImpersonalReport(input: Recognisable, signs: Signs, head: string): boolean {
  const { headers, from } = input;
  if (!signs.impersonal) return false;
  if (signs.postmaster && (saysAutomatic(headers) || TRANSCRIPT.test(head))) return true;
  if (!signs.subjectFits) return false;
  if (isSentBy(from, GATEWAY)) return true;
  const named = from.every(({ name }) => SYSTEM_NAME.test(name));
  return !signs.passedOn && (isSentBy(from, MACHINE) || named || saysAutomatic(headers)) && isOurs(input);
}

/** A line of an SMTP dialogue. */
const TRANSCRIPT = /^[ \t]{0,8}(?:RCPT TO ?:|<<< [45]\d\d|>>> RCPT)/m;
