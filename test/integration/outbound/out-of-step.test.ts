// Servers that answer something else than they were asked: an answer counts only for the command that it can belong to.
import { expect, it } from 'vitest';
import { type ScriptedSmtp, startScriptedSmtp } from '../../support/scripted-smtp.ts';
import { smtpServer } from '../../support/servers.ts';
import { header } from '../../support/smtp-sink.ts';
import { waitFor } from '../../support/temp.ts';
import { openRoom, replyMaker } from './room.ts';

const room = openRoom({ sink: false });
const reply = replyMaker('step');
const nothing = {
  search: async () => ({ found: false as const, folder: 'Sent', looked: 0 }),
  append: async () => 'was-there' as const,
};

async function replica(end: ScriptedSmtp, server: Parameters<typeof smtpServer>[1] = {}, silenceMs = 60_000) {
  room.onEnd(end.stop);
  const pace = { perMinute: 1_000, connections: 1, recipientsPerDay: 10_000 };
  return room.replica({
    servers: [smtpServer(end.port, { pace, ...server })],
    sent: nothing,
    settings: { waitScale: 0.005 },
    silenceMs,
  });
}

it.each([
  ['with the 354', 'DATA', '354 go ahead\r\n250 2.0.0 OK', 'x'],
  ['at the first bytes of the mail', 'body', '250 2.0.0 OK', 'x'.repeat(3_000_000)],
  ['at RCPT, one too many', 'RCPT', '250 2.1.5 OK\r\n250 2.1.5 OK', 'x'],
])(
  'an acceptance before the end of the mail (%s) accepts nothing: the reply is sent again',
  async (_, at, early, text) => {
    const said = [early];
    const end = await startScriptedSmtp((verb) => (verb === at ? said.shift() : undefined));
    const one = await replica(end);
    const [first, second] = [reply({ text }), reply()];
    await one.replies.submitReply(first);
    await one.reached(first.replyId, 'accepted');
    await one.replies.submitReply(second);
    await one.reached(second.replyId, 'accepted');
    // Also the next reply, which the same connection would carry.
    expect(end.mails.map((mail) => header(mail, 'X-Mailroom-Reply-Id'))).toEqual([first.replyId, second.replyId]);
    expect((await one.replies.getReply(first.replyId))?.attempts).toBe(2);
    const retried = one.events.find(({ name }) => name === 'ReplyRetried');
    expect(retried?.fields).toMatchObject({ code: 'SMTP_ANSWER_UNKNOWN', class: 'transient' });
  },
);

it('a refused sign-in as the answer to a mail is a refusal of that mail: the server is paused, and nothing is sent a second time', async () => {
  const end = await startScriptedSmtp((verb) => (verb === 'dot' ? '535 5.7.3 Authentication unsuccessful' : undefined));
  const one = await replica(end, { authentication: { type: 'OAuth2', application: 'test', signIn: 'appOnly' } });
  const input = reply();
  await one.replies.submitReply(input);
  await waitFor(() => one.events.some(({ name }) => name === 'SmtpServerPaused'), { describe: 'paused' });
  expect(end.verbs.filter((verb) => verb === 'DATA')).toHaveLength(1);
  expect(one.events.find(({ name }) => name === 'SmtpServerPaused')?.fields).toMatchObject({
    code: 'SMTP_AUTH_FAILED',
  });
});

it('a refusal before the end of the mail ends the connection: the next reply does not wait behind the unfinished mail', async () => {
  const said = ['552 5.3.4 message too large'];
  const end = await startScriptedSmtp((verb) => (verb === 'body' ? said.shift() : undefined));
  const one = await replica(end);
  const [first, second] = [reply({ text: 'x'.repeat(3_000_000) }), reply()];
  await one.replies.submitReply(first);
  await one.reached(first.replyId, 'rejected');
  await one.replies.submitReply(second);
  await one.reached(second.replyId, 'accepted');
  expect(await one.replies.getReply(second.replyId)).toMatchObject({ attempts: 1 });
  expect(end.mails.map((mail) => header(mail, 'X-Mailroom-Reply-Id'))).toEqual([second.replyId]);
});

it.each([
  ['MAIL', '250-wait', 'prepared'],
  ['dot', '250-wait', 'uncertain'],
] as const)(
  'an answer to %s that never ends, though no line is late, is given up like silence',
  async (at, endless, state) => {
    const said = [endless];
    const end = await startScriptedSmtp((verb) => (verb === at ? said.shift() : undefined));
    const one = await replica(end, {}, 100);
    const [first, second] = [reply(), reply()];
    await one.replies.submitReply(first);
    await one.reached(first.replyId, state === 'prepared' ? 'accepted' : state);
    await one.replies.submitReply(second);
    await one.reached(second.replyId, 'accepted');
    const received = end.mails.map((mail) => header(mail, 'X-Mailroom-Reply-Id'));
    expect(received.sort()).toEqual([first.replyId, second.replyId].sort());
  },
);
