// Patterns of quoted history and signatures in the languages and clients of customers. They run on lines of bounded length.

const DATED_ON =
  /\bOn (?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]{0,6},? |\d{1,2}[-./ ]|(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6} )/g;

/**
 * Splits a line that ends in " wrote:" into answer and attribution: "Yes. On Wed, Apr 4, 2012 at 3:59 PM, Joe wrote:". Drops dashes between them;
 * undefined if it is not such a line. Linear.
 */
export function splitSharedLine(line: string): [string, string] | undefined {
  for (const { index, 0: words } of line.matchAll(DATED_ON)) {
    const between = line.length - 'wrote:'.length - (index + words.length);
    if (index === 0 || between < 4 || between > 200) continue;
    let answer = line.slice(0, index).trimEnd();
    const dashes = /-{1,3}$/.exec(answer.slice(-3))?.[0].length ?? 0;
    answer = answer.slice(0, answer.length - dashes).trimEnd();
    return answer === '' || answer.length > 200 ? undefined : [answer, line.slice(index)];
  }
  return undefined;
}

/** RFC 3676 §4.3 and its usual variants. */
export const signatureDelimiter = /^--\s?$/;
/** Lines that mobile and other clients add. */
export const clientSignature =
  /^(?:[-*_\s(<]{0,6})(?:sent (?:from|via|with|using|by) (?:my |an |a |the )?(?!desk\b)[^,.;!?]{2,60}(?:[,.;!]? {1,3}(?:please )?(?:excuse|forgive|pardon)\b.{2,60})?|from my (?:i?phone|ipad|mobile|cell|android|blackberry|samsung|galaxy)\b.{0,20}|\p{L}{2,20} from (?:my )?mobile|get outlook for (?:ios|android|mac).{0,60}|(?:von|mit) mein\S{0,12} .{2,60}(?:gesendet|verschickt)|gesendet (?:von|mit|über|aus)\b.{2,80}|diese nachricht wurde von mein\S{0,12} .{2,90}gesendet|diese e-?mail wurde (?:von|mit)\b.{2,90}gesendet|envoyé (?:de|depuis|à partir de|avec|via) .{2,80}|enviado (?:desde|de|do|através) .{2,80}|inviato (?:da|dal|con|tramite) .{2,80}|verstuurd vanaf .{2,80}|verzonden (?:vanaf|met|via) .{2,80}|wysłan[eoya]+ (?:z|za pomocą) .{2,80}|sendt fra .{2,80}|skickat från .{2,80}|lähetetty .{2,60}|odesláno z .{2,80}|отправлено (?:с|из) .{2,80}|发自我的.{1,40}|[從从]我的.{1,30}[傳传]送|från min .{2,40}|gesendet mit .{2,60} app|outlook für (?:ios|android) beziehen.{0,60}|télécharger outlook .{0,60}|obtener outlook .{0,60}|(?:yahoo|aol) mail.{0,60}|hol(?:en)? sie sich outlook.{0,60})\s*(?:<[^<>]{3,200}>|\([^()]{3,200}\)|https?:\S{3,200})?[\s.)>]{0,4}$/iu;

/** The writer states that the answers are within the quotation. */
export const answersBelow =
  /\b(?:see (?:my )?(?:\w+ )?(?:below|inline)|(?:my )?(?:answers?|comments?|replies|responses?) (?:are )?(?:below|inline|in (?:red|blue|green|bold))|inline below|(?:siehe|s\.) (?:unten|weiter unten)|(?:antworten?|kommentare?|anmerkungen?) (?:\w+ ){0,4}(?:unten|im text|in (?:rot|blau|grün|fett)|inline)|unten (?:im text|in (?:rot|blau))|im text (?:unten|eingefügt|beantwortet)|voir (?:mes réponses |mes commentaires )?(?:ci-dessous|plus bas|en rouge|dans le texte)|ver (?:mis (?:respuestas|comentarios) )?(?:abajo|más abajo|en rojo)|vedi (?:sotto|le mie risposte|in rosso)|zie (?:hieronder|onder|mijn antwoorden|mijn opmerkingen)|(?:patrz|zobacz) (?:poniżej|niżej)|odpowiedzi (?:w tekście|poniżej|na czerwono))\b/i;
