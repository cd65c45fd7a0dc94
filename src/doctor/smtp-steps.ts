// Steps of the doctor for an SMTP server: sign-in, size and pace. On request, a real mail from each permitted From, and whether its copy reaches Sent.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { asciiDomain, domainOf } from '../domain/address.ts';
import { applicationOf } from '../domain/dated-changes.ts';
import { isImap, type SmtpServer, tlsModeOf } from '../domain/email-server.ts';
import { asError, MailroomError } from '../domain/errors.ts';
import { providerOf } from '../domain/mail-provider.ts';
import { permittedFrom, resolveSender, type Sender } from '../domain/sender-policy.ts';
import { shownSize } from '../domain/size.ts';
import { words } from '../domain/words.ts';
import { checkFromDomain } from './from-domain.ts';
import type { SentProbe, SmtpOptions } from './ports.ts';
import { probeMail } from './probe-mail.ts';
import { signInAtSmtp } from './smtp-sign-in.ts';
import { type Check, type DoctorDeps, type Outcome, type Steps, same, withFix } from './step.ts';

/** RFC 2606, 6761, 6762, and the top-level domain that ICANN reserves for private use. */
const RESERVED = /\.(?:example|test|invalid|localhost|local|internal)$/;
/** Number of domains of one server whose records are read. */
const MOST_DOMAINS = 20;

/** Domains of the permitted From addresses, in ASCII. */
export function fromDomainsOf(server: SmtpServer): string[] {
  const domains = permittedFrom(server).map(({ address }) => asciiDomain(domainOf(address)) ?? '');
  return [...new Set(domains)].filter((domain) => domain.includes('.')).slice(0, MOST_DOMAINS);
}

const optionsOf = ({ timeoutMs, ehloName, guardOf }: DoctorDeps): SmtpOptions => ({ timeoutMs, ehloName, guardOf });

const allInUse = ({ user, pace }: SmtpServer): Outcome => ({
  skipped: words(
    `all ${pace.connections} connections of ${user} are in use by the gateway; check again when it sends less`,
    `alle ${pace.connections} Verbindungen von ${user} nutzt gerade das Gateway; prüfen Sie erneut, wenn es weniger sendet`,
  ),
});

export const smtpSteps: Steps<SmtpServer> = {
  async smtpSignIn({ server, deps }) {
    if (server.authentication.type === 'None')
      return {
        skipped: words(
          `no sign-in: ${server.host} must recognise this machine by its IP address`,
          `keine Anmeldung: ${server.host} muss diese Maschine an ihrer Adresse erkennen`,
        ),
      };
    const outcome = await signInAtSmtp(server, deps, optionsOf(deps));
    return outcome === undefined ? allInUse(server) : { detail: same(server.user) };
  },

  async smtpSize({ server, deps }) {
    const { perMinute, connections, recipientsPerDay } = server.pace;
    const allowed = words(
      `${connections} connections, ${perMinute} messages a minute, ${recipientsPerDay.toLocaleString('en')} recipients a day`,
      `${connections} Verbindungen, ${perMinute} Nachrichten je Minute, ${recipientsPerDay.toLocaleString('de')} Empfänger je Tag`,
    );
    const start = tlsModeOf('smtp', server);
    if (server.proxy !== undefined || start === 'none') return { detail: allowed };
    const facts = await deps.systems.readTls(server.host, server.port, {
      start,
      protocol: 'smtp',
      ca: server.ca,
      timeoutMs: deps.timeoutMs,
      ehloName: deps.ehloName ?? deps.systems.ehloName(server),
      guard: deps.guardOf?.(server),
    });
    const bytes =
      'ehlo' in facts ? Number(facts.ehlo.map((line) => /^SIZE (\d+)/i.exec(line)?.[1]).find(Boolean)) : Number.NaN;
    if (Number.isNaN(bytes) || bytes === 0) return { detail: allowed };
    const largest = shownSize(bytes);
    return { detail: words(`up to ${largest.en}; ${allowed.en}`, `bis ${largest.de}; ${allowed.de}`) };
  },

  async sendAs(check, from) {
    const { server, deps } = check;
    // The policy of a reply: a From or display name that it refuses fails here too.
    const roles = Object.values(server.fromRoles).flat();
    const sender = resolveSender(server, { from, agent: { roles } } as Parameters<typeof resolveSender>[1]);
    if (!deps.sendProbe && server.authentication.type === 'None') return probeRelay(check, sender.envelopeFrom);
    if (!deps.sendProbe) {
      return {
        skipped: words(
          'not asked for: --send-probe sends a real mail',
          'nicht verlangt: --send-probe sendet eine echte Mail',
        ),
      };
    }
    if (!(await deps.turns.mail(server)))
      return {
        skipped: words(
          `the pace of ${server.user} is used up by the gateway; check again when it sends less`,
          `das Tempo von ${server.user} schöpft gerade das Gateway aus; prüfen Sie erneut, wenn es weniger sendet`,
        ),
      };
    return (await deps.turns.connection(server, () => sendProbe(check, sender))) ?? allInUse(server);
  },

  async sentCopy({ server, deps, probe }) {
    const { sentCopy } = server;
    if (sentCopy.policy === 'none') return { skipped: words('no copy is wanted', 'keine Kopie verlangt') };
    const sent = deps.systems.openSent(deps.getToken, () => deps.servers.filter(isImap), optionsOf(deps));
    if (sentCopy.policy === 'append') return proveAppend(server, deps, sent, sentCopy.folder);
    if (probe === undefined) return { skipped: words('no probe was sent', 'keine Probe gesendet') };
    const until = deps.now() + deps.sentCopyMs;
    for (;;) {
      await deps.turns.signIn(server);
      const hit = await sent.search(server, { ...probe, folder: undefined });
      if (hit.found) return { detail: same(hit.folder) };
      if (deps.now() >= until) throw new MailroomError('CHECK_SENT_COPY_MISSING');
      await sleep(deps.sentCopyEveryMs);
    }
  },

  /** Only informs: mail of a small sender may arrive anyway. */
  async fromDomain({ server, deps }, domain) {
    if (RESERVED.test(domain))
      return {
        skipped: words('a name that is not in the public DNS', 'ein Name, den es im öffentlichen DNS nicht gibt'),
      };
    if (domain.endsWith('.onmicrosoft.com'))
      return {
        skipped: words('Microsoft keeps the records of this domain', 'Microsoft pflegt die Einträge dieser Domäne'),
      };
    let result: Awaited<ReturnType<typeof checkFromDomain>>;
    try {
      result = await checkFromDomain(domain, providerOf(server, applicationOf(server, deps.applications)), deps.dns);
    } catch (thrown) {
      const code = (thrown as NodeJS.ErrnoException).code ?? asError(thrown).message.slice(0, 100);
      return { skipped: words(`the DNS did not answer: ${code}`, `der DNS hat nicht geantwortet: ${code}`) };
    }
    const { problems, facts } = result;
    if (problems.length === 0) return { detail: facts };
    throw withFix(
      new MailroomError('CHECK_FROM_DOMAIN', { remote: { system: 'network', text: facts.en } }),
      words(problems.map((one) => one.words.en).join('; '), problems.map((one) => one.words.de).join('; ')),
    );
  },
};

