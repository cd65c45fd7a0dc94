// Problems that only the set of all email servers shows: valid definitions that will not work as intended. Pure. Findings are warnings in the log, the
// portal and `mailroom check`.
import { domainOf, normalAddress } from './address.ts';
import { type ApplicationFacts, datedFindings } from './dated-changes.ts';
import {
  type EmailServer,
  type ImapServer,
  isDelegated,
  isImap,
  isLoopback,
  isSmtp,
  type SmtpServer,
  tlsModeOf,
} from './email-server.ts';
import { type Finding, finding } from './finding.ts';
import { providerOf } from './mail-provider.ts';
import { personOf } from './oauth-scopes.ts';
import { words } from './words.ts';

/** Connections that one person's account may hold (about 16–20 at Exchange Online), with room for that person's own Outlook. */
const MAILBOXES_PER_PERSON = 15;

interface CheckContext {
  /** The configured OAuth2 applications. */
  applications: readonly ApplicationFacts[];
  /** Invalid applications of the configuration: name → problem. */
  wrong?: ReadonlyMap<string, string> | undefined;
  /** The day for changes with a date; default: today. */
  now?: Date;
}

export function checkEmailServers(
  servers: readonly EmailServer[],
  { applications: known, wrong = new Map(), now = new Date() }: CheckContext,
): Finding[] {
  const applications = known.map(({ name }) => name);
  const enabled = servers.filter((server) => server.enabled);
  const imap = enabled.filter(isImap);
  const smtp = enabled.filter(isSmtp);
  return [
    ...sharedAddresses(imap, smtp),
    ...enabled.flatMap((server) => unknownApplication(server, applications, wrong)),
    ...smtp.filter(isMicrosoft).flatMap(fromNeedsSendAs),
    ...smtp.filter(isMicrosoft).flatMap((server) => delegatedSharedUser(server, imap)),
    ...manyMailboxes(imap.filter(isMicrosoft)),
    ...enabled.flatMap(plainText),
    ...datedFindings(enabled, known, now),
  ];
}

/** Checks that apply to Exchange Online only. */
const isMicrosoft = (server: EmailServer): boolean => providerOf(server) === 'microsoft';
const same = (address: string): string => normalAddress(address) ?? address.toLowerCase();
const permitted = (server: SmtpServer): string[] => [server.user, ...server.additionalFromAddresses].map(same);

/** The note in step 6 of the handbook: without the shared address among the From addresses, replies are sent from the personal address. */
function sharedAddresses(imap: readonly ImapServer[], smtp: readonly SmtpServer[]): Finding[] {
  const known = new Set(smtp.flatMap(permitted));
  return imap
    .filter((server) => server.user.includes('@') && !known.has(same(server.user)))
    .map((server) => {
      const near = smtp.filter(({ user }) => domainOf(same(user)) === domainOf(same(server.user)));
      const [only, another] = near.length > 0 ? near : smtp;
      // With several the choice is the administrator's.
      const where =
        only !== undefined && another === undefined
          ? words(`of "${only.name}"`, `von „${only.name}“ hinzu`)
          : words('of the SMTP server that sends its replies', 'des SMTP-Servers hinzu, der seine Antworten sendet');
      return finding(
        'SHARED_ADDRESS_NOT_PERMITTED',
        server.name,
        { user: server.user },
        words(
          `Add ${server.user} to Additional Email From Addresses ${where.en}.`,
          `Fügen Sie ${server.user} den Additional Email From Addresses ${where.de}.`,
        ),
      );
    });
}

function unknownApplication(
  { name, authentication }: EmailServer,
  applications: readonly string[],
  wrong: ReadonlyMap<string, string>,
): Finding[] {
  if (authentication.type !== 'OAuth2' || applications.includes(authentication.application)) return [];
  const { application } = authentication;
  const problem = wrong.get(application);
  const known = applications.map((one) => `"${one}"`).join(', ') || '–';
  return [
    problem === undefined
      ? finding(
          'APPLICATION_NOT_CONFIGURED',
          name,
          { application },
          words(`Configured are: ${known}.`, `Eingerichtet sind: ${known}.`),
        )
      : finding(
          'APPLICATION_NOT_CONFIGURED',
          name,
          { application, problem },
          words(`Correct: ${problem}.`, `Korrigieren Sie: ${problem}.`),
        ),
  ];
}

/** App-only: the token opens the User's mailbox; another From needs Send As for that mailbox, and the copy lands in its Sent. */
function fromNeedsSendAs(server: SmtpServer): Finding[] {
  if (server.authentication.type !== 'OAuth2' || server.authentication.signIn !== 'appOnly') return [];
  const others = server.additionalFromAddresses.filter((address) => same(address) !== same(server.user));
  if (others.length === 0) return [];
  const commands = others
    .map((from) => `Add-RecipientPermission "${from}" -Trustee "${server.user}" -AccessRights SendAs`)
    .join('; ');
  return [
    finding(
      'FROM_NEEDS_SEND_AS',
      server.name,
      { user: server.user, addresses: others.join(', ') },
      words(
        `PowerShell: ${commands}. Or define one SMTP server for each address, with that address as User.`,
        `PowerShell: ${commands}. Oder legen Sie für jede Adresse einen SMTP-Server mit dieser Adresse als User an.`,
      ),
    ),
  ];
}

/** Delegated SMTP refuses the shared mailbox as user (535 5.7.3), though SMTP AUTH is enabled for it. */
function delegatedSharedUser(server: SmtpServer, imap: readonly ImapServer[]): Finding[] {
  const { authentication, name, user } = server;
  if (authentication.type !== 'OAuth2' || authentication.signIn !== 'delegated') return [];
  const isOther = (one: EmailServer) => same(personOf(one)) !== same(user);
  const shared = imap.some((mailbox) => same(mailbox.user) === same(user) && isOther(mailbox));
  if (!shared && !isOther(server)) return [];
  return [finding('DELEGATED_USER_IS_SHARED', name, { user })];
}

function manyMailboxes(imap: readonly ImapServer[]): Finding[] {
  return [...Map.groupBy(imap.filter(isDelegated), (server) => same(personOf(server)))].flatMap(([person, list]) => {
    const beyond = list[MAILBOXES_PER_PERSON];
    return beyond ? [finding('MANY_MAILBOXES_ON_ONE_PERSON', beyond.name, { count: list.length, person })] : [];
  });
}

/** Not reported where an administrator has set allowPlainText. */
function plainText(server: EmailServer): Finding[] {
  const { name, host, allowPlainText } = server;
  if (tlsModeOf(isImap(server) ? 'imap' : 'smtp', server) !== 'none' || isLoopback(host) || allowPlainText) return [];
  return [finding('TLS_DISABLED', name, { host })];
}
