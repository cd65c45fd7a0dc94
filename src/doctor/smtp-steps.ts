// Steps of the doctor for an SMTP server: sign-in, size and pace, and, on request, a real mail from each permitted From and its copy.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { asciiDomain, domainOf } from '../domain/address.ts';
import { applicationOf } from '../domain/dated-changes.ts';
import { isImap, type SmtpServer, tlsModeOf } from '../domain/email-server.ts';
import { asError, MailroomError } from '../domain/errors.ts';
import { providerOf } from '../domain/mail-provider.ts';
import { permittedFrom, resolveSender } from '../domain/sender-policy.ts';
import { shownSize } from '../domain/size.ts';
import { checkFromDomain } from './from-domain.ts';
import type { SentProbe } from './ports.ts';
import { probeMail } from './probe-mail.ts';
import { signInAtSmtp } from './smtp-sign-in.ts';
import { type DoctorDeps, type Outcome, type Probes, same, withFix, words } from './step.ts';

/** RFC 2606, 6761, 6762, and the top-level domain that ICANN reserves for private use. */
const RESERVED = /\.(?:example|test|invalid|localhost|local|internal)$/;
/** Number of domains of one server whose records are read. */
const MOST_DOMAINS = 20;

export function smtpSteps(server: SmtpServer, deps: DoctorDeps): Probes {
  const { systems } = deps;
  const options = { timeoutMs: deps.timeoutMs, ehloName: deps.ehloName, guardOf: deps.guardOf };
  const { user, pace } = server;
  const allInUse = words(
    `all ${pace.connections} connections of ${user} are in use by the gateway; check again when it sends less`,
    `alle ${pace.connections} Verbindungen von ${user} nutzt gerade das Gateway; prüfen Sie erneut, wenn es weniger sendet`,
  );
  const paceUsedUp = words(
    `the pace of ${user} is used up by the gateway; check again when it sends less`,
    `das Tempo von ${user} schöpft gerade das Gateway aus; prüfen Sie erneut, wenn es weniger sendet`,
  );
  const sent: { replyId: string; messageId: string; since: Date }[] = [];

  /** A relay without sign-in: would it accept mail from this address to any recipient? MAIL and RCPT, then RSET: nothing is sent. */
  async function knownByAddress(from: string): Promise<Outcome> {
    const outcome = await deps.turns.connection(server, async () => {
      await systems.probeEnvelope(server, from, options);
      return 'relayed';
    });
    if (outcome === undefined) return { skipped: allInUse };
    return {
      detail: words(
        `nobody signed in; ${server.host} relays mail from ${from}`,
        `niemand hat sich angemeldet; ${server.host} nimmt E-Mails von ${from} an`,
      ),
    };
  }

  async function signIn(): Promise<Outcome> {
    const { authentication } = server;
    if (authentication.type === 'None')
      return {
        skipped: words(
          `no sign-in: ${server.host} has to know this machine by its address`,
          `keine Anmeldung: ${server.host} muss diese Maschine an ihrer Adresse erkennen`,
        ),
      };
    const outcome = await signInAtSmtp(server, deps, options);
    return outcome === undefined ? { skipped: allInUse } : { detail: same(server.user) };
  }

  async function size(): Promise<Outcome> {
    const { perMinute, connections, recipientsPerDay } = pace;
    const allowed = words(
      `${connections} connections, ${perMinute} messages a minute, ${recipientsPerDay.toLocaleString('en')} recipients a day`,
      `${connections} Verbindungen, ${perMinute} Nachrichten je Minute, ${recipientsPerDay.toLocaleString('de')} Empfänger je Tag`,
    );
    const start = tlsModeOf('smtp', server);
    if (server.proxy !== undefined || start === 'none') return { detail: allowed };
    const facts = await systems.readTls(server.host, server.port, {
      start,
      protocol: 'smtp',
      ca: server.ca,
      timeoutMs: deps.timeoutMs,
      ehloName: deps.ehloName ?? systems.ehloName(server),
      guard: deps.guardOf?.(server),
    });
    const bytes =
      'ehlo' in facts ? Number(facts.ehlo.map((line) => /^SIZE (\d+)/i.exec(line)?.[1]).find(Boolean)) : Number.NaN;
    if (Number.isNaN(bytes) || bytes === 0) return { detail: allowed };
    const largest = shownSize(bytes);
    return { detail: words(`up to ${largest.en}; ${allowed.en}`, `bis ${largest.de}; ${allowed.de}`) };
  }

  async function sendAs(from: string): Promise<Outcome> {
    // As for a reply: a From that the sender policy refuses, or a display name, fails here as it would there.
    const roles = Object.values(server.fromRoles).flat();
    const sender = resolveSender(server, { from, agent: { roles } } as Parameters<typeof resolveSender>[1]);
    if (!deps.sendProbe && server.authentication.type === 'None') return knownByAddress(sender.envelopeFrom);
    if (!deps.sendProbe) {
      return {
        skipped: words(
          'not asked for: --send-probe sends a real mail',
          'nicht verlangt: --send-probe sendet eine echte Mail',
        ),
      };
    }
    if (!(await deps.turns.mail(server))) return { skipped: paceUsedUp };
    return (await deps.turns.connection(server, () => sendProbe(sender))) ?? { skipped: allInUse };
  }

  async function sendProbe(sender: ReturnType<typeof resolveSender>): Promise<Outcome> {
    if (server.authentication.type === 'None') await systems.probeEnvelope(server, sender.envelopeFrom, options);
    const from = sender.from.address;
    const to = user.includes('@') ? user : from;
    const unique = randomUUID();
    const domain = domainOf(from) ?? 'localhost';
    const probe = { replyId: `check-${unique}`, messageId: `<check.${unique}@${domain}>`, since: new Date(deps.now()) };
    const mail = probeMail({ ...probe, from, to, date: probe.since, sender: sender.sender?.address });
    const submitter = systems.openSubmitter(server, deps.getToken, options);
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
        const serverMessageId = outcome.serverMessageId;
        sent.push({ ...probe, messageId: serverMessageId ?? probe.messageId });
        return { detail: words(`accepted: ${outcome.remote.text ?? ''}`, `angenommen: ${outcome.remote.text ?? ''}`) };
      }
      if (outcome.kind === 'withheld') throw outcome.error;
      throw new MailroomError(outcome.verdict.code, { class: outcome.verdict.class, remote: outcome.remote });
    } finally {
      await submitter.close();
    }
  }

  async function sentCopy(): Promise<Outcome> {
    if (server.sentCopy.policy === 'none') return { skipped: words('no copy is wanted', 'keine Kopie verlangt') };
    const [probe] = sent;
    if (!probe && server.sentCopy.policy === 'server')
      return { skipped: words('no probe was sent', 'keine Probe gesendet') };
    const folder = systems.openSent(deps.getToken, () => deps.servers.filter(isImap), options);
    if (server.sentCopy.policy === 'append') return proveAppend(folder, server.sentCopy.folder);
    const until = deps.now() + deps.sentCopyMs;
    for (;;) {
      await deps.turns.signIn(server);
      const hit = await folder.search(server, { ...(probe as (typeof sent)[number]), folder: undefined });
      if (hit.found) return { detail: same(hit.folder) };
      if (deps.now() >= until) throw new MailroomError('CHECK_SENT_COPY_MISSING');
      await sleep(deps.sentCopyEveryMs);
    }
  }

  /** Mailroom stores the copies: one is stored, and exactly that one is removed again. */
  async function proveAppend(sent: SentProbe, wanted: string): Promise<Outcome> {
    const unique = randomUUID();
    const since = new Date(deps.now());
    const copy = { replyId: `check-${unique}`, messageId: `<check.${unique}@${domainOf(user) ?? 'localhost'}>` };
    const from = permittedFrom(server)[0]?.address ?? 'check@localhost';
    await deps.turns.signIn(server);
    const { folder, outcome } = await sent.prove(
      server,
      { ...copy, since, folder: wanted },
      probeMail({ ...copy, from, to: from, date: since }),
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

  /** Informs only: the mail of a small sender may arrive anyway. */
  async function fromDomain(domain: string): Promise<Outcome> {
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
  }

  const domains = [...new Set(permittedFrom(server).map(({ address }) => asciiDomain(domainOf(address) ?? '') ?? ''))];
  return {
    fromDomain: domains
      .filter((domain) => domain.includes('.'))
      .slice(0, MOST_DOMAINS)
      .map((domain) => ({ from: domain, run: () => fromDomain(domain) })),
    smtpSignIn: [{ run: signIn }],
    smtpSize: [{ run: size }],
    sendAs: permittedFrom(server).map(({ address }) => ({ from: address, run: () => sendAs(address) })),
    sentCopy: [{ run: sentCopy }],
  };
}
