// Ordinary mails of customers that use the words of mail systems: none of them is a machine's, however it is sent. Words are no proof; see src/mime/bounce/recognise.ts.
import { describe, expect, it } from 'vitest';
import { parseMessage } from '../../../src/mime/index.ts';

/** Language, subject, text. */
const letters: readonly (readonly [language: string, subject: string, text: string])[] = [
  [
    'de',
    'Lieferung nicht zugestellt',
    'Mein Paket wurde nicht zugestellt und ging an den Absender zurück. Bitte senden Sie es noch einmal.',
  ],
  [
    'de',
    'Zustellungsproblem Bestellung 4711',
    'Die Lieferung konnte nicht zugestellt werden, Empfänger unbekannt, sagt der Bote. Meine Adresse: jane@kunde.example',
  ],
  ['de', 'Zahlung abgelehnt', 'Meine Zahlung wurde abgelehnt (Fehler 550). Das Konto ist gedeckt.'],
  ['de', 'Unzustellbar: Ihr Katalog', 'Ihr Katalog kam als unzustellbar zurück. Ich bin umgezogen.'],
  [
    'de',
    'Postfach voll',
    'Mein Postfach war voll. Haben Sie mir etwas an kim@kunde.example geschickt, das nicht zugestellt werden konnte?',
  ],
  [
    'de',
    'Mailzustellung gestört',
    'Ihre Nachricht konnte nicht zugestellt werden, stand in der Meldung. Was mache ich falsch?',
  ],
  ['de', 'Abwesenheit am Liefertag', 'Am Montag bin ich nicht im Büro, bitte liefern Sie am Dienstag.'],
  ['de', 'Automatische Antwort abbestellen', 'Wie stelle ich Ihre automatische Antwort ab?'],
  ['de', 'AW: Automatische Antwort: Ihr Ticket', 'Danke für die automatische Antwort. Wann antwortet ein Mensch?'],
  [
    'de',
    'WG: Undelivered Mail Returned to Sender',
    'Das bekomme ich immer.\n\n-----Ursprüngliche Nachricht-----\nVon: MAILER-DAEMON@mx.kunde.example\n\n<support@shop.example>: host mx said: 550 5.1.1 User unknown',
  ],
  ['de', 'Retoure abgelehnt', 'Meine Rücksendung wurde abgelehnt. Der Empfänger existiert nicht, heißt es.'],
  [
    'de',
    'Ticket #88123: Nachricht konnte nicht gesendet werden',
    'Das Ticketsystem unserer IT sagt: message rejected. Können Sie helfen?',
  ],
  [
    'en',
    'Delivery problem with order 4711',
    'My parcel could not be delivered to the following address: 1 Main Street. Please call me.',
  ],
  ['en', 'Returned parcel, refund please', 'My return was rejected by your warehouse. I want a refund.'],
  ['en', 'Message rejected by your form', 'Your web form says "message rejected". My address is jane@customer.example'],
  ['en', 'Undeliverable', 'The courier says undeliverable. The recipient address is unknown to him.'],
  ['en', 'Delivery failed', 'Delivery failed twice. User unknown, they say; my address is jane@customer.example'],
  [
    'en',
    'Delivery failure notice from DHL',
    'The notice says the message could not be delivered to recipient jane@customer.example because the mailbox is full.',
  ],
  [
    'en',
    'Mail delivery failed',
    'I wrote to sales@shop.example and got 550 5.1.1 user unknown. Is that address still in use?',
  ],
  [
    'en',
    'Mail server error',
    'Our server says: 554 5.7.1 <support@shop.example>: Recipient address rejected. Are we blocked?',
  ],
  [
    'en',
    'Fwd: Returned mail: see transcript for details',
    'What is this?\n\nBegin forwarded message:\n\n> From: Mail Delivery Subsystem <MAILER-DAEMON@mx.customer.example>\n> <support@shop.example>\n>   (reason: 550 5.1.1 User unknown)',
  ],
  ['en', 'Payment failed', 'My payment has failed: permanent error. The card was rejected.'],
  ['en', 'Out of office chairs', 'How many of the office chairs are out of stock?'],
  ['en', 'Re: Automatic reply: Your ticket', 'Thank you for the automatic reply. When will somebody read my mail?'],
  ['en', 'I am out of office next week', 'Please deliver the week after, nobody is here to receive the parcel.'],
  [
    'en',
    'Re: Your order',
    'See below.\n\n> I am out of the office until Monday. This is an automatic reply.\n> Message could not be delivered.',
  ],
  ['en', 'Vacation rental refund', 'The rental was cancelled, my refund was not delivered.'],
  [
    'en',
    'FW: Spring sale! Unsubscribe here',
    'Is this from you?\n\n> To unsubscribe, click here. This mailing list is for customers.',
  ],
  ['en', '[Ticket 5512] delivery status', 'Our help desk opened ticket 5512. Delivery status: returned to sender.'],
  ['en', 'Bounced cheque', 'My cheque bounced, the bank says the account is closed.'],
  [
    'en',
    'Warning: message on the invoice',
    'The invoice carries a warning: could not be delivered for 4 hours. What does it mean?',
  ],
  [
    'fr',
    'Échec de livraison',
    "Mon colis n'a pas pu être livré à l'adresse indiquée. Adresse inconnue, dit le livreur.",
  ],
  ['fr', 'Colis non remis', 'Le colis est revenu, non remis. Mon adresse : jeanne@client.example'],
  ['fr', 'Paiement refusé', 'Mon paiement a été rejeté, message rejected.'],
  [
    'fr',
    'TR: Undeliverable: Votre commande',
    "Je reçois ceci.\n\nDe : postmaster@client.example\nVotre message n'a pas pu être délivré à support@shop.example",
  ],
  ['fr', 'Absence du bureau lundi', 'Je serai absente lundi, livrez mardi.'],
  ['fr', 'Message d’absence dans votre réponse', 'Votre réponse était un message d’absence. Qui traite ma demande ?'],
  ['fr', 'Boîte pleine', 'Ma boîte était pleine. Merci de renvoyer le message à jeanne@client.example'],
  ['es', 'Error de entrega', 'Mi pedido no se pudo entregar. Dirección desconocida.'],
  [
    'es',
    'No se ha podido entregar el paquete',
    'El mensajero dice que el destinatario es desconocido: juana@cliente.example',
  ],
  ['es', 'Pago rechazado', 'El pago fue rechazado. Mensaje: rejected.'],
  [
    'es',
    'RV: Delivery Status Notification (Failure)',
    'Recibo esto.\n\n> Delivery to the following recipient failed permanently:\n>\n>     support@shop.example',
  ],
  ['es', 'Fuera de oficina el viernes', 'No estoy el viernes, entreguen el lunes.'],
  ['es', 'Devolución devuelta', 'Mi devolución fue devuelta al remitente.'],
  ['it', 'Mancata consegna', 'Mancata consegna del pacco: indirizzo sconosciuto.'],
  ['it', 'Pagamento respinto', 'Il pagamento è stato respinto: message rejected.'],
  [
    'it',
    'I: Mail delivery failed: returning message to sender',
    'Che cosa significa?\n\n> This message was created automatically by mail delivery software.\n>   support@shop.example\n>     550 5.1.1 User unknown',
  ],
  ['it', 'Fuori sede domani', 'Domani sono fuori sede, consegnate venerdì.'],
  ['it', 'Non è stato recapitato', 'Il messaggio non è stato recapitato a gianna@cliente.example: casella piena.'],
  ['nl', 'Pakket niet afgeleverd', 'Mijn pakket is niet afgeleverd, adres onbekend.'],
  ['nl', 'Onbestelbaar', 'De zending kwam onbestelbaar terug. Mijn adres: jan@klant.example'],
  ['nl', 'Betaling geweigerd', 'De betaling is geweigerd (rejected).'],
  ['nl', 'Afwezig op maandag', 'Ik ben maandag afwezig, graag dinsdag leveren.'],
  [
    'nl',
    'FW: Undeliverable: Bestelling',
    'Wat is dit?\n\nVan: postmaster@klant.example\nDelivery has failed to these recipients: support@shop.example',
  ],
  ['pl', 'Przesyłka niedostarczona', 'Przesyłka nie została dostarczona, adres nieznany.'],
  ['pl', 'Zwrot do nadawcy', 'Paczka wróciła: zwrot do nadawcy. Mój adres: jan@klient.example'],
  ['pl', 'Nie można dostarczyć', 'Kurier pisze, że nie można dostarczyć. Skrzynka jest pełna?'],
  ['pl', 'Płatność odrzucona', 'Płatność odrzucona, komunikat: rejected.'],
  ['pl', 'Nieobecność w piątek', 'W piątek mnie nie ma, proszę dostarczyć w sobotę.'],
  ['pl', 'PD: Mail delivery failed', 'Co to jest?\n\n> <support@shop.example>: 550 5.1.1 user unknown'],
  ['tr', 'Kargo teslim edilemedi', 'Kargom teslim edilemedi, adres bilinmiyor diyor.'],
  ['tr', 'Ödeme reddedildi', 'Ödemem reddedildi: message rejected. Adresim ayse@musteri.example'],
  ['tr', 'Otomatik yanıt hakkında', 'Otomatik yanıt aldım, bir insan ne zaman yazar?'],
  ['tr', 'İLT: Undelivered Mail Returned to Sender', 'Bu nedir?\n\n> <support@shop.example>: user unknown'],
  ['ja', '配送失敗の件', '荷物が届けられませんでした。宛先不明とのことです。'],
  ['ja', '配信停止のお願い', 'メールの配信を停止してください。'],
  ['ja', '不在のため再配達をお願いします', '昨日は不在でした。再配達をお願いします。'],
  ['ja', '支払いが拒否されました', '支払いが失敗しました。エラー 550 と表示されます。hanako@kyaku.example'],
  [
    'ja',
    '転送: メール送信エラー',
    '次のメールが届きました。\n\n> あなたのメッセージは次の宛先に送信できませんでした\n> <support@shop.example>',
  ],
];

