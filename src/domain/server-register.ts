// Port of the register of SMTP servers, as outbound uses it; adapters/redis/smtp-servers.ts keeps it.

/** Names of SMTP servers, including removed ones: replies may wait on their queues. */
export interface ServerRegister {
  /** Records the current definitions. @returns removed names, once: to the first caller */
  record(defined: readonly { name: string; mailbox: string }[]): Promise<string[]>;
  /** When another account took the name of a server that was deleted or renamed, epoch ms. */
  replacedAt(name: string): Promise<number | undefined>;
  gone(): Promise<{ name: string; since: number }[]>;
}
