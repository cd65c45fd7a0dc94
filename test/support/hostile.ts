// Mails written to cost a parser more than they should: each attack repeats, nests or leaves open what some grammar of mail delimits, at a size that is asked for.
// Read by the growth test (test/unit/mime/growth.test.ts), the table of docs/hostile.md (scripts/hostile-table.ts) and the fuzzer.

/** `unit` over and over, cut to `length` characters. */
export const fill = (unit: string, length: number): string =>
  unit.repeat(Math.ceil(Math.max(0, length) / unit.length)).slice(0, Math.max(0, length));

/** Units with their number, up to `length` characters. */
function numbered(length: number, unit: (k: number) => string): string {
  const out: string[] = [];
  for (let size = 0, k = 0; size < length; k++) {
    const one = unit(k);
    out.push(one);
    size += one.length;
  }
  return out.join('');
}

interface Attack {
  /** What it repeats, and which parser it is meant for. */
  name: string;
  /** A whole mail of about `bytes`. */
  mail(bytes: number): Buffer;
}

const HEAD = 'From: a@b.example\nTo: c@d.example\nSubject: Re: x\nMessage-ID: <1@x.example>\nMIME-Version: 1.0\n';

const attack = (name: string, text: (bytes: number) => string): Attack => ({
  name,
  mail: (bytes) => Buffer.from(text(bytes), 'latin1'),
});
const body =
  (type: string) =>
  (name: string, text: (bytes: number) => string): Attack =>
    attack(name, (bytes) => `${HEAD}Content-Type: ${type}; charset=utf-8\n\n${text(bytes)}\n`);
const text = body('text/plain');
const html = body('text/html');
const header = (name: string, field: string, value: (bytes: number) => string): Attack =>
  attack(name, (bytes) => `From: a@b.example\n${field}: ${value(bytes)}\nMIME-Version: 1.0\n\nhi\n`);
const dsn = (name: string, fields: (bytes: number) => string, words: (bytes: number) => string = () => 'x'): Attack =>
  attack(
    name,
    (bytes) =>
      `From: MAILER-DAEMON@b.example\nTo: c@d.example\nSubject: Undelivered mail\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\nContent-Type: text/plain\n\n${words(bytes)}\n--b\nContent-Type: message/delivery-status\n\n${fields(bytes)}\n--b--\n`,
  );
const prose = (name: string, words: (bytes: number) => string): Attack =>
  attack(
    name,
    (bytes) =>
      `From: Mail Delivery System <MAILER-DAEMON@b.example>\nTo: c@d.example\nSubject: Undelivered Mail Returned to Sender\nReturn-Path: <>\n\nYour message could not be delivered.\n${words(bytes)}\n`,
  );
const named = (name: string, value: (bytes: number) => string): Attack =>
  attack(
    name,
    (bytes) =>
      `${HEAD}Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\nx\n--b\nContent-Type: application/pdf\nContent-Disposition: attachment; ${value(bytes)}\n\nx\n--b--\n`,
  );
const parts = (name: string, part: (k: number) => string): Attack =>
  attack(
    name,
    (bytes) =>
      `${HEAD}Content-Type: multipart/mixed; boundary=b\n\n${numbered(bytes, (k) => `--b\n${part(k)}\n`)}--b--\n`,
  );

/** Lines of a quotation around one long line. */
const between = (line: string): string => `hi\n> a\n${line}\n> b\n`;

