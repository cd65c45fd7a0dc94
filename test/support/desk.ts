// The ground of most journeys: a sandbox tenant with one shared mailbox and one customer, and a gateway that receives (`In`, flow `F`) and sends (`Out`)
// for that mailbox with a password.
import { type Sandbox, startSandbox } from '../../src/sandbox/index.ts';
import { type JourneyOptions, journey } from './journey.ts';

export const SUPPORT = 'support@contoso.example';
export const JANE = 'jane@customer.example';
export const PASSWORD = 'password-of-the-desk';
export const FLOW = 'F';

interface DeskOptions extends Omit<JourneyOptions, 'emailServers' | 'ca' | 'caFile'> {
  /** Address of the customer. */
  customer?: string;
  /** Further customers. */
  others?: string[];
  /** Further fields of the IMAP server. */
  inbound?: object;
  /** Further fields of the SMTP server. */
  outbound?: object;
}

export interface Desk {
  sandbox: Sandbox;
  j: ReturnType<typeof journey>;
  /** Stops processes and tenant. @throws when a process printed a secret */
  stop(): Promise<void>;
}

export async function openDesk({
  customer = JANE,
  others = [],
  inbound,
  outbound,
  ...options
}: DeskOptions): Promise<Desk> {
  const sandbox = await startSandbox({
    users: [
      { address: SUPPORT, password: PASSWORD },
      ...[customer, ...others].map((address) => ({ address, kind: 'customer' as const })),
    ],
  });
  const account = {
    ...{ host: 'localhost', tls: true, authenticationType: 'Password', passwordEnv: 'MAILROOM_SECRET_TEST' },
    ...{ user: SUPPORT, enabled: true },
  };
  const j = journey({
    ...options,
    ca: sandbox.caPem,
    emailServers: [
      { serverType: 'IMAP', name: 'In', port: sandbox.imap.port, emailFlow: FLOW, ...account, ...inbound },
      { serverType: 'SMTP', name: 'Out', port: sandbox.smtp.port, ...account, ...outbound },
    ],
    env: { MAILROOM_SECRET_TEST: PASSWORD, ...options.env },
  });
  return {
    sandbox,
    j,
    async stop() {
      try {
        await j.stop();
      } finally {
        await sandbox.stop();
      }
    },
  };
}
