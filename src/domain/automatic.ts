// Automatic mail: was this message written by a person, or by a program that must not get an automatic answer? Pure. RFC 3834, RFC 2919, RFC 2369 and
// earlier conventions. Strong evidence (headers) decides; localized subjects are weak evidence and count only together with other evidence.
import type { Automatic } from '../contract/message.ts';
import { REPLY_ID_HEADER } from './reply-header.ts';

interface AutomaticInput {
  headers: { first(name: string): string | undefined; all(name: string): readonly string[] };
  subject: string;
  /** Address in the first From. */
  from: string;
  /** Media type of the whole. */
  contentType: string;
  /** The result of the report parser (src/mime/bounce). */
  report?: { kind: 'bounce' | 'receipt' | 'feedback-report'; source: string };
}

type Evidence = Automatic['evidence'][number];

/** Beginnings of out-of-office subjects in the languages of our customers. Weak evidence: people write such subjects too. */
const autoReplySubject =
  /^[\s[({<*"'„“«]{0,4}(?:\s*(?:re|aw|sv|vs|antw|rif|odp|ynt)\s*:\s*)?(?:auto(?:matic|mated)?[ -]?(?:reply|response|answer|repl(?:y|ied))|autoreply|auto:|out of (?:the )?office|ooo\b|away from (?:the )?office|vacation|on (?:vacation|holiday|leave)|automatische? (?:antwort|rückantwort)|abwesenheits?(?:notiz|nachricht|assistent|meldung|agent)?\b|(?:ich bin )?(?:nicht im büro|außer haus|im urlaub)|réponse automatique|absence du bureau|absent du bureau|message d'absence|respuesta automática|fuera de (?:la )?oficina|risposta automatica|fuori sede|fuori ufficio|automatisch antwoord|automatische reactie|afwezig(?:heid)?\b|niet aanwezig|autoodpowiedź|odpowiedź automatyczna|automatyczna odpowiedź|nieobecność|resposta automática|ausência|automatisk svar|automatiskt svar|autosvar|frånvaro|fravær|automaattinen vastaus|poissa|automatická odpověď|mimo kancelář|automatikus válasz|házon kívül|автоответ|автоматический ответ|otomatik (?:yanıt|cevap)|自动回复|自動回覆|自動応答|不在)/i;

/** The same words in the middle of a subject: "Jane Doe is out of the office". */
const absentSomebody =
  /\b(?:is|am|be) (?:currently )?(?:out of (?:the )?office|on (?:vacation|leave|holiday))\b|\bist (?:derzeit |zur ?zeit )?(?:nicht im (?:büro|haus)|außer haus|abwesend|im urlaub)(?!\p{L})|\best (?:actuellement )?absente?\b|\bjest nieobecn|\bestá (?:ausente|fuera de)/iu;

const robot =
  /^(?:no-?reply|do-?not-?reply|noreply|donotreply|mailer-daemon|postmaster|bounces?|auto(?:reply|responder|mailer)?|notifications?|robot|daemon|majordomo|listserv|owner-.*|.*-request|.*-bounces?)(?:[+.=-].*)?@/i;

/** How programs begin the subject of an automatic answer, followed by the subject of the answered mail: "Automatic reply: Your offer". */
const programmedSubject =
  /^\s*(?:automatic reply|auto(?:matic)?[- ]?(?:reply|response)|autoreply|auto|out of office(?: auto-?reply)?|automatische (?:antwort|rückantwort)|abwesenheits(?:notiz|nachricht|meldung)|réponse automatique|absence du bureau|respuesta automática|fuera de oficina|risposta automatica|fuori sede|automatisch antwoord|afwezig(?:heid)?|autoodpowiedź|odpowiedź automatyczna|automatyczna odpowiedź|resposta automática|automatiskt? svar|autosvar|automaattinen vastaus|automatická odpověď|automatikus válasz|автоматический ответ|автоответ|otomatik yanıt|自動応答|自动回复)\s?[:：]/i;

/** Challenge-response filters, which require the sender to prove that they are a person. */
const challengeSubject =
  /(?:please confirm|confirm your|verify your|confirmation (?:required|request)|sender verification|action required to deliver|bestätigen sie ihre e-?mail).{0,60}(?:message|e-?mail|delivery|nachricht)?/i;

/** A value that means "not automatic": programs write such fields into every mail. */
const saysNothing = (value: string): boolean => {
  const bare =
    value
      .slice(0, 200)
      .replace(/\([^()]*\)/g, '')
      .split(';', 1)[0] ?? '';
  return NOTHING.test(bare.toLowerCase().replace(/[\s<>"'[\]{}.,:_/-]/g, ''));
};
const NOTHING = /^(?:no|none|never|notset|nothing|false|off|0|null|nil|na|undefined|normal|firstclass)?$/;

/** The header fields, read once; each section below adds to the evidence. */
interface Facts extends Omit<AutomaticInput, 'from'> {
  /** Cut to what RFC 5321 §4.5.3.1 allows. */
  from: string;
  evidence: Evidence[];
  /** Adds a piece of evidence, 20 at most. */
  saw(header: string, source: string, value?: string): void;
  /** The first non-empty value of a field. */
  stated(name: string): string | undefined;
  autoSubmitted: string | undefined;
  /** The keyword of Auto-Submitted, '' without one. */
  submitted: string;
  precedence: string | undefined;
  nullSender: boolean;
  suppress: string | undefined;
  list: string | undefined;
  /** Localized: counts only together with other evidence. */
  weakSubject: boolean;
}

function factsOf(input: AutomaticInput): Facts {
  const { headers } = input;
  const evidence: Evidence[] = [];
  const stated = (name: string): string | undefined => headers.all(name).find((value) => !saysNothing(value));
  const autoSubmitted = stated('auto-submitted')?.toLowerCase();
  return {
    ...input,
    from: input.from.slice(0, 320),
    evidence,
    saw: (header, source, value) => {
      if (evidence.length < 20)
        evidence.push({ header, ...(value === undefined ? {} : { value: value.slice(0, 200) }), source });
    },
    stated,
    autoSubmitted,
    submitted: autoSubmitted?.split(/[;\s(]/, 1)[0] ?? '',
    precedence: /[a-z_-]+/.exec((stated('precedence') ?? stated('x-precedence') ?? '').toLowerCase())?.[0],
    nullSender: headers.all('return-path').some((v) => /^<\s*>$/.test(v)),
    suppress: stated('x-auto-response-suppress'),
    list: stated('list-id') ?? stated('list-post') ?? stated('mailing-list') ?? stated('x-mailing-list'),
    weakSubject: autoReplySubject.test(input.subject) || absentSomebody.test(input.subject),
  };
}

/** The kind of automatic mail and what decided it. `mayAutoRespond` is false whenever an automatic answer could loop or annoy (RFC 3834 §2). */
export function detectAutomatic(input: AutomaticInput): Automatic {
  const facts = factsOf(input);
  const kind =
    reportKind(facts) ??
    challenge(facts) ??
    sureAutoReply(facts) ??
    (facts.submitted === '' ? probableAutoReply(facts) : submittedKind(facts)) ??
    bulkKind(facts);
  const { evidence } = facts;
  if (kind !== undefined) return { kind, evidence, mayAutoRespond: false };
  return { kind: 'none', evidence, mayAutoRespond: mayAutoRespond(facts) };
}

type Kind = Exclude<Automatic['kind'], 'none'>;

/** 1. Reports about our own mails. */
function reportKind({ report, contentType, nullSender, saw }: Facts): Kind | undefined {
  if (report !== undefined) {
    saw('Content-Type', report.source, contentType);
    if (nullSender) saw('Return-Path', 'RFC 5321 §4.5.5', '<>');
    return report.kind === 'bounce' ? 'bounce' : 'receipt';
  }
  if (contentType === 'multipart/report') saw('Content-Type', 'RFC 6522', contentType);
  return undefined;
}

/** 2. Challenge-response, before auto-replies, because such mails are marked as auto-replied as well. */
function challenge({ headers, saw }: Facts): Kind | undefined {
  const agent = headers.first('x-delivery-agent') ?? headers.first('x-tmda-fingerprint') ?? '';
  if (
    headers.first('x-spamarrest-noauth') === undefined &&
    headers.first('x-boxbe-challenge') === undefined &&
    !/tmda|spamarrest|boxbe|asp challenge|mailblocks/i.test(agent)
  )
    return undefined;
  saw('X-Challenge', 'convention');
  return 'challenge';
}

const replyKind = ({ subject, nullSender }: Facts): Kind =>
  challengeSubject.test(subject) && nullSender ? 'challenge' : 'auto-reply';

/** Fields that mark an auto-reply by their presence or by their value. */
const REPLY_FIELDS = (
  [
    ...['X-Autoreply', 'X-Autorespond', 'X-Autoresponder', 'X-Mail-Autoreply', 'X-AutoReply-From', 'X-Vacation'],
    ...['X-Auto-Reply', 'X-Mail-Auto-Reply'],
    ['X-Autogenerated', /reply/i],
    ['X-Apple-Action', /vacation/i],
    ['Preference', /^auto_reply$/],
    ['X-POST-MessageClass', /autoresponder/i],
  ] as const
).map((field): { name: string; key: string; words?: RegExp } =>
  typeof field === 'string'
    ? { name: field, key: field.toLowerCase() }
    : { name: field[0], key: field[0].toLowerCase(), words: field[1] },
);

/** 3. Auto-replies, sure evidence. */
function sureAutoReply(facts: Facts): Kind | undefined {
  const { headers, stated, submitted, autoSubmitted, precedence, saw } = facts;
  if (submitted === 'auto-replied') {
    saw('Auto-Submitted', 'RFC 3834 §5', autoSubmitted);
    return replyKind(facts);
  }
  const found = (header: string, value: string | undefined): Kind => {
    saw(header, 'convention', value);
    return replyKind(facts);
  };
  for (const { name, key, words } of REPLY_FIELDS) {
    const value = stated(key);
    if (value !== undefined && words?.test(value) !== false) return found(name, value);
  }
  if (precedence === 'auto_reply') return found('Precedence', precedence);
  const delivered = headers.all('delivered-to').find((value) => /^autoresponder\b/i.test(value));
  return delivered === undefined ? undefined : found('Delivered-To', delivered);
}

/** Exchange's out-of-office: auto-generated with In-Reply-To and "X-Auto-Response-Suppress: All", and a localized subject. */
const isAnswer = ({ stated }: Facts): boolean =>
  stated('in-reply-to') !== undefined || stated('references') !== undefined;

/** Auto-Submitted with another keyword than `auto-replied`. */
function submittedKind(facts: Facts): Kind {
  const { weakSubject, suppress, list, nullSender, autoSubmitted, saw } = facts;
  saw('Auto-Submitted', 'RFC 3834 §5', autoSubmitted);
  if (weakSubject || (suppress !== undefined && list === undefined && isAnswer(facts))) {
    if (weakSubject) saw('Subject', 'localized, weak');
    return replyKind(facts);
  }
  if (list !== undefined) {
    saw('List-Id', 'RFC 2919', list);
    return 'list';
  }
  return nullSender ? 'auto-reply' : 'bulk';
}

/** A subject like that of an auto-reply counts together with other evidence. */
function probableAutoReply(facts: Facts): Kind | undefined {
  const { subject, weakSubject, from, suppress, nullSender, precedence, stated, saw } = facts;
  if (!weakSubject) return undefined;
  // Set by rules of a mailbox, including rules that redirect a customer's mail to us: proves nothing alone.
  const byRule = stated('x-ms-exchange-inbox-rules-loop') !== undefined;
  if (
    !nullSender &&
    suppress === undefined &&
    !isBulk(precedence) &&
    (!robot.test(from) || /^postmaster@/i.test(from)) &&
    !((byRule || isAnswer(facts)) && programmedSubject.test(subject))
  )
    return undefined;
  saw('Subject', 'localized, weak');
  if (nullSender) saw('Return-Path', 'RFC 5321 §4.5.5', '<>');
  if (suppress !== undefined) saw('X-Auto-Response-Suppress', '[MS-OXCMAIL]', suppress);
  if (precedence !== undefined) saw('Precedence', 'convention', precedence);
  if (byRule) saw('X-MS-Exchange-Inbox-Rules-Loop', 'convention');
  return replyKind(facts);
}

const isBulk = (precedence: string | undefined): boolean => precedence === 'bulk' || precedence === 'junk';

/** 4. Lists and bulk. */
function bulkKind({ list, precedence, stated, saw }: Facts): Kind | undefined {
  const found = (kind: Kind, header: string, source: string, value: string | undefined): Kind => {
    saw(header, source, value);
    return kind;
  };
  if (list !== undefined) return found('list', 'List-Id', 'RFC 2919', list);
  if (precedence === 'list') return found('list', 'Precedence', 'convention', precedence);
  if (isBulk(precedence)) return found('bulk', 'Precedence', 'convention', precedence);
  const unsubscribe = stated('list-unsubscribe');
  if (unsubscribe !== undefined) return found('bulk', 'List-Unsubscribe', 'RFC 2369', unsubscribe);
  // Senders of mass mail identify themselves; Amazon SES identifies itself in every mail, including that of a web form.
  const feedbackId = stated('feedback-id');
  if (feedbackId !== undefined && !feedbackId.endsWith(':AmazonSES'))
    return found('bulk', 'Feedback-ID', 'convention', feedbackId);
  const campaign = stated('x-campaign-id') ?? stated('x-campaignid');
  if (campaign !== undefined) return found('bulk', 'X-Campaign-Id', 'convention', campaign);
  const complaints = stated('x-csa-complaints');
  return complaints === undefined ? undefined : found('bulk', 'X-CSA-Complaints', 'convention', complaints);
}

/** 5. A person, as far as can be determined; whether an automatic answer is safe is a separate question. */
function mayAutoRespond(facts: Facts): boolean {
  const { headers, weakSubject, from, contentType, nullSender, suppress, stated, saw } = facts;
  const reasons: [boolean, ...Parameters<Facts['saw']>][] = [
    [nullSender, 'Return-Path', 'RFC 5321 §4.5.5', '<>'],
    [
      suppress !== undefined && /\b(?:all|autoreply|oof|dr)\b/i.test(suppress),
      ...(['X-Auto-Response-Suppress', '[MS-OXCMAIL]', suppress] as const),
    ],
    [robot.test(from), 'From', 'RFC 3834 §2'],
    [weakSubject, 'Subject', 'localized, weak'],
    // Sent by a gateway like this one: two gateways that acknowledge each other never stop.
    [headers.first(REPLY_ID_HEADER.toLowerCase()) !== undefined, REPLY_ID_HEADER, 'Mailroom'],
    [stated('x-loop') !== undefined, 'X-Loop', 'convention'],
  ];
  const against = reasons.filter(([holds]) => holds);
  for (const [, ...evidence] of against) saw(...evidence);
  return against.length === 0 && contentType !== 'multipart/report' && from !== '';
}