type Letter = (typeof letters)[number];

const head = (from: string, subject: string, more = ''): string =>
  `From: ${from}\r\nTo: support@shop.example\r\nSubject: =?utf-8?B?${Buffer.from(subject).toString('base64')}?=\r\nMessage-ID: <c1@kunde.example>\r\nDate: Tue, 03 Nov 2026 10:12:00 +0100\r\nMIME-Version: 1.0\r\n${more}`;
const plain = (text: string): string =>
  `Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n${text.replaceAll('\n', '\r\n')}\r\n`;
const mixed = (text: string, ...parts: string[]): string =>
  `Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\n${plain(text)}${parts.map((part) => `--b\r\n${part}\r\n`).join('')}--b--\r\n`;

const ourMail =
  'Content-Type: message/rfc822\r\n\r\nFrom: Shop <support@shop.example>\r\nTo: kim@kunde.example\r\nMessage-ID: <order@shop.example>\r\nSubject: Your order\r\n\r\nThank you.\r\n';
const statusPart =
  'Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.kunde.example\r\n\r\nFinal-Recipient: rfc822; support@shop.example\r\nAction: failed\r\nStatus: 5.1.1\r\n';
const report =
  'Content-Type: multipart/report; report-type=delivery-status; boundary="r"\r\n\r\n--r\r\nContent-Type: text/plain\r\n\r\nIt failed.\r\n--r\r\n' +
  `${statusPart}--r--\r\n`;
