// Who is who in the tenant and who may do what: the answers of Entra's and Exchange's directories, for every server of the sandbox.
import { normalise } from './addresses.ts';
import type { SandboxApplication, SandboxUser, Settings } from './config.ts';

/** Who signed in: a person (delegated token or password) or an application's service principal. */
export type Principal = { kind: 'person'; address: string } | { kind: 'application'; clientId: string };

export type Directory = ReturnType<typeof createDirectory>;

const same = (one: string, other: string): boolean => normalise(one) === normalise(other);
const among = (addresses: readonly string[], wanted: string): boolean => addresses.some((one) => same(one, wanted));

export function createDirectory({ users: list, applications, domain, permissions }: Settings) {
  const users = new Map<string, SandboxUser>();
  for (const user of list) for (const address of [user.address, ...user.aliases]) users.set(normalise(address), user);
  const find = (address: string): SandboxUser | undefined => users.get(normalise(address));
  const has = (table: Record<string, string[]>, target: string, who: string): boolean =>
    Object.entries(table).some(([key, persons]) => same(key, target) && among(persons, who));
  const application = (clientId: string): SandboxApplication | undefined =>
    applications.find((item) => item.clientId.toLowerCase() === clientId.toLowerCase());
  const ofKind = (kind: SandboxUser['kind']) => list.filter((user) => user.kind === kind);
  const granted = (clientId: string, mailbox: string): boolean => {
    const known = application(clientId);
    return known !== undefined && among(known.mailboxes ?? ofKind('shared').map(({ address }) => address), mailbox);
  };

  return {
    find,
    application,
    /** Members that can sign in: those of the tenant that are no shared mailbox. */
    persons: () => ofKind('user'),
    isInternal: (address: string): boolean => normalise(address).endsWith(`@${domain}`),
    passwordMatches: (address: string, password: string): boolean => find(address)?.password === password,
    /** FullAccess: may this principal open that mailbox over IMAP? */
    mayOpen: (principal: Principal, mailbox: string): boolean =>
      principal.kind === 'application'
        ? granted(principal.clientId, mailbox)
        : same(principal.address, mailbox) || has(permissions.fullAccess, mailbox, principal.address),
    /** May this principal authenticate as `user` at submission? A person only as itself, an application as each granted mailbox. */
    maySubmitAs: (principal: Principal, user: string): boolean =>
      principal.kind === 'application' ? granted(principal.clientId, user) : same(principal.address, user),
    /** Send As, or Send on Behalf when `sender` (header Sender) names the authenticated mailbox. */
    maySendFrom(principal: Principal, authenticated: string, from: string, sender: string | undefined): boolean {
      const mailbox = find(authenticated);
      const own = mailbox ? [mailbox.address, ...mailbox.aliases] : [authenticated];
      const extra = principal.kind === 'application' ? (application(principal.clientId)?.sendAs ?? []) : [];
      if (among([...own, ...extra], from) || has(permissions.sendAs, from, authenticated)) return true;
      const onBehalf = sender !== undefined && same(sender, authenticated);
      return onBehalf && has(permissions.sendOnBehalf, from, authenticated);
    },
  };
}
