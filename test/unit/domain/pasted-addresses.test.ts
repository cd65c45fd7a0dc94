// What people paste into a field for addresses.
import { describe, expect, it } from 'vitest';
import { pastedAddresses } from '../../../src/domain/pasted-addresses.ts';

const shown = (text: string) =>
  pastedAddresses(text).map((one) =>
    'refused' in one ? `✗ ${one.refused}` : one.name === '' ? one.address : `${one.name} <${one.address}>`,
  );

describe('pasted addresses', () => {
  it.each<[string, string[]]>([
    ['', []],
    [' ; ,\n', []],
    ['support@contoso.example', ['support@contoso.example']],
    ['Support <support@contoso.example>', ['Support <support@contoso.example>']],
    ['"Support, Team" <support@contoso.example>', ['Support, Team <support@contoso.example>']],
    ['"a;b" <a@b.example>; c@d.example', ['a;b <a@b.example>', 'c@d.example']],
    ['<support@contoso.example>', ['support@contoso.example']],
    ['mailto:support@contoso.example', ['support@contoso.example']],
    ['MAILTO:support%2Bde@contoso.example?subject=Hi%20there', ['support+de@contoso.example']],
    ['Support <mailto:support@contoso.example>', ['Support <support@contoso.example>']],
    ['a@b.example, c@d.example;e@f.example\ng@h.example', ['a@b.example', 'c@d.example', 'e@f.example', 'g@h.example']],
    ['a@b.example c@d.example', ['a@b.example', 'c@d.example']],
    ['Support\tsupport@contoso.example', ['✗ Support', 'support@contoso.example']],
    [
      'Weber, Alex <alex@contoso.example>; Braun, Bea <bea@contoso.example>',
      ['Weber, Alex <alex@contoso.example>', 'Braun, Bea <bea@contoso.example>'],
    ],
    ['a@b.example, Alex <c@d.example>', ['a@b.example', 'Alex <c@d.example>']],
    ['A@Contoso.Example; a@contoso.example', ['A@contoso.example']],
    ['a@b.example; Ann <a@b.example>', ['Ann <a@b.example>']],
    ['info@müller.example', ['info@xn--mller-kva.example']],
    ['support', ['✗ support']],
    ['a@b.example; nonsense; @c', ['a@b.example', '✗ nonsense', '✗ @c']],
    ['Team: a@b.example, c@d.example', ['✗ Team: a@b.example', 'c@d.example']],
    ['a@b.example (Sales)', ['✗ a@b.example (Sales)']],
    ['"unclosed <a@b.example>\nc@d.example', ['✗ "unclosed <a@b.example>', 'c@d.example']],
    ['\u200ba@b.example\u00a0; \ufeffAnn <\u200bc@d.example>\u200e', ['a@b.example', 'Ann <c@d.example>']],
    ["'a@b.example'; c@d.example.", ['a@b.example', 'c@d.example']],
    ['a@b\u202E.example', ['✗ a@b\u202E.example']],
  ])('%j', (text, expected) => expect(shown(text)).toEqual(expected));

  it.each([
    ['one line of commas', 'a@b.example,'],
    ['lines', 'x\n'],
    ['open angles', '<'],
    ['open quotes', '"'],
    ['blanks', 'a@b.example '],
    ['escapes', '"\\'],
  ])('take time in proportion to their size: %s', (_, piece) => {
    const text = piece.repeat(Math.floor(200_000 / piece.length));
    const began = process.cpuUsage();
    pastedAddresses(text);
    const { user } = process.cpuUsage(began);
    expect(user / 1_000_000).toBeLessThan(3);
  });
});
