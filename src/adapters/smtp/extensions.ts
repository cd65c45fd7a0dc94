// Which extensions a submission server offers, asked on a connection of its own before anything is sent: EHLO, STARTTLS, EHLO, QUIT, no
// sign-in. nodemailer shows them only to a custom sign-in, so one is given that signs in to nothing.
import { createTransport } from 'nodemailer';
import type { SmtpServer } from '../../domain/email-server.ts';
import { type ConnectionSettings, connectionOptions } from './connection-options.ts';

/** Undefined: the server could not be asked; the submission itself will say why. */
export async function extensionsOf(
  server: SmtpServer,
  settings: ConnectionSettings,
): Promise<readonly string[] | undefined> {
  let extensions: readonly string[] | undefined;
  const transport = createTransport({
    ...connectionOptions(server, settings),
    auth: { type: 'custom', method: 'NONE', user: server.user, pass: '-' },
    forceAuth: true,
    customAuth: {
      NONE(context: { extensions: string[]; resolve: () => void }) {
        extensions = context.extensions;
        context.resolve();
      },
    },
  } as never);
  try {
    await transport.verify();
  } catch {
    // the QUIT may fail: what was heard counts
  } finally {
    transport.close();
  }
  return extensions;
}
