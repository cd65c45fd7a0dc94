// The From addresses that an agent of an email flow may pick. Pure.
import { normalAddress } from '../domain/address.ts';
import { type EmailServer, isImap, isSmtp, sameName } from '../domain/email-server.ts';
import { addressesOfFlow, flowsOf } from '../domain/flow-by-recipient.ts';
import { permittedFrom } from '../domain/sender-policy.ts';

export interface SenderChoice {
  address: string;
  displayName: string;
  /** SMTP email server to name in the reply. */
  server: string;
  /** The From of a reply that names none. */
  default: boolean;
}

/** Every permitted From of the enabled SMTP servers, the shared addresses of the flow first; the first of those is the default. */
export function sendersOfFlow(servers: readonly EmailServer[], emailFlow: string): SenderChoice[] {
  const mailboxes = servers
    .filter(isImap)
    .filter((server) => server.enabled && flowsOf(server).some((one) => sameName(one, emailFlow)))
    .map((server) => addressesOfFlow(server, emailFlow).map(normalAddress));
  // The primary address of a mailbox goes before its aliases.
  const rank = (normal: string): number =>
    mailboxes.some(([first]) => first === normal) ? 2 : mailboxes.some((ours) => ours.includes(normal)) ? 1 : 0;
  const choices = servers
    .filter(isSmtp)
    .filter((server) => server.enabled)
    .flatMap((server) =>
      permittedFrom(server).map(({ address, normal }) => ({
        choice: { address, displayName: server.displayNames[normal] ?? '', server: server.name, default: false },
        rank: rank(normal),
      })),
    );
  choices.sort((a, b) => b.rank - a.rank);
  const first = choices[0];
  if (first !== undefined && first.rank > 0) first.choice.default = true;
  return choices.map(({ choice }) => choice);
}
