// The doctor with this process's configuration and stores: `mailroom check` and the portal's "test connection" run the same steps.

import { probeMailbox } from '../adapters/imap/probe.ts';
import { createSentFolder } from '../adapters/imap/sent-folder.ts';
import { createDns } from '../adapters/net/dns.ts';
import { reachPort, readTls, resolveHost } from '../adapters/net/probe.ts';
import { ehloName } from '../adapters/smtp/connection-options.ts';
import { probeEnvelope, probeSignIn, submissionError } from '../adapters/smtp/probe.ts';
import { createSubmitter, submitterDefaults } from '../adapters/smtp/submitter.ts';
import type { Config } from '../config/config.ts';
import { signInAtImap } from '../doctor/imap-sign-in.ts';
import type { RemoteSystems, SmtpOptions } from '../doctor/ports.ts';
import { checkServer, doctorDefaults } from '../doctor/run-steps.ts';
import { type CheckStep, passed } from '../domain/doctor.ts';
import { type EmailServer, type ImapServer, isSmtp } from '../domain/email-server.ts';
import { signInTarget } from '../domain/smtp-sign-in.ts';
import { publishCured } from '../operations/recovery.ts';
import type { Stores } from './stores.ts';

/** Milliseconds for one try of a resolver. */
const DNS_MS = 3_000;

interface DoctorOptions {
  /** Sends a real mail from each permitted From to the mailbox that signs in. */
  sendProbe?: boolean;
  /** A definition that is not saved yet takes the place of the one with its name among the others. */
  draft?: boolean;
}

/**
 * Checks one server and yields each step as it ends. Ending the iteration (`return`, a closed page) ends the check and its connections. When the server
 * works, a gateway that backs off from it tries it at once. Never throws.
 */
export type RunDoctor = (server: EmailServer, options?: DoctorOptions) => AsyncGenerator<CheckStep>;

const smtpSettings = ({ timeoutMs, ...more }: SmtpOptions) => ({
  ...submitterDefaults,
  connectionTimeoutMs: timeoutMs,
  greetingTimeoutMs: timeoutMs,
  socketTimeoutMs: 2 * timeoutMs,
  ...more,
});

/** The remote systems as the doctor reaches them. */
export const remoteSystems: RemoteSystems = {
  ...{ resolveHost, reachPort, readTls, probeMailbox, ehloName, submissionError },
  probeSignIn: (server, credentials, options) => probeSignIn(server, credentials, smtpSettings(options)),
  probeEnvelope: (server, from, options) => probeEnvelope(server, from, smtpSettings(options)),
  openSubmitter: (server, getToken, options) => createSubmitter(server, getToken, smtpSettings(options)),
  openSent: (getToken, imapServers, { timeoutMs, guardOf }) =>
    createSentFolder({ getToken, imapServers, guardOf, connectMs: timeoutMs, answerMs: 2 * timeoutMs }),
};

/** Whether this server works; where replies may leave from does not matter for that. */
const connects = (found: readonly CheckStep[]): boolean => passed(found.filter(({ step }) => step !== 'sharedAddress'));

/** Folders of a mailbox, over one short connection. @throws MailroomError of the imap and oauth sections */
export function folderLister(stores: Stores): (server: ImapServer) => Promise<string[]> {
  const { turns } = stores;
  const { getToken } = stores.tokens;
  const { guardOf } = stores.hostPolicy;
  return async (server) => {
    const mailbox = await signInAtImap(server, { ...doctorDefaults, systems: remoteSystems, getToken, turns, guardOf });
    try {
      return await mailbox.folders();
    } finally {
      await mailbox.close();
    }
  };
}

/** @param servers all defined servers: some checks compare them */
export function doctorFor(config: Config, stores: Stores, servers: () => readonly EmailServer[]): RunDoctor {
  return async function* runDoctor(server, { sendProbe = false, draft = false } = {}) {
    const found: CheckStep[] = [];
    const steps = checkServer(server, {
      ...doctorDefaults,
      systems: remoteSystems,
      dns: createDns(config.outbound.dnsServers, DNS_MS),
      servers: draft ? [...servers().filter(({ name }) => name !== server.name), server] : servers(),
      applications: stores.applications(),
      wrongApplications: stores.wrongApplications(),
      getToken: stores.tokens.getToken,
      turns: stores.turns,
      sendProbe,
      redirectUri: stores.redirectUri,
      ehloName: config.outbound.ehloName,
      guardOf: stores.hostPolicy.guardOf,
    });
    for await (const step of steps) {
      found.push(step);
      yield step;
    }
    if (draft || !server.enabled) return;
    // A sign-in that succeeded counts, even if a later step failed.
    const signedIn = found.some(({ step, state }) => step === 'smtpSignIn' && state === 'ok');
    if (isSmtp(server) && signedIn)
      await stores.signInNotes.succeeded(server.name, signInTarget(server)).catch(() => {});
    if (connects(found)) await publishCured(stores, server).catch(() => {}); // its back-off ends on its own, later
  };
}
