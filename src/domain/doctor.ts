// The tenant doctor's steps: their names, what each requires, and the outcome of a step. Pure; doctor/ runs them.
import type { EmailServer } from './email-server.ts';
import type { ErrorCode, FailureClass, Remote } from './errors.ts';
import { type Words, words } from './words.ts';

/** One line of the check, as the command, `--json` and the portal show it. */
export interface CheckStep {
  server: string;
  step: StepName;
  /** sendAs: the From address that was tried; fromDomain: the domain. */
  from?: string;
  state: 'ok' | 'failed' | 'skipped';
  /** A failure here does not fail the check. */
  informational: boolean;
  /** Milliseconds. */
  ms: number;
  /** What was found, or why the step was skipped. */
  detail?: Words;
  failure?: { code: ErrorCode; class: FailureClass; message: string; fix: Words; remote?: Remote };
}

interface StepDefinition {
  title: Words;
  /** Steps that must succeed before this one makes sense. */
  needs: readonly StepName[];
  informational?: true;
}

const step = <const Needs extends string[]>(en: string, de: string, ...needs: Needs) => ({
  title: words(en, de),
  needs,
});
const informational = { informational: true } as const;

const rows = {
  config: step('Definition', 'Definition'),
  dns: step('Host name resolves', 'Namensauflösung', 'config'),
  tcp: step('Port answers', 'Port erreichbar', 'dns'),
  tls: step('TLS: name, chain, expiry', 'TLS: Name, Kette, Ablauf', 'tcp'),
  token: step('Token: audience, permissions, identity, expiry', 'Token: Ziel, Rechte, Identität, Ablauf', 'config'),
  imapSignIn: step('IMAP sign-in', 'IMAP-Anmeldung', 'tls', 'token'),
  imapCapabilities: step('IMAP capabilities', 'IMAP-Fähigkeiten', 'imapSignIn'),
  fullAccess: step('Mailbox opens (Full Access)', 'Postfach öffnet (Voller Zugriff)', 'imapSignIn'),
  folder: step('Folder exists', 'Ordner vorhanden', 'fullAccess'),
  afterQueuedFolder: step(
    'Folder for queued messages exists',
    'Ordner für übergebene Nachrichten vorhanden',
    'fullAccess',
  ),
  idle: step('IDLE works', 'IDLE funktioniert', 'folder'),
  pop3: { ...step('POP3 reachable (not used)', 'POP3 erreichbar (nicht verwendet)', 'dns'), ...informational },
  smtpSignIn: step(
    'SMTP sign-in (SMTP AUTH of mailbox and tenant)',
    'SMTP-Anmeldung (SMTP AUTH von Postfach und Mandant)',
    'tls',
    'token',
  ),
  smtpSize: step('Size and sending limits', 'Größe und Sendelimits', 'tls'),
  sendAs: step('Send As', 'Senden als', 'smtpSignIn'),
  sentCopy: step('Copy in Sent', 'Kopie in Gesendete Elemente', 'sendAs'),
  fromDomain: {
    ...step(
      'Domain of the From address: SPF, DKIM, DMARC, MX',
      'Domäne der Von-Adresse: SPF, DKIM, DMARC, MX',
      'config',
    ),
    ...informational,
  },
  sharedAddress: step('Shared address is a permitted From', 'Gemeinsame Adresse ist erlaubter Absender', 'config'),
};

export type StepName = keyof typeof rows;
export const steps: Readonly<Record<StepName, StepDefinition>> = rows;

/** Steps of a server in order, without the From addresses of sendAs. */
export const planOf = ({ type }: Pick<EmailServer, 'type'>): readonly StepName[] =>
  type === 'IMAP'
    ? [
        ...(['config', 'dns', 'tcp', 'tls', 'token', 'imapSignIn', 'imapCapabilities', 'fullAccess'] as const),
        ...(['folder', 'afterQueuedFolder', 'idle', 'pop3', 'sharedAddress'] as const),
      ]
    : ['config', 'dns', 'tcp', 'tls', 'smtpSize', 'token', 'smtpSignIn', 'sendAs', 'sentCopy', 'fromDomain'];

/** How a step ended, as far as later steps are concerned. `blocked`: skipped because of a failure; a plain `skipped` blocks nothing. */
export type Ended = 'ok' | 'failed' | 'blocked' | 'skipped';

/** The failed step, direct or indirect, that makes this step pointless; undefined if it can run. */
export function blockedBy(step: StepName, ended: ReadonlyMap<StepName, Ended>): StepName | undefined {
  for (const need of steps[step].needs) {
    if (ended.get(need) === 'failed') return need;
    if (ended.get(need) === 'blocked') return blockedBy(need, ended) ?? need;
  }
  return undefined;
}

/** The remote system's words with its code once, because most texts begin with the code. */
export function remoteWords(remote: Remote | undefined): string | undefined {
  if (remote?.text === undefined || remote.text === '') return undefined;
  return remote.code === undefined || remote.text.includes(remote.code) ? remote.text : `${remote.code} ${remote.text}`;
}

/** True when the tenant is correct: no step failed, except those that only inform. */
export const passed = (all: readonly CheckStep[]): boolean =>
  all.every(({ state, informational }) => state !== 'failed' || informational);