/** Whether a relay without sign-in would accept mail from this address: MAIL and RCPT, then RSET, so nothing is sent. */
async function probeRelay({ server, deps }: Check<SmtpServer>, from: string): Promise<Outcome> {
  const outcome = await deps.turns.connection(server, async () => {
    await deps.systems.probeEnvelope(server, from, optionsOf(deps));
    return 'relayed';
  });
  if (outcome === undefined) return allInUse(server);
  return {
    detail: words(
      `nobody signed in; ${server.host} relays mail from ${from}`,
      `niemand hat sich angemeldet; ${server.host} nimmt E-Mails von ${from} an`,
    ),
  };
}

/** Ids of a mail that only this check looks for. */
const probeIds = (address: string, deps: DoctorDeps) => {
  const unique = randomUUID();
  const messageId = `<check.${unique}@${domainOf(address)}>`;
  return { replyId: `check-${unique}`, messageId, since: new Date(deps.now()) };
};

async function sendProbe(check: Check<SmtpServer>, sender: Sender): Promise<Outcome> {
  const { server, deps } = check;
  const options = optionsOf(deps);
  if (server.authentication.type === 'None') await deps.systems.probeEnvelope(server, sender.envelopeFrom, options);
  const from = sender.from.address;
  const to = server.user.includes('@') ? server.user : from;
  const probe = probeIds(from, deps);
  const mail = probeMail({ ...probe, from, to, date: probe.since, sender: sender.sender?.address });
  const submitter = deps.systems.openSubmitter(server, deps.getToken, options);
  try {
    const outcome = await submitter.submit({
      envelope: { from: sender.envelopeFrom, to: [to], smtpUtf8: false },
      from,
      bytes: async function* () {
        yield mail;
      },
      size: mail.length,
      tries: 1,
      onDataBegin: async () => {},
    });
    if (outcome.kind === 'accepted') {
      check.probe ??= { ...probe, messageId: outcome.serverMessageId ?? probe.messageId };
      return { detail: words(`accepted: ${outcome.remote.text ?? ''}`, `angenommen: ${outcome.remote.text ?? ''}`) };
    }
    if (outcome.kind === 'withheld') throw outcome.error;
    throw new MailroomError(outcome.verdict.code, { class: outcome.verdict.class, remote: outcome.remote });
  } finally {
    await submitter.close();
  }
}

/** Where Mailroom stores the copies itself: stores one, and removes exactly that one again. */
async function proveAppend(server: SmtpServer, deps: DoctorDeps, sent: SentProbe, wanted: string): Promise<Outcome> {
  const copy = probeIds(server.user, deps);
  const from = permittedFrom(server)[0]?.address ?? 'check@localhost';
  await deps.turns.signIn(server);
  const { folder, outcome } = await sent.prove(
    server,
    { ...copy, folder: wanted },
    probeMail({ ...copy, from, to: from, date: copy.since }),
  );
  if (outcome === 'left') throw new MailroomError('CHECK_SENT_COPY_LEFT');
  if (outcome === 'removed')
    return { detail: words(`${folder}: stored one and removed it again`, `${folder}: abgelegt und wieder entfernt`) };
  return {
    skipped: words(
      `${folder} opens; without UIDPLUS a copy could not be removed again, so none was stored`,
      `${folder} öffnet; ohne UIDPLUS ließe sich eine Kopie nicht wieder entfernen, deshalb wurde keine abgelegt`,
    ),
  };
}
