// Signing in at a submission server without sending anything, for the doctor: EHLO, STARTTLS, AUTH, QUIT on one connection.
import { createTransport } from 'nodemailer';
import type { SmtpServer } from '../../domain/email-server.ts';
import { asError, MailroomError } from '../../domain/errors.ts';
import { type ConnectionSettings, connectionOptions } from './connection-options.ts';
import { enhancedCodeIn, judgeSubmission, maskRemoteText, type Phase } from './errors.ts';
import { phaseOf, type SmtpError } from './submitter.ts';

export { ehloName } from './connection-options.ts';

/** @throws MailroomError of the smtp section */
export async function probeSignIn(
  server: SmtpServer,
  credentials: { accessToken: string } | { password: string },
  settings: ConnectionSettings,
): Promise<void> {
  const transport = createTransport({
    ...connectionOptions(server, settings),
    auth:
      'accessToken' in credentials
        ? { type: 'OAuth2', user: server.user, accessToken: credentials.accessToken }
        : { user: server.user, pass: credentials.password },
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
  const verdict = judgeSubmission(
    {
      phase,
      replyCode: Number.isNaN(replyCode) ? undefined : replyCode,
      enhancedCode: response === undefined ? undefined : enhancedCodeIn(response),
      text: response ?? error?.message,
      nodeCode: error?.code,
    },
    { user: server.user, from: server.user, server: server.name, host: server.host, port: server.port },
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
