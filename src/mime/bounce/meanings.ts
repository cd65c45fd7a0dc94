// The RFC 3463 status that the words of a failure mean, where no enhanced code is given.

/** Words that are unmistakable, whatever the code beside them. */
const sure: readonly [RegExp, string][] = [
  [
    /(?:mail ?(?:box|folder|drop)|quota|inbox|postfach).{0,60}(?:\bfull\b|exceed|voll\b|\bover\b)|\bover ?quota|quota.{0,20}exceed/i,
    '5.2.2',
  ],
  [
    /user.{0,10}unknown|unknown.{0,10} user|no such (?:user|recipient|mailbox|local user)|(?:mailbox|user|recipient|address) (?:was )?(?:not found|does(?: not|n't) exist)/i,
    '5.1.1',
  ],
];

const meanings: readonly [RegExp, string][] = [
  [
    /(?:mail ?(?:box|folder|drop)|quota|inbox|account|postfach|speicher|storage|user'?s? (?:mail|disk)).{0,60}(?:\bfull\b|exceed|voll\b|\bover\b|too large)|(?:over|exceed\w*|out of).{0,20}quota|quota.{0,40}(?:exceed|full)|disk full|insufficient (?:disk|storage|system storage)|not enough (?:disk |storage )?(?:storage|space)|user is over|mailbox size limit|bo[iî]te.{0,30}pleine|bandeja.{0,30}llena|casella.{0,30}piena|skrzynka.{0,40}(?:pełna|przepełnion)|переполнен|メールボックスが(?:一杯|いっぱい)|容量/i,
    '5.2.2',
  ],
  [
    /(?:message|mail|size).{0,40}(?:too (?:large|big)|size limit|exceeds?.{0,30}(?:size|limit|maximum))|size exceed|exceeds .{0,20}size|maximum message size|zu groß/i,
    '5.3.4',
  ],
  [
    /(?:account|mailbox|user|recipient).{0,60}(?:disabled|inactive|suspend|deactivated|locked|closed|expired)|(?:disabled|inactive|suspended) (?:account|mailbox|user)|discontinued|temporarily unavailable account/i,
    '5.2.1',
  ],
  [
    /(?:host|domain|server).{0,30}(?:unknown|not found|does(?: not|n't) exist)|unknown (?:host|domain)|no such (?:host|domain)|name or service not known|unrouteable (?:mail )?domain|nxdomain|couldn't find any host|host or domain name not found|no mx|domain name not found|dns error|bad destination system/i,
    '5.1.2',
  ],
  [
    /user.{0,30}unknown|unknown.{0,20} (?:user|recipient|address|local|mailbox)|no such (?:user|recipient|person|address|mailbox|account|local user)|does(?: not|n't) (?:exist|have an? (?:\S+ )?account)|mailbox (?:not found|unavailable)|(?:invalid|illegal|bad|incorrect) (?:final delivery )?(?:recipient|mailbox|address|user)|not listed|user(?:id)? not|(?:recipient|address|name|user|mailbox) (?:not|unknown|is not|was(?: not|n't))|no (?:mailbox|user|matches)|unrouteable|unbekannt|nicht bekannt|isn't|not a (?:valid|known)|addressee|inconnu|desconocid|sconosciut|inesistente|nieznany|onbekend|not? .{0,40}account|no longer|(?:wasn't|was not|couldn't be|could not be|cannot be|can't be) found|(?:adresse|empfänger|postfach).{0,40}nicht gefunden|introuvable|pas été trouvée?|no se (?:encontró|ha encontrado)|non (?:è stat[oa] trovat[oa]|trovat[oa])|niet gevonden|nie znaleziono|não (?:foi )?encontrad|bulunamadı|見つかりません|不明|not our customer|not (?:exactly )?match/i,
    '5.1.1',
  ],
  [
    /time(?:d)? ?out|expired|too long|gave up|giving up|retry time|been in the queue|could not be delivered for|undeliverable for|retry timeout/i,
    '4.4.7',
  ],
  [
    /connection (?:refused|reset)|unable to connect|couldn't connect|establish an smtp|no route|network is|unreachable|did not accept our requests|socket error|server unavailable|connect failed/i,
    '4.4.1',
  ],
  [/loop|too many hops/i, '5.4.6'],
  [
    /spam|blocked|blacklist|block list|policy|denied|reject|refus|relay|not accept|unsolicited|permission|berechtig|autorisé|autorizad|autorizzat|toestemming|uprawnie|izniniz/i,
    '5.7.1',
  ],
];

/**
 * The status that the words mean, if any, in the class of the reply code (RFC 3463 §2). `given`: the server gave an inexact status, which only unmistakable
 * words refine.
 */
export function meaningOf(words: string, replyCode?: number, given = false): string | undefined {
  const status = (given ? sure : meanings).find(([pattern]) => pattern.test(words))?.[1];
  if (status === undefined || replyCode === undefined) return status;
  return `${replyCode >= 500 ? '5' : '4'}${status.slice(1)}`;
}
