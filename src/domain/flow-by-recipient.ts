// One mailbox, several email flows: the flow of a message by the address it was sent to (`flowByRecipient` of an IMAP definition).
// Keys are normalised: an address with or without its tag, or `+tag` for that tag of any address. Pure.
import type { AddressedTo } from '../contract/message.ts';
import { normalAddress } from './address.ts';
import { type ImapServer, sameName } from './email-server.ts';

type Routing = Pick<ImapServer, 'emailFlow' | 'flowByRecipient'>;

/** All flows that a server feeds, its own first. */
export const flowsOf = ({ emailFlow, flowByRecipient }: Routing): string[] => [
  ...new Set([emailFlow, ...Object.values(flowByRecipient ?? {})]),
];

/** The first address with a flow decides: the exact address, then its tag, then the address without the tag. Otherwise the server's own flow. */
export function flowFor({ emailFlow, flowByRecipient }: Routing, addressedTo: readonly AddressedTo[] = []): string {
  if (flowByRecipient === undefined) return emailFlow;
  for (const { address, tag } of addressedTo) {
    const normal = normalAddress(address) ?? '';
    const at = normal.lastIndexOf('@');
    const lower = tag?.toLowerCase();
    const keys = lower === undefined ? [] : [`${normal.slice(0, at)}+${lower}${normal.slice(at)}`, `+${lower}`];
    const key = [...keys, normal].find((one) => Object.hasOwn(flowByRecipient, one));
    if (key !== undefined) return flowByRecipient[key] as string;
  }
  return emailFlow;
}

/** Addresses whose mail goes to the flow, in their written form, the User first. */
export function addressesOfFlow(
  { user, aliases = [], ...routing }: Routing & Pick<ImapServer, 'user' | 'aliases'>,
  flow: string,
): string[] {
  const same = (name: string) => sameName(name, flow);
  const tags = Object.entries(routing.flowByRecipient ?? {}).flatMap(([key, to]) =>
    key.includes('+') && same(to) ? [key] : [],
  );
  return [user, ...aliases].filter((address) => {
    const normal = normalAddress(address) ?? '';
    const routed = flowFor(routing, [{ address, header: '' }]);
    return same(routed) || tags.some((tag) => tag.startsWith('+') || withoutTag(tag) === normal);
  });
}

/** `a+tag@b` → `a@b`. */
export const withoutTag = (address: string): string =>
  address.includes('+') ? address.slice(0, address.indexOf('+')) + address.slice(address.lastIndexOf('@')) : address;
