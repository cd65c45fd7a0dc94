// The portal's words in both languages: every code of the catalogue, every problem of a definition, and the means a person in the portal has.
import { describe, expect, it } from 'vitest';
import { catalogue } from '../../../src/domain/catalogue/index.ts';
import type { ErrorCode } from '../../../src/domain/errors.ts';
import { countIn } from '../../../src/http/portal/words.ts';
import { errorIn } from '../../../src/http/portal/words-errors.ts';

/** Words that German sentences do not have; names of menus and commands are taken out before. */
const ENGLISH = /\b(the|this|is|are|not|and|with|which|does|has|cannot|could|must|server's|please|then|your)\b/i;
const withoutNames = (text: string) => text.replaceAll(/[„"“`][^“"”`]*[“"”`]|Add a permission[^:]*|Sign in/g, '');
const names = { server: 'Support', user: 's@b.example', host: 'h.example', port: 587, from: 'f@b.example' };

describe.each(Object.keys(catalogue) as ErrorCode[])('%s', (code) => {
  const de = errorIn('de', code, names);
  const en = errorIn('en', code, names);
  it('has a title and a hint in both languages', () => {
    for (const { title, hint } of [de, en]) {
      expect(title).toMatch(/^[A-ZÄÖÜ].*[^.]\.$/s);
      expect(hint).toMatch(/\S/);
    }
    expect(de.title).not.toBe(en.title);
  });
  it('is shown in German on a German page', () => {
    expect(withoutNames(de.title)).not.toMatch(ENGLISH);
    expect(withoutNames(de.hint)).not.toMatch(ENGLISH);
    expect(`${de.title} ${de.hint}`).not.toMatch(
      /(?<!E-)\bMails?\b|E-Mail-Server|freigegebene|Vollzugriff|(?<!App-)Passwort|berichtig/i,
    );
  });
  it.each([de, en])('names no API and no sign-in command to a person', ({ hint }) =>
    expect(hint).not.toMatch(
      /\/v1\/|If-Match|ETag|Authorization:|Content-Type|mailroom (login|servers|invite)|http\.apiTokens/,
    ),
  );
});

describe('words that depend on a number', () => {
  it.each([
    ['de', 'entries', 1, '1 Eintrag'],
    ['de', 'entries', 1234, '1.234 Einträge'],
    ['en', 'entries', 1, '1 entry'],
    ['en', 'entries', 1234, '1,234 entries'],
    ['de', 'heldTile', 1, 'Antwort wartet auf eine Entscheidung'],
    ['de', 'heldTile', 0, 'Antworten warten auf eine Entscheidung'],
    ['de', 'replicasTile', 2, 'Instanzen rufen E-Mails ab'],
    ['en', 'stepsFailed', 1, '1 step failed.'],
  ] as const)('%s %s %i', (language, word, count, text) => expect(countIn(language, word, count)).toBe(text));
});
