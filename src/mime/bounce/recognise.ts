// Is a mail without a machine-readable report a bounce? Its sender, subject, envelope and words, each of them weak alone: a customer's parcel that could not
// be delivered is none.
import type { Address } from '../../contract/message.ts';

interface Sender {
  headers: { all(name: string): readonly string[]; first(name: string): string | undefined };
  from: readonly Address[];
  contentType: string;
}

interface Recognisable extends Sender {
  subject: string;
  to: readonly Address[];
  reportType: string | undefined;
  text: string;
  /** Header of the returned mail, where one is attached. */
  original: { first(name: string): string | undefined } | undefined;
}

/** What such reports say. */
const SAID =
  /(?:could ?n[o']t|cannot|unable to|not|failed to|was ?n[o']t) (?:yet )?(?:be |been )?(?:deliver|send|sent|reach)|deliver(?:y|ed|ing)? (?:(?:of|to) .{1,160} )?(?:has )?(?:been )?(?:fail|postponed|delayed)|(?:did ?n[o']t|not) (?:get|go) through|error has occurred while attempting to deliver|permanent (?:fatal )?error|(?:user|recipient|address) unknown|invalid (?:final delivery )?(?:user|recipient|address)|undeliver|following (?:address|recipient)|fail\w* recipient|smtp error|transcript of session|nicht zugestellt|mailbox (?:is )?(?:full|unavailable)|over ?quota|did not reach|not been delivered|has been returned|rejected|does not exist|no such user|no recuperad|送信でき|配送|配信|届け|无法|失败|не может быть доставлено|не доставлено/i;

/** Subjects of reports, in the languages of the systems that send them. */
const SUBJECT =
  /undeliver(?:ed|able)|(?:mail|message|delivery|e-?mail)\b.{0,30}\b(?:fail(?:ed|ure)?|error|problem|status notification|subsystem|unsuccessful|not delivered|rejected|warning)|fail\w* (?:delivery|mail|message)|failure notice|returned (?:mail|message|e-?mail|to sender)|returning message to sender|non-?deliver|nondeliverable|delivery (?:status|notification|has failed|delayed|report|problem|warning)|mail delivery|cannot deliver|could not (?:be )?deliver|user unknown|unzustellbar|nicht zugestellt|zustellungs|non remis|échec (?:de|d['’])|non (?:è stato )?(?:recapitat|consegna)|mancata consegna|no se (?:ha podido|puede|pudo) entregar|error de entrega|onbestelbaar|niet afgeleverd|niedostarcz|nie można dostarczyć|zwrot (?:poczty|wiadomości|do nadawcy)|message status|^returned\b|mailer-daemon|warning: (?:could not|message)|не доставлено|недоставлен|不达|退信|失败|失敗|配信|メールエラー|送信エラー|\bbounced?\b/i;

/** Local parts that mail systems send under, and nobody else. */
const DAEMON =
  /^(?:mailer[-_.]?daemon|mail-?daemon|maildaemon|mdaemon|mail[-_.]?delivery(?:[-_.](?:sub)?system)?|mail[-_.]system|mmdf|microsoftexchange[0-9a-f]{20,})(?:[@\\]|$)/i;

/** Local parts that mail systems share with those who run them. */
const POSTMASTER = /^post[-_]?mast(?:er)?(?:[@\\]|$)/i;

/** Local parts of gateways: no person and no web form sends under them. */
const GATEWAY = /^(?:smtpd?|bounces?|\w{0,20}smtp\w{0,40}|anti-?virus\w{0,40})@/i;

/** Local parts that machines of any kind send under, web forms with a customer's words among them. */
const MACHINE = /^(?:mailadmin|administrator|admin|complaints|nobody|no-?reply|listserv|root|majordomo)@/i;

/** Display names of mail systems. */
const SYSTEM_NAME =
  /^\W*(?:(?:internet )?mail deliver(?:y|er)?(?: (?:sub)?system| service)?|interscan(?: \w+){0,3}|mailmarshal|mimesweeper|mailer[- ]daemon|mail (?:system|administrator|server)|system administrator|post ?master|post office|microsoft (?:outlook|exchange))\W*$/i;

/** A display name that is no person's: none at all, or one that speaks of servers. */
const isImpersonal = (name: string): boolean =>
  name === '' ||
  SYSTEM_NAME.test(name) ||
  /\b(?:mail|smtp|lsmtp|server|mailserver|system|gateway|daemon|automated|postmaster)\b/i.test(name);

/** What is answered or passed on is a person's doing. */
const PASSED_ON = /^\s*(?:re|aw|antw|sv|vs|vb|rif|r|odp|ynt|fwd?|wg|tr|rv|i|doorst|pd|enc|ilt|転送)\s*[:：]/i;

/** What a sentence says that can be about nothing but a mail; the first group needs the mail to be named before it. */
const FAILED =
  /((?:could|can|was|were|has) ?(?:not|n't) (?:be |been )?(?:deliver|sen[dt]))|n'a pas pu [eê]tre d[eé]livr[eé]|konnte nicht zugestellt werden|error has occurred while attempting to deliver|(?:permanent|fatal) (?:delivery )?errors?|delivery of e-?mail to this address|fail(?:ed|ing|ure|ures)? recipients?|recipient'?s? (?:address|mailbox|name) (?:is |was )?(?:unknown|not|rejected|full)/gi;
const NAMED = /(?:e-?mail|message|mail|messaggio|courriel|nachricht)\b/i;
const TO_PEOPLE = /^\w* ?to (?:the |this )?(?:following )?(?:recipient|address|user)/i;
const NEAR_ADDRESS = /[\w.+-]@[\w-]{1,63}\.\w/;

/** A whole sentence that can be about nothing but a mail and its address: within one, up to 200 characters before and 160 behind what failed. */
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
 * Whether a mail system made this mail: its envelope, its sender, or a header that marks it. Words prove nothing. A report part within a mail that has
 * none of them was attached by a person.
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
    from.some(
      ({ address, name }) =>
        isDaemon(address, name) || POSTMASTER.test(address) || GATEWAY.test(address) || MACHINE.test(address),
    )
  );
}

/** RFC 5321 §4.5.5; old systems write a daemon's name for the empty path. */
const isNullSender = (headers: Sender['headers']): boolean =>
  headers.all('return-path').some((value) => /^<(?:mailer-daemon(?:@[^<>]*)?)?>$/i.test(value.replace(/\s+/g, '')));

/** Without a value, as Exchange writes it. */
const isExchangeNdr = (headers: Sender['headers']): boolean => headers.all('x-ms-exchange-message-is-ndr').length > 0;

const saysAutomatic = (headers: Sender['headers']): boolean => /^auto-/i.test(headers.first('auto-submitted') ?? '');

/** No sender at all (`From: <>`), or one of theirs. A system's name counts where there is no address, or one that is not a person's. */
const isDaemon = (address: string, name: string): boolean =>
  DAEMON.test(address) ||
  (address === '' && name === '') ||
  (SYSTEM_NAME.test(name) && (!address.includes('@') || POSTMASTER.test(address) || GATEWAY.test(address)));

/** The returned mail is one that was sent from an address which the report was sent to. */
const isOurs = ({ original, to }: Recognisable): boolean => {
  const sender = original?.first('from')?.toLowerCase() ?? '';
  return sender !== '' && to.some(({ address }) => address !== '' && sender.includes(address.toLowerCase()));
};

/**
 * Why it is one (the name of the evidence), or undefined. `sender`: believed only if someone who was not reached is found. Words alone never decide: an
 * envelope, a sender or a header that only mail systems have must be there.
 */
export function looksLikeBounce(input: Recognisable): string | undefined {
  const { headers, text } = input;
  if (headers.first('x-failed-recipients') !== undefined) return 'X-Failed-Recipients';
  if (input.contentType === 'multipart/report' && input.reportType?.toLowerCase() === 'delivery-status')
    return 'RFC 3464';
  // A person with a name: words alone never decide, so they are not looked for.
  if (isPersonal(input)) return undefined;
  const signs = signsOf(input);
  const { nullSender, daemon, postmaster, impersonal, ndr, subjectFits, passedOn } = signs;
  if (subjectFits && (daemon || (postmaster && nullSender))) return 'sender and subject';
  if (postmaster && impersonal && subjectFits && !passedOn) return 'sender';
  const head = text.slice(0, 6000);
  const said = SAID.test(head);
  if (ndr && (subjectFits || said)) return 'X-MS-Exchange-Message-Is-Ndr';
  if (!said) return undefined;
  if (daemon) return nullSender ? 'sender and text' : 'sender';
  return (nullSender ? isReturned(input, signs, head) : isImpersonalReport(input, signs, head)) ? 'sender' : undefined;
}

const isPersonal = ({ headers, from }: Recognisable): boolean =>
  !isNullSender(headers) &&
  !isExchangeNdr(headers) &&
  !from.every(({ name }) => isImpersonal(name)) &&
  !from.some(({ address, name }) => isDaemon(address, name));

interface Signs {
  nullSender: boolean;
  daemon: boolean;
  postmaster: boolean;
  /** No From has a person's name. */
  impersonal: boolean;
  ndr: boolean;
  subjectFits: boolean;
  /** The subject is that of an answer, or of a mail that was passed on. */
  passedOn: boolean;
}

const signsOf = ({ headers, subject, from }: Recognisable): Signs => ({
  nullSender: isNullSender(headers),
  daemon: from.some(({ address, name }) => isDaemon(address, name)),
  postmaster: isSentBy(from, POSTMASTER),
  impersonal: from.every(({ name }) => isImpersonal(name)),
  ndr: isExchangeNdr(headers),
  subjectFits: SUBJECT.test(subject),
  passedOn: PASSED_ON.test(subject),
});

const isSentBy = (from: readonly Address[], pattern: RegExp): boolean =>
  from.some(({ address }) => pattern.test(address));

/** With an empty envelope, and words of a bounce. Answers of machines have both as well, and repeat the customer's words. */
function isReturned({ headers }: Recognisable, { subjectFits, impersonal, passedOn }: Signs, head: string): boolean {
  if (/^auto-replied/i.test(headers.first('auto-submitted') ?? '') && !(subjectFits && impersonal)) return false;
  return (subjectFits && (impersonal || !passedOn)) || isBounceSentence(head);
}

/** From nobody's name, with words of a bounce. */
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
