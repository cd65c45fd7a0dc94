// Permissions: the one table of roles. API tokens, sessions of the portal, `mailroom invite` and the claims of an OpenID
// provider all resolve to one of these roles. Pure.
import { sameName } from './email-server.ts';

/**
 * viewer: sees everything except customers' mail. operator: also held replies, quarantined messages and the pause of an SMTP server.
 * administrator: may also change server configurations. backend: a program (agent desktop, contact center): senders, replies, messages.
 */
export const roles = ['viewer', 'operator', 'administrator', 'backend'] as const;
export type AccessRole = (typeof roles)[number];

/** The scope of a token; an absent list does not restrict it. */
export interface TokenScope {
  /** Messages and senders of these email flows only. */
  emailFlows?: readonly string[];
  /** Replies through these SMTP email servers only. */
  emailServers?: readonly string[];
  /** Its replyIds are in a namespace of their own: in the rest of Mailroom, `x` of `desk` is `desk/x`. */
  replyNamespace?: string;
}

const within = (list: readonly string[] | undefined, name: string): boolean =>
  list === undefined || list.some((one) => sameName(one, name));
export const inFlows = (scope: TokenScope | undefined, emailFlow: string): boolean =>
  within(scope?.emailFlows, emailFlow);
export const inServers = (scope: TokenScope | undefined, server: string): boolean =>
  within(scope?.emailServers, server);

/** The replyId with its namespace, as the rest of Mailroom uses it. */
export const fullReplyId = (scope: TokenScope | undefined, replyId: string): string =>
  scope?.replyNamespace === undefined ? replyId : `${scope.replyNamespace}/${replyId}`;

/** The replyId without its namespace, as its backend uses it; undefined if it belongs to another token. */
export function ownReplyId(scope: TokenScope | undefined, replyId: string): string | undefined {
  const start = fullReplyId(scope, '');
  return replyId.startsWith(start) ? replyId.slice(start.length) : undefined;
}

/** Roles of people; a backend is not a person and cannot open the portal. */
export const portalRoles = ['viewer', 'operator', 'administrator'] as const;
export type PortalRole = (typeof portalRoles)[number];

export const isPortalRole = (role: string): role is PortalRole => (portalRoles as readonly string[]).includes(role);

const people = portalRoles;
const operators = ['operator', 'administrator'] as const;

export const permissions = {
  'status:read': roles,
  'senders:read': roles,
  'replies:read': roles,
  /** See the addresses of customers, which are masked otherwise. */
  'addresses:read': ['operator', 'administrator', 'backend'],
  'email-flows:read': roles,
  /** Find a message or reply by id or address, and see its timeline; neither subject nor text. */
  'find:read': ['operator', 'administrator', 'backend'],
  'messages:read': ['backend', 'administrator'],
  'replies:write': ['backend', 'administrator'],
  /** Release or drop a held reply. */
  'replies:release': operators,
  'quarantine:read': operators,
  /** Enqueue again, or accept unchanged. */
  'quarantine:release': operators,
  /** Messages that a consumer gave up. */
  'dead-letters:read': operators,
  /** Have them tried again, move or delete them. */
  'dead-letters:decide': operators,
  'email-servers:read': people,
  /** Pause and resume the sending of an SMTP server. */
  'email-servers:pause': operators,
  /** Connect to a stored server and report what is wrong; an unsaved definition requires email-servers:write. */
  'email-servers:test': operators,
  'email-servers:write': ['administrator'],
  /** Change what running processes log, for a limited time. */
  'log-level:write': operators,
  'audit:read': ['administrator'],
  /** Export and erase what is kept about a person. */
  'privacy:manage': ['administrator'],
} as const satisfies Record<string, readonly AccessRole[]>;
export type Permission = keyof typeof permissions;

export const may = (role: AccessRole, permission: Permission): boolean =>
  (permissions[permission] as readonly AccessRole[]).includes(role);
