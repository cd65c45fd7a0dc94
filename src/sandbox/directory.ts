// Who is who in the tenant and who may what: the answers of Entra's and Exchange's directories. Every server asks here.
import { normalise } from './addresses.ts';
import type { SandboxApplication, SandboxUser, Settings } from './config.ts';

/** Who signed in: a person (delegated token or password) or an application's service principal. */
export type Principal = { kind: 'person'; address: string } | { kind: 'application'; clientId: string };

export type Directory = ReturnType<typeof createDirectory>;

export function createDirectory(settings: Settings) {
  const users = new Map<string, SandboxUser>();
  for (const user of settings.users) {
    for (const address of [user.address, ...(user.aliases ?? [])]) users.set(normalise(address), user);
  }
  const find = (address: string): SandboxUser | undefined => users.get(normalise(address));
  const has = (table: Record<string, string[]> | undefined, target: string, who: string): boolean =>
    Object.entries(table ?? {}).some(
      ([key, persons]) =>
        normalise(key) === normalise(target) && persons.some((person) => normalise(person) === normalise(who)),
    );
  const application = (clientId: string): SandboxApplication | undefined =>
    settings.applications.find((item) => item.clientId.toLowerCase() === clientId.toLowerCase());
  const sharedMailboxes = () => settings.users.filter((user) => user.kind === 'shared').map((user) => user.address);
  const granted = (clientId: string, mailbox: string): boolean => {
    const known = application(clientId);
    if (!known) return false;
    return (known.mailboxes ?? sharedMailboxes()).some((item) => normalise(item) === normalise(mailbox));
  };

  return {
    find,
    application,
    /** Members one may sign in as: those of the tenant that are no shared mailbox. */
    persons: () => settings.users.filter((user) => (user.kind ?? 'user') === 'user'),
    /** The address belongs to the tenant's domain. */
    isInternal: (address: string): boolean => normalise(address).endsWith(`@${settings.domain}`),
    /** Password sign-in is right. */
    passwordMatches: (address: string, password: string): boolean => {
      const user = find(address);
      return user?.password !== undefined && user.password === password;
    },
    /** FullAccess: may this principal open that mailbox over IMAP? */
    mayOpen(principal: Principal, mailbox: string): boolean {
      if (principal.kind === 'application') return granted(principal.clientId, mailbox);
      return (
        normalise(principal.address) === normalise(mailbox) ||
        has(settings.permissions.fullAccess, mailbox, principal.address)
      );
    },
    /** May this principal authenticate as `user` at submission? A person as itself only, an application as each granted mailbox. */
    maySubmitAs: (principal: Principal, user: string): boolean =>
      principal.kind === 'application'
        ? granted(principal.clientId, user)
        : normalise(principal.address) === normalise(user),
    /** Send As, or Send on Behalf when `sender` (header Sender) names the authenticated mailbox. */
    maySendFrom(principal: Principal, authenticated: string, from: string, sender: string | undefined): boolean {
      const mailbox = find(authenticated);
      const own = mailbox ? [mailbox.address, ...(mailbox.aliases ?? [])] : [authenticated];
      if (own.some((address) => normalise(address) === normalise(from))) return true;
      if (has(settings.permissions.sendAs, from, authenticated)) return true;
      const extra = principal.kind === 'application' ? (application(principal.clientId)?.sendAs ?? []) : [];
      if (extra.some((address) => normalise(address) === normalise(from))) return true;
      return (
        sender !== undefined &&
        normalise(sender) === normalise(authenticated) &&
        has(settings.permissions.sendOnBehalf, from, authenticated)
      );
    },
  };
}
