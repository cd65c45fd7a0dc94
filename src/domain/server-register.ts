// Port of the register of SMTP servers, as outbound uses it; adapters/redis/smtp-servers.ts keeps it.

/** Names of SMTP servers, those that are gone included: replies may wait on their queues. */
export interface ServerRegister {
  /** Notes what is defined now. @returns names that are gone, to the one who notes it first */
  record(defined: readonly { name: string; mailbox: string }[]): Promise<string[]>;
  /** Since when another account has the name of a server that was deleted or renamed, epoch ms. */
  replacedAt(name: string): Promise<number | undefined>;
  gone(): Promise<{ name: string; since: number }[]>;
}
