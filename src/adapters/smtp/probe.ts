// Conversations with a submission server that send nothing, each on a connection of its own: EHLO, STARTTLS, AUTH, QUIT.
import { createTransport } from 'nodemailer';
import type { SmtpServer } from '../../domain/email-server.ts';
import { asError, MailroomError } from '../../domain/errors.ts';
import type { MailboxCredentials } from '../../domain/mailbox-credentials.ts';
import { maskRemoteText } from '../../domain/remote-text.ts';
import { defined } from '../../lib/defined.ts';
import { type ConnectionSettings, connectionOptions } from './connection-options.ts';
import { classifySubmission, enhancedCodeIn, type Phase } from './errors.ts';
import { namesOf, phaseOf, type SmtpError } from './failure.ts';

/** nodemailer's context of a custom sign-in. */
interface Conversation {
  extensions: string[];
  sendCommand(line: string): Promise<{ status: number; response: string }>;
}

/** @param signIn nodemailer's options. @throws MailroomError of the smtp section */
async function converse(server: SmtpServer, settings: ConnectionSettings, signIn: object): Promise<void> {
  const transport = createTransport({ ...connectionOptions(server, settings), ...signIn });
  try {
    await transport.verify();
  } catch (thrown) {
    const error = asError(thrown) as SmtpError;
    throw submissionError(server, error.response, phaseOf(error, 'none'), error);
  } finally {
    transport.close();
  }
}

/** Instead of a sign-in: nodemailer gives its connection to custom sign-ins only. */
const withoutSignIn = ({ user }: SmtpServer, talk: (context: Conversation) => unknown) => ({
  auth: { type: 'custom', method: 'NONE', user, pass: '-' },
  forceAuth: true,
  customAuth: {
    async NONE(context: Conversation & { resolve: () => void }) {
      await talk(context);
      context.resolve();
    },
  },
});

/**
 * @param credentials undefined: only the greeting of a relay that knows us by our address
 * @throws MailroomError of the smtp section; SMTP_AUTH_NOT_OFFERED where there is nothing to sign in to
 */
export function probeSignIn(
  server: SmtpServer,
  credentials: MailboxCredentials | undefined,
  settings: ConnectionSettings,
): Promise<void> {
  const { user } = server;
  if (credentials === undefined) return converse(server, settings, {});
  const auth =
    'accessToken' in credentials
      ? { type: 'OAuth2', user, accessToken: credentials.accessToken }
      : { user, pass: credentials.password };
  return converse(server, settings, { auth });
}

/** Extensions that the server offers, without a sign-in. Undefined: the connection failed; the submission itself will report why. */
export async function extensionsOf(
  server: SmtpServer,
  settings: ConnectionSettings,
): Promise<readonly string[] | undefined> {
  let found: readonly string[] | undefined;
  const read = ({ extensions }: Conversation) => {
    found = extensions;
  };
  await converse(server, settings, withoutSignIn(server, read)).catch(() => {}); // the QUIT may fail after the answer
  return found;
}

/** Nobody's mailbox, at nobody's domain (RFC 2606 §3): nothing is sent to it. */
const ELSEWHERE = 'postmaster@example.com';

/**
 * Whether a relay without sign-in accepts mail from this address to other domains: EHLO, STARTTLS, MAIL, RCPT, RSET. A refusal of the recipient counts
 * only if the server names relaying or sign-in as its reason.
 * @throws MailroomError of the smtp section
 */
export async function probeEnvelope(server: SmtpServer, from: string, settings: ConnectionSettings): Promise<void> {
  let refused: { response: string; phase: Phase } | undefined;
  const talk = async ({ sendCommand }: Conversation) => {
    const mail = await sendCommand(`MAIL FROM:<${from}>`);
    if (mail.status >= 400) refused = { response: mail.response, phase: 'mail' };
    else {
      const rcpt = await sendCommand(`RCPT TO:<${ELSEWHERE}>`);
      const ofUs = /relay|authenticat|sign.?in|5\.7\.(1|57)\b/i.test(rcpt.response) || rcpt.status === 530;
      if (rcpt.status >= 400 && ofUs) refused = { response: rcpt.response, phase: 'rcpt' };
    }
    await sendCommand('RSET');
  };
  await converse(server, settings, withoutSignIn(server, talk)).catch((error: unknown) => {
    if (refused === undefined) throw error;
  });
  if (refused !== undefined) throw submissionError(server, refused.response, refused.phase);
}

/**
 * The server's answer, or the failure of the connection, as the error that it means.
 * @param response the server's answer with its reply code; undefined: none
 */
export function submissionError(
  server: SmtpServer,
  response: string | undefined,
  phase: Phase,
  error?: { code?: string; message: string },
): MailroomError {
  const replyCode = /^\d{3}/.exec(response ?? '')?.[0];
  const text = response ?? error?.message;
  const verdict = classifySubmission(
    {
      phase,
      replyCode: replyCode === undefined ? undefined : Number(replyCode),
      enhancedCode: response === undefined ? undefined : enhancedCodeIn(response),
      text,
      nodeCode: error?.code,
    },
    namesOf(server, server.user),
  );
  return new MailroomError(verdict.code, {
    class: verdict.class,
    remote: {
      system: response === undefined ? 'network' : 'smtp',
      ...defined({ code: replyCode ?? error?.code }),
      text: maskRemoteText(text ?? '', [server.user]),
    },
  });
}
