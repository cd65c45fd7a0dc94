// Text of a reply's html, and the message answered quoted below it.
import { describe, expect, it } from 'vitest';
import { type ReplyBodiesInput, replyBodies } from '../../../src/parsing/reply-bodies.ts';

const message = { from: [{ name: 'Zoë <b>', address: 'z@example.net' }], receivedAt: '2026-11-23T10:00:00.000Z' };
const quoted = (text: string | undefined, html?: string): ReplyBodiesInput['quoted'] => ({ message, text, html });

it.each([
  ['text takes precedence over html', { text: 'own', html: '<p>html</p>' }, 'own'],
  ['neither is empty', {}, ''],
  ['paragraphs', { html: '<p>Frau Müller,</p><p>anbei.<br>Anna</p>' }, 'Frau Müller,\n\nanbei.\nAnna'],
  ['hidden content', { html: '<style>p{}</style><script>x()</script><!-- x --><p>nur dies</p>' }, 'nur dies'],
  ['cells', { html: '<table><tr><td>A</td><td>B</td></tr><tr><td>C</td></tr></table>' }, 'A B\nC'],
  [
    'the address of a link',
    { html: '<a href="https://c.example/r?a=1&amp;b=2">Rechnung</a>, <a href=\'tel:+49123\'>Anruf</a>' },
    'Rechnung [https://c.example/r?a=1&b=2], Anruf [tel:+49123]',
  ],
  [
    'no address that is already shown or that leads nowhere',
    { html: '<a href="mailto:i@c.example">i@c.example</a> <a href="#top">oben</a> <a name="x">hier</a>' },
    'i@c.example oben hier',
  ],
  ['a link of an image', { html: '<a href="https://c.example/"><img alt="Logo"></a>' }, 'Logo [https://c.example/]'],
  [
    'a link that is not closed',
    { html: '<a href="https://c.example/">eins <a href="https://d.example/">zwei</a>' },
    'eins [https://c.example/] zwei [https://d.example/]',
  ],
  [
    'lists',
    { html: '<ol><li>eins</li><li>zwei<ul><li>innen</li></ul></li><li>drei</li></ol>' },
    '1. eins\n2. zwei\n  * innen\n3. drei',
  ],
])('text: %s', (_, input, text) => {
  expect(replyBodies(input).text).toBe(text);
});

it('survives thousands of nested tables', () => {
  const html = `${'<table><tr><td>'.repeat(3_000)}tief${'</td></tr></table>'.repeat(3_000)}`;
  expect(replyBodies({ html }).text).toContain('tief');
});

describe('a quotation', () => {
  it('is below the text, with each line marked', () => {
    expect(replyBodies({ text: 'Gern.', quoted: quoted('Hallo\r\n> alt\r\n\n') }).text).toBe(
      'Gern.\n\nZoë <b>, 2026-11-23 10:00 UTC:\n> Hallo\n>> alt',
    );
  });

  it('is made of the html where the customer sent no text', () => {
    expect(replyBodies({ text: 'Gern.', quoted: quoted(undefined, '<p>Hallo</p>') }).text).toContain('\n> Hallo');
  });

  const cases: [what: string, html: string, kept: string][] = [
    [
      'scripts and the document’s frame',
      '<html><body class="a"><script>x()</script><p>Hallo</p></body></html>',
      '<p>Hallo</p>',
    ],
    ['whatever their case', '<SCRIPT src=x>y()</Script ><p>Hallo</p>', '<p>Hallo</p>'],
    ['handlers', '<p onclick="y()" class="a" onLoad=z>Hallo</p>', '<p class="a">Hallo</p>'],
    ['handlers behind a quoted bracket', '<p title="a>b" onclick="y()">Hallo</p>', '<p title="a>b">Hallo</p>'],
    ['no prose', '<p>the light is on = always</p>', '<p>the light is on = always</p>'],
    ['only the tag when it is never closed', '<form><p>Hallo</p>', '<p>Hallo</p>'],
    ['half a tag', '<p>Hallo</p><script', '<p>Hallo</p>'],
  ];
  it.each(cases)('loses %s', (_, html, kept) => {
    const { html: made = '' } = replyBodies({ html: '<p>Gern.</p>', quoted: quoted('Hallo', html) });
    expect(made.startsWith('<p>Gern.</p><br><div>Zoë &lt;b&gt;, 2026-11-23 10:00 UTC:</div><blockquote')).toBe(true);
    expect(made).toContain(`">${kept}</blockquote>`);
  });

  it('escapes the text where the customer sent no html', () => {
    const { html } = replyBodies({ html: '<p>Gern.</p>', quoted: quoted('a < b\n') });
    expect(html).toContain('<pre>a &lt; b\n</pre>');
  });
});

it.each(['<script>', '<form a="', '<p onx=', '<', '<a href="https://c.example/">', '<ol><li>', ' on', '<p a=\'"'])(
  'takes time in proportion to a long text of %j',
  (piece) => {
    const html = piece.repeat(300_000 / piece.length);
    const before = process.cpuUsage();
    replyBodies({ html, quoted: quoted(undefined, html) });
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1_000).toBeLessThan(1_000);
  },
);