const attachedBounce = `Content-Type: message/rfc822\r\n\r\nFrom: MAILER-DAEMON@mx.kunde.example\r\nReturn-Path: <>\r\nSubject: Undelivered Mail Returned to Sender\r\n${report}`;
const receiptPart =
  'Content-Type: message/disposition-notification\r\n\r\nFinal-Recipient: rfc822; kim@kunde.example\r\nDisposition: manual-action/MDN-sent-manually; displayed\r\n';
const complaintPart = 'Content-Type: message/feedback-report\r\n\r\nFeedback-Type: abuse\r\nVersion: 1\r\n';

/** How customers' programs send the same letter. */
const ways: readonly (readonly [name: string, mail: (letter: Letter) => string])[] = [
  ['with a name', ([, subject, text]) => head('Kim Kunde <kim@kunde.example>', subject) + plain(text)],
  ['without a name', ([, subject, text]) => head('kim@kunde.example', subject) + plain(text)],
  [
    'as an answer',
    ([, subject, text]) =>
      head('Kim Kunde <kim@kunde.example>', subject, 'In-Reply-To: <order@shop.example>\r\n') + plain(text),
  ],
  ['with a mail of ours attached', ([, subject, text]) => head('kim@kunde.example', subject) + mixed(text, ourMail)],
  ['with a bounce attached', ([, subject, text]) => head('kim@kunde.example', subject) + mixed(text, attachedBounce)],
  [
    'with the parts of a bounce inline',
    ([, subject, text]) => head('Kim Kunde <kim@kunde.example>', subject) + mixed(text, statusPart, ourMail),
  ],
  ['with a report as a part', ([, subject, text]) => head('kim@kunde.example', subject) + mixed(text, report)],
  [
    'with a receipt and a complaint attached',
    ([, subject, text]) => head('kim@kunde.example', subject) + mixed(text, receiptPart, complaintPart),
  ],
  [
    'from a person who answers for a domain',
    ([, subject, text]) => head('Kim Kunde <postmaster@kunde.example>', subject) + plain(text),
  ],
  [
    'from a shop of that name',
    ([, subject, text]) => head('Post Office Shop <orders@kunde.example>', subject) + plain(text),
  ],
  [
    'with headers without meaning',
    ([, subject, text]) =>
      head(
        'kim@kunde.example',
        subject,
        'Auto-Submitted: no\r\nX-Auto-Response-Suppress: None\r\nPrecedence: first-class\r\nX-Autoreply: no\r\nList-Id:\r\nList-Unsubscribe: <>\r\nX-Loop:\r\n',
      ) + plain(text),
  ],
];

