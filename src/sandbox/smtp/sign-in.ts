// AUTH at submission: XOAUTH2 and LOGIN. The rule that surprises: with a delegated token the user must be the person, never the shared
// mailbox (nextcloud/mail#13668); with an application's token it is the mailbox.
import type { Tenant } from '../imap/session-types.ts';
import type { SignedIn } from './exchange.ts';
import { HOSTNAME } from './exchange.ts';
import { SMTP_REPLIES } from './replies.ts';

interface Refusal {
  code: number;
  text: string;
}

const UNSUCCESSFUL: Refusal = { code: 535, text: `${SMTP_REPLIES.authUnsuccessful.text} [${HOSTNAME}]` };

/** `ask` sends a 334 challenge and returns the client's line. */
export async function signIn(
  tenant: Tenant,
  mechanism: string,
  initial: string | undefined,
  ask: (prompt: string) => Promise<string>,
): Promise<SignedIn | Refusal> {
  const { directory, tokens } = tenant;
  if (mechanism === 'XOAUTH2') {
    const response = Buffer.from(initial ?? (await ask('')), 'base64').toString();
    const match = /^user=([^\x01]*)\x01auth=Bearer ([^\x01]+)\x01\x01$/i.exec(response);
    const user = match?.[1] ?? '';
    const grant = tokens.grant(match?.[2] ?? '');
    const mailbox = directory.find(user);
    if (!grant?.protocols.smtp || !mailbox || !directory.maySubmitAs(grant.principal, mailbox.address))
      return UNSUCCESSFUL;
    return mailbox.smtpAuth === false
      ? SMTP_REPLIES.smtpAuthDisabledMailbox
      : { user: mailbox.address, principal: grant.principal };
  }
  if (mechanism === 'LOGIN') {
    const user = Buffer.from(initial ?? (await ask('VXNlcm5hbWU6')), 'base64').toString();
    const password = Buffer.from(await ask('UGFzc3dvcmQ6'), 'base64').toString();
    const mailbox = directory.find(user);
    if (!mailbox || !directory.passwordMatches(user, password)) return UNSUCCESSFUL;
    return mailbox.smtpAuth === false
      ? SMTP_REPLIES.smtpAuthDisabledMailbox
      : { user: mailbox.address, principal: { kind: 'person', address: mailbox.address } };
  }
  return { code: 504, text: '5.7.4 Unrecognized authentication type' };
}
