// The doctor at servers whose certificate has expired, ends soon, or is for another name: real TLS, IMAP at once and SMTP after STARTTLS.

import { createServer, type Server, type Socket } from 'node:net';
import { createSecureContext, createServer as createTlsServer, TLSSocket } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import type { CheckStep } from '../../../src/domain/doctor.ts';
import type { EmailServer } from '../../../src/domain/email-server.ts';
import { type Certificates, createCertificates } from '../../../src/sandbox/certificate.ts';
import { doctorSteps } from '../../support/doctor.ts';
import { leakWatch } from '../../support/leak-watch.ts';
import { imapServer, smtpServer } from '../oauth/servers.ts';

leakWatch();

const DAY = 86_400_000;
const open: { server: Server; sockets: Set<Socket> }[] = [];
afterEach(async () => {
  for (const { server, sockets } of open.splice(0)) {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  }
});

async function listening(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
  });
  open.push({ server, sockets });
  await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve));
  return (server.address() as { port: number }).port;
}

const imaps = ({ certificate: cert, key }: Certificates) => {
  const server = createTlsServer({ cert, key }, (socket) => {
    socket.on('error', () => {});
    socket.write('* OK ready\r\n');
  });
  server.on('tlsClientError', () => {});
  return listening(server);
};

const starttls = ({ certificate: cert, key }: Certificates) =>
  listening(
    createServer((socket) => {
      socket.write('220 ready\r\n');
      socket.on('data', function onData(line: Buffer) {
        if (/^EHLO/i.test(line.toString())) socket.write('250-here\r\n250 STARTTLS\r\n');
        if (!/^STARTTLS/i.test(line.toString())) return;
        socket.off('data', onData);
        socket.write('220 go\r\n', () => {
          const secure = new TLSSocket(socket, { isServer: true, secureContext: createSecureContext({ cert, key }) });
          secure.on('error', () => {});
          secure.on('data', (text) => {
            if (/^EHLO/i.test(text.toString())) secure.write('250-here\r\n250 SIZE 1000\r\n');
            else secure.write('221 bye\r\n');
          });
        });
      });
    }),
  );

async function tlsStep(server: EmailServer): Promise<CheckStep | undefined> {
  const password = { ...server, authentication: { type: 'Password', password: 'p' } } as EmailServer;
  return (await doctorSteps(password)).find(({ step }) => step === 'tls');
}

const kinds: [
  string,
  'IMAP_TLS_FAILED' | 'SMTP_TLS_FAILED',
  (made: Certificates) => Promise<number>,
  (port: number, extra: object) => EmailServer,
][] = [
  ['IMAP', 'IMAP_TLS_FAILED', imaps, (port, extra) => imapServer({}, { host: 'localhost', port, ...extra })],
  ['SMTP', 'SMTP_TLS_FAILED', starttls, (port, extra) => smtpServer({}, { host: 'localhost', port, ...extra })],
];

describe.each(kinds)('%s', (_kind, code, serve, define) => {
  it('expired: names the day, the certificate, and the clock as another possible cause', async () => {
    const made = createCertificates(Date.now() - 400 * DAY);
    const day = new Date(Date.now() - 35 * DAY).toISOString().slice(0, 10);
    const step = await tlsStep(define(await serve(made), { ca: made.caPem }));
    expect(step).toMatchObject({
      state: 'failed',
      failure: { code, remote: { system: 'tls', code: 'CERT_HAS_EXPIRED' } },
    });
    expect(step?.failure?.fix).toEqual({
      en: `Renew the certificate of localhost: it expired on ${day}. Check the clock of this machine, too.`,
      de: `Erneuern Sie das Zertifikat von localhost: Es lief am ${day} ab. Prüfen Sie auch die Uhr dieser Maschine.`,
    });
  });

  it('expires within two weeks: passes, with a warning', async () => {
    const made = createCertificates(Date.now() - 356 * DAY);
    const step = await tlsStep(define(await serve(made), { ca: made.caPem }));
    expect(step).toMatchObject({ state: 'ok' });
    expect(step?.detail?.en).toMatch(/\(expires in [89] days: renew it\)$/);
    expect(step?.detail?.de).toMatch(/\(läuft in [89] Tagen ab: erneuern\)$/);
  });

  it('issued for another name: lists the names it is valid for', async () => {
    const made = createCertificates();
    const step = await tlsStep(define(await serve(made), { ca: made.caPem, host: '127.0.0.2' }));
    expect(step).toMatchObject({
      state: 'failed',
      failure: { code, remote: { code: 'ERR_TLS_CERT_ALTNAME_INVALID' } },
    });
    expect(step?.failure?.fix.en).toContain('to a name in the certificate (localhost, 127.0.0.1');
    expect(step?.failure?.fix.de).toContain('auf einen Namen im Zertifikat (localhost, 127.0.0.1');
  });

  it('issued by an authority that is not trusted here: names the authority', async () => {
    const step = await tlsStep(define(await serve(createCertificates()), {}));
    expect(step).toMatchObject({ state: 'failed', failure: { code } });
    expect(step?.failure?.fix.en).toMatch(/signed by "Mailroom Sandbox Authority \w+", which is not trusted here/);
  });
});
