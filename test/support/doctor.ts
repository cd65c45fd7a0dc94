// The tenant doctor as tests run it: the real steps, without DNS, with nobody else at work.
import { checkServer, type DoctorDeps, doctorDefaults } from '../../src/doctor/run-steps.ts';
import type { CheckStep } from '../../src/domain/doctor.ts';
import type { EmailServer } from '../../src/domain/email-server.ts';
import { remoteSystems } from '../../src/wiring/doctor.ts';

/** For checks that are about something else: no name is asked for, because their domains are in no public DNS. */
const dns: DoctorDeps['dns'] = {
  txt: (name) => Promise.reject(new Error(`a test asked the DNS for ${name}`)),
  mx: (name) => Promise.reject(new Error(`a test asked the DNS for ${name}`)),
};

/** All steps of one server; by default it is the only one, and signs in by password. */
export const doctorSteps = (server: EmailServer, deps: Partial<DoctorDeps> = {}): Promise<CheckStep[]> =>
  Array.fromAsync(
    checkServer(server, {
      ...doctorDefaults,
      systems: remoteSystems,
      dns,
      servers: [server],
      applications: [],
      getToken: () => Promise.reject(new Error('nobody signs in by token')),
      turns: { signIn: async () => {}, connection: async (_server, run) => run(), mail: async () => true },
      sendProbe: false,
      sentCopyEveryMs: 20,
      redirectUri: 'http://localhost:8025/signin/callback',
      ehloName: 'gateway.contoso.example',
      ...deps,
    }),
  );
