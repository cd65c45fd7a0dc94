// Signing in at a submission server without sending anything: EHLO, STARTTLS, AUTH, QUIT on one connection; and what it offers.
import { createTransport } from 'nodemailer';
import type { SmtpServer } from '../../domain/email-server.ts';
import { asError, MailroomError } from '../../domain/errors.ts';
import { maskRemoteText } from '../../domain/remote-text.ts';
import { type ConnectionSettings, connectionOptions } from './connection-options.ts';
import { classifySubmission, enhancedCodeIn, type Phase } from './errors.ts';
import { namesOf, phaseOf, type SmtpError } from './submitter.ts';

/**
 * @param credentials undefined: of a relay that knows us by our address, only that it greets us
 * @throws MailroomError of the smtp section; SMTP_AUTH_NOT_OFFERED where there is nothing to sign in to
 */
export async function probeSignIn(
  server: SmtpServer,
  credentials: { accessToken: string } | { password: string } | undefined,
  settings: ConnectionSettings,
): Promise<void> {
  const transport = createTransport({
    ...connectionOptions(server, settings),
    ...(credentials === undefined
      ? {}
      : {
          auth:
            'accessToken' in credentials
              ? { type: 'OAuth2', user: server.user, accessToken: credentials.accessToken }
              : { user: server.user, pass: credentials.password },
        }),
  });
  try {
    await transport.verify();
  } catch (thrown) {
    const error = asError(thrown) as SmtpError;
    throw submissionError(server, error.response, phaseOf(error, 'none'), error);
  } finally {
    transport.close();
  }
}

/** Nobody's mailbox, at a domain of nobody (RFC 2606 §3): whether it may be relayed to is asked, and nothing is sent. */
const ELSEWHERE = 'postmaster@example.com';

/**
 * Whether a relay that is signed in to with nothing takes mail from this address to somebody elsewhere: EHLO, STARTTLS, MAIL, RCPT, RSET. A refusal
 * of the recipient alone is none of us: it counts when the server names relaying or sign-in as its reason.
 * @throws MailroomError of the smtp section
 */
export async function probeEnvelope(server: SmtpServer, from: string, settings: ConnectionSettings): Promise<void> {
  let refused: { response: string; phase: Phase } | undefined;
  const transport = createTransport({
    ...connectionOptions(server, settings),
    auth: { type: 'custom', method: 'NONE', user: server.user, pass: '-' },
    forceAuth: true,
    customAuth: {
      async NONE({ sendCommand, resolve }: { sendCommand: (line: string) => Promise<Answer>; resolve: () => void }) {
        const mail = await sendCommand(`MAIL FROM:<${from}>`);
        if (mail.status >= 400) refused = { response: mail.response, phase: 'mail' };
        else {
          const rcpt = await sendCommand(`RCPT TO:<${ELSEWHERE}>`);
          const ofUs = /relay|authenticat|sign.?in|5\.7\.(1|57)\b/i.test(rcpt.response) || rcpt.status === 530;
          if (rcpt.status >= 400 && ofUs) refused = { response: rcpt.response, phase: 'rcpt' };
        }
        await sendCommand('RSET');
        resolve();
      },
    },
  } as never);
  try {
    await transport.verify();
  } catch (thrown) {
    const error = asError(thrown) as SmtpError;
    if (refused === undefined) throw submissionError(server, error.response, phaseOf(error, 'none'), error);
  } finally {
    transport.close();
  }
  if (refused !== undefined) throw submissionError(server, refused.response, refused.phase);
}

/** nodemailer's for a command of a custom sign-in. */
interface Answer {
  status: number;
  response: string;
}

/**
 * What the server said, or how the connection failed, as the error that it means.
 * @param response the server's answer with its reply code; undefined: none came
 */
export function submissionError(
  server: SmtpServer,
  response: string | undefined,
  phase: Phase,
  error?: { code?: string; message: string },
): MailroomError {
  const replyCode = Number(/^(\d{3})/.exec(response ?? '')?.[1] ?? Number.NaN);
  const verdict = classifySubmission(
    {
      phase,
      replyCode: Number.isNaN(replyCode) ? undefined : replyCode,
      enhancedCode: response === undefined ? undefined : enhancedCodeIn(response),
      text: response ?? error?.message,
      nodeCode: error?.code,
    },
    namesOf(server, server.user),
  );
  const code = Number.isNaN(replyCode) ? error?.code : String(replyCode);
  return new MailroomError(verdict.code, {
    class: verdict.class,
    remote: {
      system: response === undefined ? 'network' : 'smtp',
      ...(code === undefined ? {} : { code }),
      text: maskRemoteText(response ?? error?.message ?? '', [server.user]),
    },
  });
}
