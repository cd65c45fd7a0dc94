// Attributes by which mail clients mark quotations, the lines that introduce them, and signatures. Linear in the attributes.

/** Words of an attribute's value, and the names of the attributes that count. */
interface Marker {
  names: string;
  words: RegExp;
}
const QUOTE: Marker = {
  names: 'class|id|data-marker',
  words:
    /\b(?:x_)?(?:yahoo_quoted|protonmail_quote\b|tutanota_quote|zmail_extra|ntes-mailmaster-quote|isReplyContent|sh-quoted-content|__QUOTED_TEXT__|crisp-quote|mail-editor-reference-message-container|ms-outlook-mobile-reference-message|moz-forward-container)/gi,
};
const NAMED_QUOTE = /(?:^|\s)name\s{0,9}=\s{0,9}["']?(?:quote|messageReplySection)\b/i;
/** The line "On … X wrote:", whatever the language. */
const ATTRIBUTION: Marker = {
  names: 'class',
  words:
    /\b(?:x_)?(?:moz-cite-prefix|airmail_on|reply-intro|gmail_attr|protonmail_quote_header|gmail_quote_attribution)/gi,
};
/** The beginning of a quotation that runs to the end, in clients that do not nest it. */
const QUOTE_TO_END =
  /(?:^|\s)id\s{0,9}=\s{0,9}["']?(?:x_)?(?:divRplyFwdMsg|appendonsend|stopSpelling|zwchr|replySplit|OLK_SRC_BODY_SECTION|ms-outlook-mobile-body-separator-line)\b|data-marker\s{0,9}=\s{0,9}["']?__DIVIDER__|border:\s{0,9}none;\s{0,9}border-top:\s{0,9}solid\s{1,9}(?:#(?:E1E1E1|B5C4DF)|windowtext)\s{1,9}1(?:\.0)?pt|border-top:\s{0,9}#b5c4df\s{1,9}1pt\s{1,9}solid/i;
const OUTLOOK_HEADER: Marker = { names: 'class', words: /\bOutlookMessageHeader/gi };
const SIGNATURE: Marker = {
  names: 'class|id|data-smartmail',
  words:
    /\b(?:x_)?(?:gmail_signature|composer_signature|bloop_sign|tutanota_signature|moz-signature|ms-outlook-mobile-signature|AppleMailSignature|protonmail_signature_block|Signature\b|gmail_default_signature|zimbra_signature|yahoo-signature|ymail_signature)/gi,
};

/** A blockquote by which editors indent the writer's own text ("increase indent" of browsers and Outlook on the web): margins, and no line at its left. */
const INDENT = /\sstyle\s{0,9}=\s{0,9}["']?[^"'>]{0,100}\bmargin/i;
const CITES =
  /\bcite|\bclass\s{0,9}=|\bid\s{0,9}=|border(?:-left(?:-\w{1,9})?)?\s{0,9}:(?!\s{0,9}(?:none|medium none|0|initial|inherit))/i;

/** Words examined per tag. */
const MAX_WORDS = 8;

/** Whether one of the words is in the value of one of the attributes: only the opening quote may be between the attribute's name and the word. */
function isMarkedBy(attributes: string, { names, words }: Marker): boolean {
  let tries = 0;
  for (const { index } of attributes.matchAll(words)) {
    if (++tries > MAX_WORDS) break;
    let open = index;
    while (open > 0 && !`"'>`.includes(attributes[open - 1] as string)) open--;
    if (hasAttribute(attributes.slice(open, index), names, false)) return true;
    if (open > 0 && attributes[open - 1] !== '>' && hasAttribute(attributes.slice(0, open - 1), names, true))
      return true;
  }
  return false;
}

/** Whether `text` contains, or with `last` ends in, the name of one of the attributes and `=`. */
function hasAttribute(text: string, names: string, last: boolean): boolean {
  const pieces = text.toLowerCase().split('=');
  if (last && pieces.pop()?.trim() !== '') return false;
  const before = last ? pieces.slice(-1) : pieces.slice(0, -1);
  return before.some((piece) => names.split('|').some((name) => piece.trimEnd().endsWith(name)));
}

export interface Meaning {
  kind: 'quote' | 'signature' | 'attribution' | undefined;
  toEnd: boolean;
  /** A blockquote with these attributes is no quotation. */
  indents: boolean;
}

/** The meaning of attributes, cached because mails repeat them. */
export function meaningOf(attributes: string, known: Map<string, Meaning>): Meaning {
  let meaning = known.get(attributes);
  if (meaning === undefined) {
    const kind =
      isMarkedBy(attributes, QUOTE) || NAMED_QUOTE.test(attributes)
        ? 'quote'
        : isMarkedBy(attributes, ATTRIBUTION)
          ? 'attribution'
          : isMarkedBy(attributes, SIGNATURE)
            ? 'signature'
            : undefined;
    meaning = {
      kind,
      toEnd: QUOTE_TO_END.test(attributes) || isMarkedBy(attributes, OUTLOOK_HEADER),
      indents: INDENT.test(attributes) && !CITES.test(attributes),
    };
    if (known.size < 500) known.set(attributes, meaning);
  }
  return meaning;
}
