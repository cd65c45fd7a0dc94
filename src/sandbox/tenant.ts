// The tenant as all its servers share it, and the names that it gives itself on the wire.
import type { Settings } from './config.ts';
import type { Directory } from './directory.ts';
import type { Faults } from './faults.ts';
import type { Tokens } from './oauth/tokens.ts';
import type { Store } from './store.ts';

export interface Tenant {
  settings: Settings;
  directory: Directory;
  store: Store;
  tokens: Tokens;
  faults: Faults;
}

/** Exchange Online's largest message, bytes. */
export const LARGEST_MESSAGE = 157_286_400;
export const HOSTNAME = 'SANDBOX.EURPRD01.PROD.OUTLOOK.COM';

/** Now, as RFC 5322 §3.3 has it. */
export const mailDate = (): string => new Date().toUTCString().replace('GMT', '+0000');
