// The audit log: what people did to the installation. Sign-ins and changes are kept separately, each for its own time, so that many entries of one kind
// never displace the other.

export const auditKinds = ['changes', 'sign-ins'] as const;
export type AuditKind = (typeof auditKinds)[number];

/** One action of a person as a record of the audit log. Secrets are masked. */
export interface AuditEntry {
  /** ISO 8601. */
  at: string;
  by: string;
  action: string;
  server: string;
  changes: { field: string; from: string; to: string }[];
  /** Of the email server after the change. */
  revision?: string | undefined;
}

export interface AuditQuery {
  /** Default: both. */
  kind?: AuditKind | undefined;
  /** Epoch ms, both included. */
  from?: number | undefined;
  to?: number | undefined;
  order?: 'newest' | 'oldest';
}

export interface AuditLog {
  write(entry: Omit<AuditEntry, 'at'>): Promise<void>;
  /** In order of time, reading one page of the log at a time. */
  entries(query: AuditQuery): AsyncGenerator<AuditEntry>;
  /** Removes what is older. @param before epoch ms @returns how many entries */
  removeBefore(kind: AuditKind, before: number): Promise<number>;
}

/** Actions of the kind `sign-ins`. */
export const signInActions = ['sign-in', 'sign-out', 'sign-in-locked'] as const;

export const auditKindOf = (action: string): AuditKind =>
  signInActions.some((one) => one === action) ? 'sign-ins' : 'changes';
