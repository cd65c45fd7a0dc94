// Is a mail without a machine-readable report a bounce? Its sender, subject, envelope and words, each of them weak alone: a customer's parcel that could not
// be delivered is none.
import type { Address } from '../../contract/message.ts';
import { messageIdInText } from './plain-text.ts';

export interface Recognisable {
  headers: { all(name: string): string[]; first(name: string): string | undefined };
  subject: string;
  from: readonly Address[];
  reportType: string | undefined;
  text: string;
  /** A returned mail is attached. */
  original: unknown;
}

/** What such reports say. */
const SAID =
  /(?:could ?n[o']t|cannot|unable to|not|failed to|was ?n[o']t) (?:yet )?(?:be |been )?(?:deliver|send|sent|reach)|deliver(?:y|ed|ing)? (?:(?:of|to) .{1,160} )?(?:has )?(?:been )?(?:fail|postponed|delayed)|permanent (?:fatal )?error|(?:user|recipient|address) unknown|invalid (?:final delivery )?(?:user|recipient|address)|undeliver|following (?:address|recipient)|fail\w* recipient|smtp error|transcript of session|nicht zugestellt|mailbox (?:is )?(?:full|unavailable)|over ?quota|did not reach|not been delivered|has been returned|rejected|does not exist|no such user|no recuperad|送信でき|配送|配信|届け|无法|失败|не может быть доставлено|не доставлено/i;

/** Subjects of reports, in the languages of the systems that send them. */
const SUBJECT =
  /undeliver(?:ed|able)|(?:mail|message|delivery|e-?mail)\b.{0,30}\b(?:fail(?:ed|ure)?|error|problem|status notification|subsystem|unsuccessful|not delivered|rejected|warning)|fail\w* (?:delivery|mail|message)|failure notice|returned (?:mail|message|e-?mail|to sender)|returning message to sender|non-?deliver|nondeliverable|delivery (?:status|notification|has failed|delayed|report|problem|warning)|mail delivery|cannot deliver|could not (?:be )?deliver|user unknown|unzustellbar|nicht zugestellt|zustellungs|non remis|échec (?:de|d['’])|non (?:è stato )?(?:recapitat|consegna)|mancata consegna|no se (?:ha podido|puede|pudo) entregar|error de entrega|onbestelbaar|niet afgeleverd|niedostarcz|nie można dostarczyć|zwrot (?:poczty|wiadomości|do nadawcy)|message status|^returned\b|mailer-daemon|warning: (?:could not|message)|не доставлено|недоставлен|不达|退信|失败|失敗|配信|メールエラー|送信エラー|\bbounced?\b/i;

/** Names that mail systems send under, and nobody else. */
const DAEMON =
  /(?:^|[<"\s])(?:mailer[-_]?daemon|mail-?daemon|post[-_]?master|maildaemon|mdaemon|mail-?delivery|mail-system|mmdf|postmast|microsoftexchange[0-9a-f]{20,})(?:[@\\]|$|[>"\s])|mail delivery (?:sub)?system|mail (?:system|administrator)|system administrator|post office|internet mail delivery/i;

/** Names that machines of any kind send under. */
const MACHINE =
  /(?:^|[<"\s])(?:smtpd?|mailadmin|administrator|admin|complaints|bounces?|nobody|no-?reply|listserv|root|majordomo|\w{0,20}smtp\w{0,40}|anti-?virus\w{0,40})@/i;

/** What a sentence says that can be about nothing but a mail; the first group needs the mail to be named before it. */
const FAILED =
  /((?:could|can|was|were|has) ?(?:not|n't) (?:be |been )?(?:deliver|sen[dt]))|n'a pas pu [eê]tre d[eé]livr[eé]|konnte nicht zugestellt werden|(?:permanent|fatal) (?:delivery )?errors?|delivery of e-?mail to this address|fail(?:ed|ing|ure|ures)? recipients?|recipient'?s? (?:address|mailbox|name) (?:is |was )?(?:unknown|not|rejected|full)/gi;
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

/** Why it is one (the name of the evidence), or undefined. `sender`: believed only if someone who was not reached is found. */
export function looksLikeBounce(input: Recognisable): string | undefined {
  const { headers, subject, from, text, original } = input;
  if (headers.first('x-failed-recipients') !== undefined) return 'X-Failed-Recipients';
  if (input.reportType?.toLowerCase() === 'delivery-status') return 'RFC 3464';
  const daemon =
    from.some((a) => DAEMON.test(a.address) || DAEMON.test(a.name)) || DAEMON.test(headers.first('sender') ?? '');
  const machine = from.some((a) => MACHINE.test(a.address));
  const nullSender = headers.all('return-path').some((v) => /^<\s*>$/.test(v));
  const subjectFits = SUBJECT.test(subject);
  if (/^auto-replied/i.test(headers.first('auto-submitted') ?? '') && !subjectFits) return undefined;
  if (daemon && subjectFits) return 'sender and subject';
  if (!daemon && !machine && !subjectFits) return undefined;
  const head = text.slice(0, 6000);
  const said = SAID.test(head);
  if (!said) return undefined;
  if (nullSender && subjectFits) return 'null sender and subject';
  if (daemon && nullSender) return 'sender and text';
  if (daemon) return 'sender';
  if (subjectFits && (original !== undefined || messageIdInText(text) !== undefined))
    return 'subject and returned mail';
  if (machine && subjectFits) return 'sender';
  // A person's mail bears his name; a forwarded report bears a prefix.
  const nameless = from.length === 1 && from[0]?.name === '';
  return subjectFits && nameless && !/^\s*(?:fwd?|wg|tr|rv|i)\s*:/i.test(subject) && isBounceSentence(head)
    ? 'sender'
    : undefined;
}
