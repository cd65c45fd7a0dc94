// Automatic mail: is this message a person's, or a machine's that must not be answered by a machine? Pure. RFC 3834, RFC 2919, RFC 2369 and
// the conventions before them. Strong evidence (headers) decides; localized subjects are weak and count only beside something else.
import type { Automatic } from '../contract/message.ts';
import { REPLY_ID_HEADER } from './reply-header.ts';

interface AutomaticInput {
  headers: { first(name: string): string | undefined; all(name: string): string[] };
  subject: string;
  /** Address of the first From. */
  from: string;
  /** Media type of the whole. */
  contentType: string;
  /** What the parser of reports found (src/mime/bounce). */
  report?: { kind: 'bounce' | 'receipt' | 'feedback-report'; source: string };
}

type Evidence = Automatic['evidence'][number];

/** Out-of-office and the like, as subjects begin in the languages of our customers. Weak: people write such subjects too. */
const autoReplySubject =
  /^[\s[({<*"'„“«]{0,4}(?:\s*(?:re|aw|sv|vs|antw|rif|odp|ynt)\s*:\s*)?(?:auto(?:matic|mated)?[ -]?(?:reply|response|answer|repl(?:y|ied))|autoreply|auto:|out of (?:the )?office|ooo\b|away from (?:the )?office|vacation|on (?:vacation|holiday|leave)|automatische? (?:antwort|rückantwort)|abwesenheits?(?:notiz|nachricht|assistent|meldung|agent)?\b|(?:ich bin )?(?:nicht im büro|außer haus|im urlaub)|réponse automatique|absence du bureau|absent du bureau|message d'absence|respuesta automática|fuera de (?:la )?oficina|risposta automatica|fuori sede|fuori ufficio|automatisch antwoord|automatische reactie|afwezig(?:heid)?\b|niet aanwezig|autoodpowiedź|odpowiedź automatyczna|automatyczna odpowiedź|nieobecność|resposta automática|ausência|automatisk svar|automatiskt svar|autosvar|frånvaro|fravær|automaattinen vastaus|poissa|automatická odpověď|mimo kancelář|automatikus válasz|házon kívül|автоответ|автоматический ответ|otomatik (?:yanıt|cevap)|自动回复|自動回覆|自動応答|不在)/i;

/** The same in the middle of a subject: "Jane Doe is out of the office". */
const absentSomebody =
  /\b(?:is|am|be) (?:currently )?(?:out of (?:the )?office|on (?:vacation|leave|holiday))\b|\bist (?:derzeit |zur ?zeit )?(?:nicht im (?:büro|haus)|außer haus|abwesend|im urlaub)(?!\p{L})|\best (?:actuellement )?absente?\b|\bjest nieobecn|\bestá (?:ausente|fuera de)/iu;

const robot =
  /^(?:no-?reply|do-?not-?reply|noreply|donotreply|mailer-daemon|postmaster|bounces?|auto(?:reply|responder|mailer)?|notifications?|robot|daemon|majordomo|listserv|owner-.*|.*-request|.*-bounces?)(?:[+.=-].*)?@/i;

/** How the programs themselves begin the subject of an automatic answer, which then names the mail that is answered: "Automatic reply: Your offer". */
const programmedSubject =
  /^\s*(?:automatic reply|auto(?:matic)?[- ]?(?:reply|response)|autoreply|auto|out of office(?: auto-?reply)?|automatische (?:antwort|rückantwort)|abwesenheits(?:notiz|nachricht|meldung)|réponse automatique|absence du bureau|respuesta automática|fuera de oficina|risposta automatica|fuori sede|automatisch antwoord|afwezig(?:heid)?|autoodpowiedź|odpowiedź automatyczna|automatyczna odpowiedź|resposta automática|automatiskt? svar|autosvar|automaattinen vastaus|automatická odpověď|automatikus válasz|автоматический ответ|автоответ|otomatik yanıt|自動応答|自动回复)\s?[:：]/i;

/** Challenge-response filters ask the sender to prove that he is a person. */
const challengeSubject =
  /(?:please confirm|confirm your|verify your|confirmation (?:required|request)|sender verification|action required to deliver|bestätigen sie ihre e-?mail).{0,60}(?:message|e-?mail|delivery|nachricht)?/i;

/** A value that says "nothing of the kind": programs write such fields into every mail. */
const saysNothing = (value: string): boolean => {
  const bare =
    value
      .slice(0, 200)
      .replace(/\([^()]*\)/g, '')
      .split(';', 1)[0] ?? '';
  return NOTHING.test(bare.toLowerCase().replace(/[\s<>"'[\]{}.,:_/-]/g, ''));
};
const NOTHING = /^(?:no|none|never|notset|nothing|false|off|0|null|nil|na|undefined|normal|firstclass)?$/;

/** The kind of automatic mail and what decided it. `mayAutoRespond` is false whenever an automatic answer could loop or annoy (RFC 3834 §2). */
export function detectAutomatic({ headers, subject, from: sender, contentType, report }: AutomaticInput): Automatic {
  const from = sender.slice(0, 320); // RFC 5321 §4.5.3.1: no address is longer
  const evidence: Evidence[] = [];
  const saw = (header: string, source: string, value?: string): void => {
    if (evidence.length < 20)
      evidence.push({ header, ...(value === undefined ? {} : { value: value.slice(0, 200) }), source });
  };
  const answer = (kind: Automatic['kind'], mayAutoRespond = false): Automatic => ({ kind, evidence, mayAutoRespond });

  /** The first value of a field that says anything. */
  const stated = (name: string): string | undefined => headers.all(name).find((value) => !saysNothing(value));
  const autoSubmitted = stated('auto-submitted')?.toLowerCase();
  const submitted = autoSubmitted?.split(/[;\s(]/, 1)[0] ?? '';
  const precedence = /[a-z_-]+/.exec((stated('precedence') ?? stated('x-precedence') ?? '').toLowerCase())?.[0];
  const nullSender = headers.all('return-path').some((v) => /^<\s*>$/.test(v));
  const suppress = stated('x-auto-response-suppress');
  const list = stated('list-id') ?? stated('list-post') ?? stated('mailing-list') ?? stated('x-mailing-list');
  const unsubscribe = stated('list-unsubscribe');

  // 1. Reports about our own mails.
  if (report !== undefined) {
    saw('Content-Type', report.source, contentType);
    if (nullSender) saw('Return-Path', 'RFC 5321 §4.5.5', '<>');
    return answer(report.kind === 'bounce' ? 'bounce' : 'receipt');
  }
  if (contentType === 'multipart/report') saw('Content-Type', 'RFC 6522', contentType);

  // 2. Challenge-response, before auto-replies: it says auto-replied as well.
  if (
    headers.first('x-spamarrest-noauth') !== undefined ||
    headers.first('x-boxbe-challenge') !== undefined ||
    /tmda|spamarrest|boxbe|asp challenge|mailblocks/i.test(
      headers.first('x-delivery-agent') ?? headers.first('x-tmda-fingerprint') ?? '',
    )
  ) {
    saw('X-Challenge', 'convention');
    return answer('challenge');
  }
  const automaticReply = (): Automatic =>
    answer(challengeSubject.test(subject) && nullSender ? 'challenge' : 'auto-reply');

  // 3. Auto-replies, sure evidence.
  if (submitted === 'auto-replied') {
    saw('Auto-Submitted', 'RFC 3834 §5', autoSubmitted);
    return automaticReply();
  }
  const sure: [string, string | undefined, string][] = [
    ['X-Autoreply', stated('x-autoreply'), 'convention'],
    ['X-Autorespond', stated('x-autorespond'), 'convention'],
    ['X-Autoresponder', stated('x-autoresponder'), 'convention'],
    [
      'X-Autogenerated',
      /reply/i.test(stated('x-autogenerated') ?? '') ? stated('x-autogenerated') : undefined,
      'convention',
    ],
    ['X-Mail-Autoreply', stated('x-mail-autoreply'), 'convention'],
    ['X-AutoReply-From', stated('x-autoreply-from'), 'convention'],
    ['X-Vacation', stated('x-vacation'), 'convention'],
    ['X-Auto-Reply', stated('x-auto-reply'), 'convention'],
    ['X-Mail-Auto-Reply', stated('x-mail-auto-reply'), 'convention'],
    [
      'X-Apple-Action',
      /vacation/i.test(stated('x-apple-action') ?? '') ? stated('x-apple-action') : undefined,
      'convention',
    ],
    ['Preference', stated('preference') === 'auto_reply' ? 'auto_reply' : undefined, 'convention'],
    ['Precedence', precedence === 'auto_reply' ? precedence : undefined, 'convention'],
    ['Delivered-To', headers.all('delivered-to').find((v) => /^autoresponder\b/i.test(v)), 'convention'],
    [
      'X-POST-MessageClass',
      /autoresponder/i.test(stated('x-post-messageclass') ?? '') ? stated('x-post-messageclass') : undefined,
      'convention',
    ],
  ];
  for (const [name, value, source] of sure) {
    if (value === undefined) continue;
    saw(name, source, value);
    return automaticReply();
  }
  const weakSubject = autoReplySubject.test(subject) || absentSomebody.test(subject);
  // Set by rules of a mailbox, those that redirect a customer's mail to us included: proves nothing on its own.
  const byRule = stated('x-ms-exchange-inbox-rules-loop');
  // Exchange's out-of-office: auto-generated with In-Reply-To and "X-Auto-Response-Suppress: All", and a localized subject.
  const answers = stated('in-reply-to') !== undefined || stated('references') !== undefined;
  if (submitted !== '') {
    saw('Auto-Submitted', 'RFC 3834 §5', autoSubmitted);
    if (weakSubject || (answers && suppress !== undefined && list === undefined)) {
      if (weakSubject) saw('Subject', 'localized, weak');
      return automaticReply();
    }
    if (list !== undefined) {
      saw('List-Id', 'RFC 2919', list);
      return answer('list');
    }
    return answer(nullSender ? 'auto-reply' : 'bulk');
  }
  if (
    weakSubject &&
    (nullSender ||
      suppress !== undefined ||
      precedence === 'bulk' ||
      precedence === 'junk' ||
      (robot.test(from) && !/^postmaster@/i.test(from)) ||
      ((answers || byRule !== undefined) && programmedSubject.test(subject)))
  ) {
    saw('Subject', 'localized, weak');
    if (nullSender) saw('Return-Path', 'RFC 5321 §4.5.5', '<>');
    if (suppress !== undefined) saw('X-Auto-Response-Suppress', '[MS-OXCMAIL]', suppress);
    if (precedence !== undefined) saw('Precedence', 'convention', precedence);
    if (byRule !== undefined) saw('X-MS-Exchange-Inbox-Rules-Loop', 'convention');
    return automaticReply();
  }

  // 4. Lists and bulk.
  if (list !== undefined) {
    saw('List-Id', 'RFC 2919', list);
    return answer('list');
  }
  if (precedence === 'list') {
    saw('Precedence', 'convention', precedence);
    return answer('list');
  }
  if (precedence === 'bulk' || precedence === 'junk') {
    saw('Precedence', 'convention', precedence);
    return answer('bulk');
  }
  if (unsubscribe !== undefined) {
    saw('List-Unsubscribe', 'RFC 2369', unsubscribe);
    return answer('bulk');
  }
  // Senders of mass mail name themselves; Amazon SES names itself on every mail, a web form's included.
  const feedbackId = stated('feedback-id');
  const campaigns: [string, string | undefined][] = [
    ['Feedback-ID', feedbackId?.endsWith(':AmazonSES') === true ? undefined : feedbackId],
    ['X-Campaign-Id', stated('x-campaign-id') ?? stated('x-campaignid')],
    ['X-CSA-Complaints', stated('x-csa-complaints')],
  ];
  for (const [name, value] of campaigns) {
    if (value === undefined) continue;
    saw(name, 'convention', value);
    return answer('bulk');
  }

  // 5. A person, as far as can be told; whether an automatic answer is safe is another question.
  let may = true;
  if (nullSender) {
    saw('Return-Path', 'RFC 5321 §4.5.5', '<>');
    may = false;
  }
  if (suppress !== undefined && /\b(?:all|autoreply|oof|dr)\b/i.test(suppress)) {
    saw('X-Auto-Response-Suppress', '[MS-OXCMAIL]', suppress);
    may = false;
  }
  if (robot.test(from)) {
    saw('From', 'RFC 3834 §2');
    may = false;
  }
  if (weakSubject) {
    saw('Subject', 'localized, weak');
    may = false;
  }
  // Sent by a gateway like this one: two that acknowledge each other never stop.
  if (headers.first(REPLY_ID_HEADER.toLowerCase()) !== undefined) {
    saw(REPLY_ID_HEADER, 'Mailroom');
    may = false;
  }
  if (stated('x-loop') !== undefined) {
    saw('X-Loop', 'convention');
    may = false;
  }
  return answer('none', may && contentType !== 'multipart/report' && from !== '');
}
