// Header content is 7-bit, in lines of at most 998 octets (RFC 5322 §2.1.1). nodemailer folds at blanks and encodes what is not
// ASCII, but would write a text without blanks and an invalid id unchanged. Pure.

import { asciiMessageId } from '../../domain/message-id.ts';

/** Longest word that is kept, in octets: together with the header's name still under 998. */
const LONGEST_WORD = 900;
/** Octets in one encoded word: base64 of 45 is 60, within the 75 characters of RFC 2047 §2. */
const WORD_OCTETS = 45;

type HeaderText = string | { prepared: true; value: string };

/** A text that nodemailer may write unchanged, or already encoded where it could not fold it. */
export function headerText(text: string): HeaderText {
  const wellFormed = text.toWellFormed();
  if (!new RegExp(`[^ \\t]{${LONGEST_WORD + 1}}`).test(wellFormed)) return wellFormed;
  return { prepared: true, value: encodedWords(wellFormed).join('\r\n ') };
}

/** RFC 2047 encoded words in UTF-8, none of which splits a character. */
function encodedWords(text: string): string[] {
  const words: string[] = [];
  let piece = '';
  const flush = () => {
    if (piece !== '') words.push(`=?UTF-8?B?${Buffer.from(piece).toString('base64')}?=`);
    piece = '';
  };
  for (const character of text) {
    if (Buffer.byteLength(piece) + Buffer.byteLength(character) > WORD_OCTETS) flush();
    piece += character;
  }
  flush();
  return words;
}

/** RFC 5322 §3.6.4, without blanks, as other programs write it: the right side may be missing. In ASCII it fits a line of its own. */
const MESSAGE_ID = /<([^<>\s]{1,990})>/g;
/** In the form in which a backend may have stored it. */
const BARE_ID = /^[^<>\s@]{1,600}@[^<>\s@]{1,300}$/;
const LONGEST_ID = 990;

/**
 * The ids within a text, with angle brackets, in the ASCII form in which messages contain them. An id with blanks, or longer than a line, cannot be
 * written and is omitted.
 */
export const messageIdsIn = (text: string): string[] =>
  (BARE_ID.test(text) ? [text] : Array.from(text.matchAll(MESSAGE_ID), ([, id]) => id as string))
    .map(asciiMessageId)
    .filter((id) => id !== '' && id.length <= LONGEST_ID)
    .map((id) => `<${id}>`);
