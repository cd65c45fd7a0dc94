// Writes a customer's mail into the demo's stand-in mailbox: docker compose exec -T sandbox node - < compose/demo/write.mjs
const mail = `From: Jane Doe <jane@customer.example>
To: support@contoso.example
Subject: Where is my order?
Message-ID: <${Date.now()}@customer.example>

Hello, my order 4711 has not arrived. Could you have a look?

Jane`;
const query = 'to=support@contoso.example&from=jane@customer.example';
const answer = await fetch(`http://127.0.0.1:4080/mail?${query}`, {
  method: 'POST',
  body: mail.replaceAll('\n', '\r\n'),
});
console.log(answer.status, await answer.text());
