// AUTH at submission: XOAUTH2 and LOGIN. The rule that surprises: with a delegated token the user must be the person, never the shared
// mailbox (nextcloud/mail#13668); with an application's token it is the mailbox.
import { readXoauth2 } from '../oauth/xoauth2.ts';
import { HOSTNAME, type Tenant } from '../tenant.ts';
import type { SignedIn } from './exchange.ts';
import { SMTP_REPLIES } from './replies.ts';
import type { Reply } from './state.ts';

const UNSUCCESSFUL: Reply = { code: 535, text: `${SMTP_REPLIES.authUnsuccessful.text} [${HOSTNAME}]` };

/** @param ask sends a 334 challenge and returns the client's line */
export async function signIn(
  { directory, tokens }: Tenant,
  mechanism: string,
  initial: string | undefined,
  ask: (prompt: string) => Promise<string>,
): Promise<SignedIn | Reply> {
  const signedIn = (address: string, principal: SignedIn['principal']): SignedIn | Reply =>
    directory.find(address)?.smtpAuth === false ? SMTP_REPLIES.smtpAuthDisabledMailbox : { user: address, principal };
  if (mechanism === 'XOAUTH2') {
    const { user, token } = readXoauth2(initial ?? (await ask('')));
    const grant = tokens.grant(token);
    const mailbox = directory.find(user);
    const isAllowed = grant?.protocols.smtp && mailbox && directory.maySubmitAs(grant.principal, mailbox.address);
    return isAllowed ? signedIn(mailbox.address, grant.principal) : UNSUCCESSFUL;
  }
  if (mechanism === 'LOGIN') {
    const user = Buffer.from(initial ?? (await ask('VXNlcm5hbWU6')), 'base64').toString();
    const password = Buffer.from(await ask('UGFzc3dvcmQ6'), 'base64').toString();
    const address = directory.passwordMatches(user, password) ? directory.find(user)?.address : undefined;
    return address === undefined ? UNSUCCESSFUL : signedIn(address, { kind: 'person', address });
  }
  return { code: 504, text: '5.7.4 Unrecognized authentication type' };
}