const replyTexts: Attack[] = [
  text('reply: slashes and brackets between quotations', (n) => between(`${fill('/', n / 2)}${fill(')', n / 2)}x`)),
  text('reply: slashes alone between quotations', (n) => between(fill('/', n))),
  text('reply: many links broken off', (n) => numbered(n, (k) => `> a\n${fill('a=', 300)}${k}x\n> b\n`)),
  text('reply: blanks before an attribution', (n) =>
    numbered(n, () => `x${fill(' ', 280)}On 4/4 ${fill(' ', 280)}y wrote:\n> a\n`),
  ),
  text('reply: dashes and blanks before an attribution', (n) =>
    numbered(n, () => `x${fill('- ', 280)}On 4/4 ${fill('On 4/4 ', 280)}y wrote:\n> a\n`),
  ),
  text('reply: labels with @ signs', (n) => `${fill('from: a\n', 80)}to: ${fill('@', n)}\n`),
  text('reply: one label on every line', (n) => fill('to: a\n', n)),
  text('reply: labels with long values', (n) =>
    numbered(n, (k) => `${k % 2 === 0 ? 'to' : 'cc'}: ${fill('a@', 590)}\n`),
  ),
  text('reply: attributions that never close', (n) => fill('on 1 a\n', n)),
  text('reply: attributions that close and never match', (n) => fill('on 1 a:\n', n)),
  text('reply: long attributions', (n) => numbered(n, () => `on ${fill('schrieb hat ', 560)}1:\n`)),
  text('reply: Dutch attributions', (n) => numbered(n, () => `op 1 ${fill('heeft geschreven ', 580)}\n`)),
  text('reply: Danish attributions', (n) => numbered(n, () => `den 1 ${fill('skrev ', 580)}:\n`)),
  text('reply: Finnish attributions', (n) => numbered(n, () => `1 a ${fill('kirjoitti ', 580)}:\n`)),
  text('reply: separators with blanks', (n) => numbered(n, () => `--forwarded by ${fill(' ', 170)}x\n`)),
  text('reply: separators with stars', (n) => numbered(n, () => `--forwarded by a${fill(' *', 160)}x\n`)),
  text('reply: underscores and short lines', (n) => `a\n${fill('__________\nx\n', n)}`),
  text('reply: blank lines and dashes', (n) => `${fill('\n', n / 2)}x\n${fill('---\n', n / 2)}`),
  text('reply: signatures of clients', (n) => `x\n${numbered(n, () => `Sent from my ${fill(' a', 500)}(\n`)}`),
  text('reply: one long signature', (n) => `x\n${numbered(n, () => `sent from ${fill(' ', 570)}x\n`)}`),
  text('reply: quotation marks only', (n) => fill('>', n)),
  text('reply: lines of quotation marks', (n) => fill('>\n', n)),
  text('reply: bars', (n) => fill('| ', n)),
  text('reply: lines of bars', (n) => fill('|  |x\n', n)),
  text('reply: answers below', (n) => `see a ${fill('see my a ', n)}\n> x\n`),
  text('reply: separators of help desks', (n) => numbered(n, () => `##${fill(' sobre nad', 150)} ##\n`)),
  text('reply: attributions with dates and addresses', (n) =>
    numbered(n, (k) => `3.11.2026 10:12 x${k} <a@b.example> c:\n`),
  ),
  text('stamps: alerts', (n) => fill('caution: external email. ', n)),
  text('stamps: footers', (n) => numbered(n, () => 'this email was scanned by avast. x\n\n')),
  text('stamps: rows', (n) => `${fill('--\n', n)}this email was checked by avast for viruses.\n`),
  text('links: schemes', (n) => fill('https://', n)),
  html('links: tags', (n) => fill('<a href="https://x.example/', n)),
  html('links: brackets in a link', (n) => numbered(n, (k) => `<a href="https://x.example/${k}">${fill('<', 1900)}`)),
  html('links: wrappers', (n) =>
    numbered(
      n,
      (k) => `<a href="https://urldefense.com/v3/__https://x/${k}${fill('*', 900)}__;${fill('Q', 900)}!!">x</a>`,
    ),
  ),
  text('reply: pluses', (n) => `a\n__________\n${fill('+1 2-3/', n)}\n`),
];

const addresses: Attack[] = [
  header('address: quotes and empty brackets', 'To', (n) => fill('\\"<>', n)),
  header('address: colons behind @', 'To', (n) => `a@b${fill(':', n)}`),
  header('address: comments before @', 'To', (n) => `a${fill('()', n)}@`),
  header('address: the wrong way round', 'To', (n) => `${fill('x', n)} @ <y>`),
  header('address: @ signs', 'To', (n) => fill('@', n)),
  header('address: dots and blanks', 'To', (n) => `a@${fill(' .', n)}`),
  header('address: blanks before @', 'To', (n) => `a${fill('\t', n)}b@c`),
  header('address: quoted, blanks behind', 'To', (n) => `"a${fill('"@ ', n)}`),
  header('address: nested comments', 'To', (n) => fill('(', n)),
  header('address: nested comments, closed', 'To', (n) => `a${fill('(', n / 2)}${fill(')', n / 2)} <a@b.example>`),
  header('address: brackets not closed', 'To', (n) => fill('<a@b,', n)),
  header('address: brackets', 'To', (n) => fill('<', n)),
  header('address: apostrophes', 'To', (n) => fill("<x@y'''z>", n)),
  header('address: square brackets', 'To', (n) => fill('[', n)),
  header('address: groups', 'To', (n) => fill('a:', n)),
  header('address: mailto', 'To', (n) => fill('mailto:', n)),
  header('address: commas', 'To', (n) => fill(',', n)),
  header('address: names with commas', 'To', (n) => fill('a, b <', n)),
  header('address: backslashes', 'To', (n) => `"${fill('\\', n)}`),
  header('address: encoded words', 'To', (n) => fill('=?u?q?', n)),
  header('address: quoted local parts', 'To', (n) => fill('<"a', n)),
  header('address: many on one line', 'To', (n) => numbered(n, (k) => `a${k}@b.example `)),
  header('address: many without @', 'To', (n) => numbered(n, (k) => `a${k},`)),
  attack(
    'address: twenty fields of many',
    (n) =>
      `From: a@b.example\n${numbered(n, (k) => `To: ${numbered(n / 20, (j) => `a${k}.${j}@b.example,`)}\n`)}\nhi\n`,
  ),
  attack('address: thousands of fields', (n) => `From: a@b.example\n${fill('To: a@b.example\n', n)}\nhi\n`),
];

const headers: Attack[] = [
  header('ids: dots', 'References', (n) => fill('.', n)),
  header('ids: dots and blanks', 'References', (n) => fill('.... ', n)),
  header('ids: brackets and @', 'References', (n) => fill('<@@@@ <', n)),
  header('ids: opening brackets', 'References', (n) => fill('<', n)),
  header('ids: closing brackets', 'References', (n) => fill('>', n)),
  header('ids: blanks within', 'References', (n) => `<${fill('a ', n)}@b>`),
  header('ids: cut off', 'References', (n) => `<${fill('a', n)}@`),
  header('ids: many', 'References', (n) => numbered(n, (k) => `<${k}@x.example> `)),
  header('ids: answers', 'In-Reply-To', (n) => fill('(', n)),
  header('encoded words: not closed', 'Subject', (n) => fill('=?u?q?', n)),
  header('encoded words: closed too early', 'Subject', (n) => `=?u?q?${fill('?=AB', n)}`),
  header('encoded words: strange charsets', 'Subject', (n) => numbered(n, (k) => `=?x-${k}?b?/w==?= `)),
  header('encoded words: one character each', 'Subject', (n) => fill('=?utf-8?q?a?= ', n)),
  header('encoded words: base64 in pieces', 'Subject', (n) => fill('=?utf-8?b?YQ==?=\n ', n)),
  header('encoded words: escapes', 'Subject', (n) => `=?utf-8?q?${fill('=', n)}?=`),
  header('encoded words: half closed', 'Subject', (n) => fill('=?utf-8?q?a?', n)),
  header('encoded words: only beginnings', 'Subject', (n) => fill('=?', n)),
  header('encoded words: escape sequences', 'Subject', (n) => fill('\x1b$B', n)),
  header('subject: blanks', 'Subject', (n) => `a${fill(' \t', n)}b`),
  header('subject: control characters', 'Subject', (n) => fill('\x01a', n)),
  header('subject: prefixes', 'Subject', (n) => fill('Re: ', n)),
  header('subject: prefix and blanks', 'Subject', (n) => `R${fill('\t', n)}`),
  header('subject: words of reports', 'Subject', (n) => fill('mail ', n)),
  header('date: blanks', 'Date', (n) => `2026-01-02T${fill(' ', n)}x`),
  header('date: digits', 'Date', (n) => fill('1 ', n)),
  header('date: comments', 'Date', (n) => `1 Jan 2026 ${fill('(', n)}`),
  header('date: months', 'Date', (n) => fill('jan ', n)),
  header('date: letters', 'Date', (n) => fill('a', n)),
  header('verdicts: long', 'Authentication-Results', (n) => fill('spf=pass (a) ', n)),
  header('verdicts: brackets', 'Authentication-Results', (n) => fill('(', n)),
  attack('verdicts: many', (n) => `From: a@b.example\n${fill('Authentication-Results: a; spf=pass\n', n)}\nhi\n`),
  header('automatic: words', 'Auto-Submitted', (n) => fill('auto-', n)),
  header('automatic: precedence', 'Precedence', (n) => fill('bulk ', n)),
  header('automatic: list', 'List-Id', (n) => fill('<a', n)),
  attack('automatic: long sender', (n) => `From: p${fill('-bounce-n', n)}@b.example\n\nhi\n`),
  attack('automatic: long sender of dots', (n) => `From: a${fill('.', n)}@b.example\n\nhi\n`),
  header('delivered to: many', 'Delivered-To', (n) => numbered(n, (k) => `a${k}@b.example\nDelivered-To: `)),
  header('thread index: blanks', 'Thread-Index', (n) => fill('a ', n)),
  header('importance: blanks', 'X-Priority', (n) => fill(' ', n)),
  attack('header: lines that are none', (n) => `From: a@b.example\n${fill('junk\nX: y\n', n)}\nhi\n`),
  attack('header: lines of blanks', (n) => `From: a@b.example\n${fill(' \n', n)}\nhi\n`),
  attack('header: Received', (n) => `From: a@b.example\n${fill('Received: from a by b; x\n', n)}\nhi\n`),
  attack('header: names without colon', (n) => `From: a@b.example\n${fill('X-y', n)}\n\nhi\n`),
  attack('header: distinct names', (n) => `From: a@b.example\n${numbered(n, (k) => `X-${k}: y\n`)}\nhi\n`),
  header('header: folds', 'Subject', (n) => fill('a\n ', n)),
  header('type: brackets', 'Content-Type', (n) => `text/plain${fill('(', n)}`),
  header('type: semicolons', 'Content-Type', (n) => `text/plain${fill(';', n)}`),
  header('type: long', 'Content-Type', (n) => fill('a', n)),
  header('encoding: long', 'Content-Transfer-Encoding', (n) => fill('x-uu', n)),
];

const parameters: Attack[] = [
  named('parameters: pieces', (n) => numbered(n, (k) => `filename*${k}=a;`)),
  named('parameters: brackets', (n) => `filename=a ${fill('( ', n)}`),
  named('parameters: quotes', (n) => `filename="${fill('"a', n)}`),
  named('parameters: quotes and blanks', (n) => `filename="${fill('"  ', n)}`),
  named('parameters: blanks', (n) => `filename=a${fill(' ', n)}b=`),
  named('parameters: names', (n) => numbered(n, (k) => `p${k}=v;`)),
  named('parameters: equals signs', (n) => fill('=', n)),
  named('parameters: percent signs', (n) => `filename*=utf-8''${fill('%4', n)}`),
  named('parameters: comments', (n) => fill('(a)', n)),
  named('parameters: backslashes', (n) => `filename="${fill('\\', n)}`),
  named('file names: blanks', (n) => `filename="${fill(' ', n)}x"`),
  named('file names: dots', (n) => `filename="${fill('.', n)}x"`),
  named('file names: slashes', (n) => `filename="${fill('/../', n)}x"`),
  named('file names: encoded', (n) => `filename="${fill('=?utf-8?q?a?= ', n)}"`),
  parts('parts: tiny attachments', (k) => `Content-Type: application/x-${k}\n\nx`),
  parts('parts: long types', (k) => `Content-Type: application/${fill('a', 20_000)}${k}\n\nx`),
  parts('parts: long content ids', (k) => `Content-Type: image/png\nContent-ID: <${fill('a', 20_000)}${k}@x>\n\nx`),
  parts('parts: locations', (k) => `Content-Type: image/png\nContent-Location: ${fill('#', 5000)}${k}\n\nx`),
  parts('parts: lines that are no header', (k) => `${fill('junk\nX-a: b\n', 10_000)}X-b: ${k}\n\nx`),
  parts('parts: empty', () => ''),
  parts('parts: texts', (k) => `Content-Type: text/plain\n\n${k}`),
  parts('parts: reports', (k) => `Content-Type: message/delivery-status\n\nFinal-Recipient: rfc822;${k}@b.example\n`),
  parts('parts: nested mails', (k) => `Content-Type: message/rfc822\n\nSubject: ${fill('=?', 2000)}${k}\n\nx`),
];

const structure: Attack[] = [
  attack(
    'structure: nested multiparts',
    (n) => `${HEAD}${numbered(n, (k) => `Content-Type: multipart/mixed; boundary=b${k}\n\n--b${k}\n`)}`,
  ),
  attack(
    'structure: multiparts without parts',
    (n) =>
      `${HEAD}Content-Type: multipart/mixed; boundary=b\n\n${numbered(n, () => '--b\nContent-Type: multipart/mixed; boundary=c\n\n')}`,
  ),
  attack(
    'structure: nearly boundaries',
    (n) =>
      `${HEAD}${numbered(6000, (k) => `Content-Type: multipart/mixed; boundary=${fill('x', 60)}${k % 10}\n\n--${fill('x', 60)}${k % 10}\n`)}\n${fill(`--${fill('x', 60)}z\n`, n)}`,
  ),
  attack(
    'structure: lines of dashes',
    (n) => `${HEAD}Content-Type: multipart/mixed; boundary=b\n\n--b\n\n${fill('--\n', n)}`,
  ),
  attack('structure: dashes', (n) => `${HEAD}Content-Type: multipart/mixed; boundary=b\n\n--b\n\n${fill('-', n)}`),
  attack(
    'structure: after the end',
    (n) => `${HEAD}Content-Type: multipart/mixed; boundary=b\n\n--b\n\n\n--b--\n${fill('--b-', n)}`,
  ),
  attack('structure: line ends of old Macs', (n) => `${HEAD}\n${fill('abc\n', n)}`.replaceAll('\n', '\r')),
  text('structure: carriage returns', (n) => fill('\r', n)),
  text('structure: one line', (n) => fill('a', n)),
];

const htmls: Attack[] = [
  html('html: upper-case styles', (n) => fill('<STYLE></STYLE>', n)),
  html('html: mixed-case styles', (n) => fill('<Style></sTyle>', n)),
  html('html: styles not closed', (n) => fill('<style>', n)),
  html('html: titles of many parts', (n) => fill('<TITLE></TITLE>', n)),
  html('html: class after class', (n) => numbered(n, (k) => `<div ${fill('class=', 1400)}${k}>`)),
  html('html: id after id', (n) => numbered(n, (k) => `<div ${fill('id= ', 1400)}${k}>`)),
  html('html: attributes with blanks', (n) => numbered(n, (k) => `<div class${fill(' ', 1400)}${k}>`)),
  html('html: borders', (n) => numbered(n, (k) => `<div style="${fill('border:none;', 1300)}${k}">`)),
  html('html: border-top and blanks', (n) => numbered(n, (k) => `<div style="border-top:${fill(' ', 1300)}${k}">`)),
  html('html: images without end', (n) => fill('<img alt=', n)),
  html('html: images with blanks', (n) => numbered(n, () => `<img ${fill('\talt ', 1900)}>`)),
  html('html: deep', (n) => fill('<div>', n)),
  html('html: quotations', (n) => fill('<blockquote>a', n)),
  html('html: quotations, open and closed', (n) => fill('<blockquote>a</blockquote>', n)),
  html('html: tags not closed', (n) => fill('<a ', n)),
  html('html: attributes not closed', (n) => fill('<a b="', n)),
  html('html: quotes', (n) => `<a ${fill('="', n)}`),
  html('html: entities', (n) => fill('&amp;', n)),
  html('html: entities not closed', (n) => fill('&', n)),
  html('html: numbers', (n) => `&#${fill('1', n)};`),
  html('html: comments not closed', (n) => fill('<!--', n)),
  html('html: comments', (n) => fill('<!-->', n)),
  html('html: declarations', (n) => fill('<![if', n)),
  html('html: one attribute', (n) => `<a title="${fill('x', n)}">`),
  html('html: closing tags', (n) => fill('</div>', n)),
  html('html: lists', (n) => fill('<li>', n)),
  html('html: content ids', (n) => fill('cid:', n)),
  html('html: opening brackets', (n) => fill('<', n)),
  attack(
    'html: content ids of attachments',
    (n) =>
      `${HEAD}Content-Type: multipart/related; boundary=b\n\n--b\nContent-Type: text/html\n\n${fill('<img src="cid:a">', n / 2)}\n${numbered(n / 2, (k) => `--b\nContent-Type: image/png\nContent-ID: <${k}@x>\n\n\n`)}--b--\n`,
  ),
];

const contents: Attack[] = [
  text('uuencode: ends', (n) => `begin 644 a\n${fill('end\n', n)}`),
  text('uuencode: beginnings', (n) => fill('begin 644 a\n', n)),
  text('uuencode: files', (n) => fill('begin 644 a\n#86)C\n`\nend\n', n)),
  text('uuencode: not closed', (n) => fill('begin 644 a\n#86)C\n', n)),
  body('text/plain; format=flowed')('text: flowed', (n) => fill('a \n', n)),
  body('text/plain; format=flowed')('text: flowed quotations', (n) => numbered(n, (k) => `${fill('>', k % 100)} a \n`)),
  body('text/enriched')('text: enriched', (n) => fill('<a', n)),
  body('text/enriched')('text: enriched parameters', (n) => fill('<param>', n)),
  body('text/enriched')('text: enriched line ends', (n) => fill('\n', n)),
  attack('text: quoted-printable', (n) => `${HEAD}Content-Transfer-Encoding: quoted-printable\n\n${fill('=\n', n)}`),
  attack(
    'text: quoted-printable blanks',
    (n) => `${HEAD}Content-Transfer-Encoding: quoted-printable\n\n${fill(' ', n)}x`,
  ),
  attack('text: base64 with holes', (n) => `${HEAD}Content-Transfer-Encoding: base64\n\n${fill('Y!Q=', n)}`),
  ...['utf-7', 'iso-2022-jp', 'iso-2022-kr', 'hz', 'utf-16', 'x-unknown', 'gb18030'].map((charset) =>
    attack(
      `charset: ${charset}`,
      (n) => `${HEAD}Content-Type: text/plain; charset=${charset}\n\n${fill('+AGE-\x1b$B~{\xe4\xff', n)}`,
    ),
  ),
  attack(
    'tnef: tiny attributes',
    (n) =>
      `${HEAD}Content-Type: application/ms-tnef\n\n\x78\x9f\x3e\x22\x00\x00${fill('\x02\x02\x90\x06\x00\x00\x00\x00\x00\x00\x00', n)}`,
  ),
  attack(
    'tnef: titles',
    (n) =>
      `${HEAD}Content-Type: application/ms-tnef\n\n\x78\x9f\x3e\x22\x00\x00${fill('\x02\x10\x80\x01\x00\x04\x00\x00\x00aaa\x00\x00\x00', n)}`,
  ),
];

const bounces: Attack[] = [
  dsn('bounce: dots of a recipient', (n) => `Final-Recipient: rfc822;${fill('.', n)}x\n`),
  dsn('bounce: quotes of a recipient', (n) => numbered(n, () => `Final-Recipient: rfc822;${fill('"<', 3900)}x\n\n`)),
  dsn('bounce: diagnostics of @ signs', (n) =>
    numbered(n, (k) => `Final-Recipient: rfc822;${k}@b.example\nDiagnostic-Code: <${fill('@', 3900)}\n\n`),
  ),
  dsn('bounce: diagnostics of brackets', (n) =>
    numbered(n, (k) => `Final-Recipient: rfc822;${k}@b.example\nDiagnostic-Code: smtp;${fill('<@', 3900)}\n\n`),
  ),
  dsn('bounce: recipients', (n) => numbered(n, (k) => `Final-Recipient: rfc822;${k}@b.example\n\n`)),
  dsn(
    'bounce: recipients nowhere in a long text',
    (n) => numbered(n / 2, (k) => `Final-Recipient: rfc822;${k}@b.example\n\n`),
    (n) => fill('a b c\n', n / 2),
  ),
  dsn('bounce: continued fields', (n) => `Final-Recipient: rfc822;a@b.example\nDiagnostic-Code: x\n${fill(' a\n', n)}`),
  dsn('bounce: statuses', (n) =>
    numbered(n, (k) => `Final-Recipient: rfc822;${k}@b.example\nDiagnostic-Code: ${fill('5.0.0 ', 3900)}\n\n`),
  ),
  dsn('bounce: addresses of hosts', (n) =>
    numbered(n, (k) => `Final-Recipient: rfc822;${k}@b.example\nDiagnostic-Code: ${fill('1.1.1.1.', 3900)}\n\n`),
  ),
  dsn(
    'bounce: transcript',
    () => `Final-Recipient: rfc822;a@b.example\n`,
    (n) => fill('550 ', n),
  ),
  prose('bounce: addresses in prose', (n) => numbered(n, (k) => `user${k}@b.example unknown\n`)),
  prose('bounce: addresses on long lines', (n) => numbered(n, (k) => `a${k}@b.example${k % 100 === 99 ? '\n' : ' '}`)),
  prose('bounce: long lines of local parts', (n) => numbered(n, () => `${fill('!0', 1900)} @\n`)),
  prose('bounce: long lines of @ signs', (n) => numbered(n, () => `${fill('a@', 1900)}\n`)),
  prose('bounce: domains', (n) => numbered(n, () => `a@${fill('a.', 1900)}\n`)),
  prose('bounce: quoted local parts', (n) => numbered(n, () => `${fill('"a', 1900)}@b.example\n`)),
  prose('bounce: blanks before an address', (n) => numbered(n, () => `contact${fill(' ', 1900)}a@b.example\n`)),
  prose('bounce: one address and a long line', (n) => `a@b.example\n${fill('550 5.0.0 a ', n)}\n`),
  prose('bounce: introductions', (n) => fill('the following e-mail final ', n)),
  prose('bounce: lines of introductions', (n) => numbered(n, () => `following ${fill('e-mail ', 380)}\n`)),
  prose('bounce: konnte an', (n) => numbered(n, () => `${fill('konnte an ', 390)}\n`)),
  prose('bounce: lines of dashes', (n) => numbered(n, () => `${fill('-', 118)}\n`)),
  prose('bounce: dashes', (n) => fill('-', n)),
  prose('bounce: quotation marks', (n) => fill('>', n)),
  prose('bounce: deliver of', (n) => fill('deliver of to ', n)),
  prose('bounce: message ids', (n) => fill('message-id: \n', n)),
  attack(
    'bounce: failed recipients',
    (n) =>
      `From: MAILER-DAEMON@b.example\nSubject: failure notice\n${numbered(n / 2, (k) => `X-Failed-Recipients: a${k}@b.example\n`)}\n${fill('550 user unknown ', n / 2)}\n`,
  ),
  attack(
    'bounce: sentences',
    (n) =>
      `From: <a@b.example>\nSubject: Returned mail\n\nwas rejected ${fill('mail could not be sent @', n)}${fill('a', n)}\n`,
  ),
  attack(
    'bounce: JSON',
    (n) => `From: a@b.example\nSubject: x\n\n{"notificationType":"Bounce","bounce":${fill('[', n)}\n`,
  ),
  attack(
    'bounce: feedback',
    (n) =>
      `From: a@b.example\nContent-Type: multipart/report; report-type=feedback-report; boundary=b\n\n--b\nContent-Type: message/feedback-report\n\n${fill('Original-Rcpt-To: <<<@\n', n)}\n--b--\n`,
  ),
  attack(
    'bounce: receipts',
    (n) =>
      `From: a@b.example\nContent-Type: multipart/report; report-type=disposition-notification; boundary=b\n\n--b\nContent-Type: text/plain\n\nx\n--b\nContent-Type: message/disposition-notification\n\nFinal-Recipient: rfc822;a@b.example\nDisposition: automatic-action${fill('; ', n)}\n--b--\n`,
  ),
];

/** Every attack known, by the parser it is meant for. */
export const attacks: readonly Attack[] = [
  ...replyTexts,
  ...addresses,
  ...headers,
  ...parameters,
  ...structure,
  ...htmls,
  ...contents,
  ...bounces,
];
