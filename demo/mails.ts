// What the demo's customers write: umlauts, html with an inline picture, an attachment, an automatic answer, a broken mail.

export interface CustomerMail {
  to: string;
  from: string;
  /** Shown by the demo; the raw mail speaks for itself. */
  about: string;
  raw: string;
}

const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const PDF = Buffer.from('%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n').toString('base64');
const crlf = (lines: string[]) => lines.join('\r\n');

export const SUPPORT = 'support@contoso.example';
export const BILLING = 'billing@contoso.example';
const JANE = 'jane@customer.example';
const OTTO = 'otto@kunde.example';

/** @param run keeps the Message-IDs of several rounds apart */
export function customerMails(run: string): CustomerMail[] {
  const id = (n: number, host: string) => `Message-ID: <demo-${run}-${n}@${host}>`;
  const date = `Date: ${new Date().toUTCString().replace('GMT', '+0000')}`;
  return [
    {
      to: SUPPORT,
      from: OTTO,
      about: 'plain text with umlauts',
      raw: crlf([
        'From: =?utf-8?q?Otto_M=C3=BCller?= <otto@kunde.example>',
        `To: ${SUPPORT}`,
        'Subject: =?utf-8?q?Lieferung_verz=C3=B6gert_=E2=80=93_wo_bleibt_mein_Paket=3F?=',
        date,
        id(1, 'kunde.example'),
        'MIME-Version: 1.0',
        'Content-Type: text/plain; charset=utf-8',
        'Content-Transfer-Encoding: 8bit',
        '',
        'Guten Tag,\r\n\r\nmein Paket hätte gestern ankommen sollen. Können Sie bitte nachsehen?\r\n\r\nGrüße\r\nOtto Müller',
      ]),
    },
    {
      to: SUPPORT,
      from: JANE,
      about: 'html with an inline picture',
      raw: crlf([
        'From: Jane Doe <jane@customer.example>',
        `To: ${SUPPORT}`,
        'Subject: Screen stays black',
        date,
        id(2, 'customer.example'),
        'MIME-Version: 1.0',
        'Content-Type: multipart/related; boundary="rel"',
        '',
        '--rel',
        'Content-Type: text/html; charset=utf-8',
        '',
        '<p>Hello,</p><p>this is all I see: <img src="cid:shot@customer.example" alt="photo"></p><p>Jane</p>',
        '--rel',
        'Content-Type: image/png; name="screen.png"',
        'Content-Transfer-Encoding: base64',
        'Content-ID: <shot@customer.example>',
        'Content-Disposition: inline; filename="screen.png"',
        '',
        PIXEL,
        '--rel--',
      ]),
    },
    {
      to: BILLING,
      from: OTTO,
      about: 'attachment with an umlaut in its name',
      raw: crlf([
        'From: =?iso-8859-1?q?Otto_M=FCller?= <otto@kunde.example>',
        `To: ${BILLING}`,
        'Subject: =?iso-8859-1?q?Rechnung_4711_pr=FCfen?=',
        date,
        id(3, 'kunde.example'),
        'MIME-Version: 1.0',
        'Content-Type: multipart/mixed; boundary="mix"',
        '',
        '--mix',
        'Content-Type: text/plain; charset=iso-8859-1',
        'Content-Transfer-Encoding: quoted-printable',
        '',
        'Bitte pr=FCfen Sie die Rechnung im Anhang.',
        '--mix',
        'Content-Type: application/pdf',
        'Content-Transfer-Encoding: base64',
        "Content-Disposition: attachment; filename*=utf-8''Rechnung%20f%C3%BCr%20M%C3%BCller.pdf",
        '',
        PDF,
        '--mix--',
      ]),
    },
    {
      to: SUPPORT,
      from: JANE,
      about: 'automatic answer (out of office)',
      raw: crlf([
        'From: Jane Doe <jane@customer.example>',
        `To: ${SUPPORT}`,
        'Subject: Automatic reply: your ticket',
        date,
        id(4, 'customer.example'),
        'Auto-Submitted: auto-replied',
        'X-Auto-Response-Suppress: All',
        'Content-Type: text/plain',
        '',
        'I am out of the office until Monday.',
      ]),
    },
    {
      to: BILLING,
      from: JANE,
      about: 'English question about a payment',
      raw: crlf([
        'From: "Doe, Jane" <jane@customer.example>',
        `To: "Billing" <${BILLING}>`,
        'Subject: Did my payment arrive?',
        date,
        id(5, 'customer.example'),
        'Content-Type: text/plain; charset=us-ascii',
        '',
        'I paid on Friday. Has it arrived?',
      ]),
    },
    {
      to: SUPPORT,
      from: OTTO,
      about: 'broken: no boundary end, raw 8-bit subject, two From headers',
      raw: `${crlf([
        'From: otto@kunde.example',
        'From: Otto <otto@kunde.example',
        `To: ${SUPPORT}`,
        'Subject: kaputte Überschrift',
        id(6, 'kunde.example'),
        'Content-Type: multipart/mixed; boundary=never-closed',
        '',
        '--never-closed',
        'Content-Type: text/plain; charset=x-unknown-charset',
        'Content-Transfer-Encoding: base64',
        '',
        'VHJvdHpkZW0gbGVzYmFyLg==',
      ])}`,
    },
    {
      to: BILLING,
      from: OTTO,
      about: 'text and html, high importance',
      raw: crlf([
        'From: Otto <otto@kunde.example>',
        `To: ${BILLING}`,
        'Subject: Mahnung erhalten?!',
        date,
        id(7, 'kunde.example'),
        'Importance: high',
        'MIME-Version: 1.0',
        'Content-Type: multipart/alternative; boundary=alt',
        '',
        '--alt',
        'Content-Type: text/plain; charset=windows-1252',
        'Content-Transfer-Encoding: quoted-printable',
        '',
        'Ich habe 20 =80 bezahlt. Warum eine Mahnung?',
        '--alt',
        'Content-Type: text/html; charset=windows-1252',
        'Content-Transfer-Encoding: quoted-printable',
        '',
        '<p>Ich habe <b>20 =80</b> bezahlt. Warum eine Mahnung?</p>',
        '--alt--',
      ]),
    },
  ];
}