it('the table has enough mails, in nine languages', () => {
  expect(letters.length).toBeGreaterThanOrEqual(60);
  expect([...new Set(letters.map(([language]) => language))].sort()).toEqual('de en es fr it ja nl pl tr'.split(' '));
});

describe.each(ways)('a customer’s mail %s', (_way, mail) => {
  it.each(letters)('%s: %s', (...letter) => {
    const message = parseMessage(Buffer.from(mail(letter)));
    expect(message.automatic.kind).toBe('none');
    expect(message.deliveryStatus).toBeUndefined();
    expect(message.replyText).toBeTruthy();
  });
});

describe('the same words from a mail system', () => {
  it.each([
    ['X-Failed-Recipients', 'X-Failed-Recipients: support@shop.example\r\n', 'a@mx.example'],
    ['a daemon and a null sender', 'Return-Path: <>\r\n', 'MAILER-DAEMON@mx.example'],
    ['a postmaster and a null sender', 'Return-Path: <>\r\n', 'postmaster@mx.example'],
    [
      'the header of Exchange',
      'X-MS-Exchange-Message-Is-Ndr:\r\n',
      'MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@x.example',
    ],
    ['a null sender', 'Return-Path: <>\r\n', 'info@mx.example'],
  ])('are a bounce: %s', (_name, more, from) => {
    const text = 'Your message could not be delivered to the recipient\njane@customer.example\n';
    const message = parseMessage(Buffer.from(head(from, 'Mail delivery failed', more) + plain(text)));
    expect(message.automatic.kind).toBe('bounce');
  });
});
