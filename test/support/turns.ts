// The doctor's turns where nobody else is at work: everything at once.
import type { Turns } from '../../src/doctor/turns.ts';

export const freeTurns: Turns = {
  signIn: async () => {},
  connection: async (_server, run) => run(),
  mail: async () => true,
};
