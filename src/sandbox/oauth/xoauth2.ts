// The client's response in SASL XOAUTH2, which IMAP and SMTP share (docs/exchange-online.md §1).

/** User and token are empty when the response is malformed, so that no grant matches. */
export function readXoauth2(base64: string): { user: string; token: string } {
  const response = Buffer.from(base64, 'base64').toString();
  const [, user = '', token = ''] = /^user=([^\x01]*)\x01auth=Bearer ([^\x01]+)\x01\x01$/i.exec(response) ?? [];
  return { user, token };
}
