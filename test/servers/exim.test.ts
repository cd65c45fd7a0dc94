// Exim in a throw-away Debian: 50 replies, one with a recipient that is refused and one that is greylisted, the server restarted in the middle, small
// limits of connections and of messages in one connection. Each customer gets his mail once.

import { expect, it } from 'vitest';
import type { SmtpServer } from '../../src/domain/email-server.ts';
import { openRoom } from '../integration/outbound/room.ts';
import { doctorSteps } from '../support/doctor.ts';
import { startExim } from '../support/exim.ts';
import { fixture } from '../support/fixture.ts';
import { smtpServer } from '../support/servers.ts';
import { sentFinding } from '../support/smtp-sink.ts';
import { waitFor } from '../support/temp.ts';
import { baseRoot, note } from './table.ts';

const REPLIES = 50;
const room = openRoom({ sink: false });

const exim = fixture(() => startExim(baseRoot()));

const definition = (): SmtpServer =>
  smtpServer(exim.port, {
    name: 'exim',
    host: exim.host,
    tls: 'starttls',
    ca: exim.caPem,
    user: exim.user,
    authentication: { type: 'Password', password: exim.password },
    additionalFromAddresses: [],
    sentCopy: { policy: 'none' },
    uncertain: 'resend',
  });

it('50 replies, one recipient refused, one deferred, a restart in the middle', async () => {
  const tell = (what: string, found: string) => note({ server: 'Exim', version: exim.version, what, found });
  const sent = {
    // A restart may cut a connection after DATA: such a reply is looked up, here in what was delivered, before it is sent again.
    search: async (_server: SmtpServer, { replyId }: { replyId: string }) => {
      const mails = exim.delivered();
      const copies = mails.filter(({ raw }) =>
        new RegExp(`^X-Mailroom-Reply-Id: ${replyId}\\r?$`, 'im').test(raw),
      ).length;
      return sentFinding(copies, mails.length);
    },
    append: async () => 'stored' as const,
  };
  const { outbound, replies, reached } = await room.replica({
    servers: [definition()],
    sent,
    settings: { waitScale: 0.01, pauseProbeMs: 500, settleMs: 12_000 },
    silenceMs: 60_000,
  });
  const ids = Array.from({ length: REPLIES }, (_, index) => `exim-${index + 1}`);
  for (const [index, replyId] of ids.entries()) {
    const to = [`customer${index + 1}@customer.example`];
    if (index === 20) to.push(exim.refused);
    if (index === 30) to.push(exim.greylisted);
    await replies.submitReply({
      ...{ schema: 'mailroom.reply/1', replyId, server: 'exim', from: exim.user, to },
      ...{ subject: `Rückfrage ${index + 1}`, text: 'Grüße\r\n' },
    });
  }
  await waitFor(() => exim.delivered().length >= 10, { describe: 'ten deliveries', timeoutMs: 60_000 });
  await exim.restart();
  const customers = () => exim.delivered().filter(({ to }) => to.startsWith('customer')).length;
  await waitFor(() => customers() >= REPLIES, { describe: `${REPLIES} deliveries`, timeoutMs: 120_000 });
  await exim.letThrough();
  const greylisted = () => exim.delivered().filter(({ to }) => to === exim.greylisted).length;
  await waitFor(() => greylisted() > 0, { describe: 'the greylisted recipient', timeoutMs: 120_000 });
  for (const replyId of ids) await reached(replyId, 'accepted', 60_000);

  expect(customers()).toBe(REPLIES);
  expect(new Set(exim.delivered().map(({ to }) => to)).size).toBe(REPLIES + 1);
  expect(greylisted()).toBe(1);
  const refused = await replies.getReply('exim-21');
  expect(refused?.recipients).toContainEqual(expect.objectContaining({ address: exim.refused, state: 'rejected' }));
  tell('50 replies', `${customers()} customers, each once`);
  tell('refused recipient', 'rejected alone, with the server’s words');
  tell('deferred recipient', 'accepted later, alone');
  tell('restart in the middle', 'none lost, none twice');

  // It allows two connections of a host: the senders let go of theirs.
  await outbound.stop();
  const steps = await doctorSteps(definition(), { sendProbe: true, timeoutMs: 10_000, sentCopyMs: 1_000 });
  expect(steps.filter(({ state }) => state === 'failed')).toEqual([]);
  tell('check', 'passes with a probe');
}, 420_000);
