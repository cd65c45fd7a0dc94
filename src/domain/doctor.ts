// The tenant doctor's steps: their names, what each requires, and the outcome of a step. Pure; doctor/ runs them.
import type { EmailServer } from './email-server.ts';
import type { ErrorCode, FailureClass, Remote } from './errors.ts';
import type { Words } from './words.ts';

export type StepName =
  | 'config'
  | 'dns'
  | 'tcp'
  | 'tls'
  | 'token'
  | 'imapSignIn'
  | 'imapCapabilities'
  | 'fullAccess'
  | 'folder'
  | 'afterQueuedFolder'
  | 'idle'
  | 'pop3'
  | 'smtpSignIn'
  | 'smtpSize'
  | 'sendAs'
  | 'sentCopy'
  | 'sharedAddress'
  | 'fromDomain';

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

export const steps: Readonly<Record<StepName, StepDefinition>> = {
  config: { title: { en: 'Definition', de: 'Definition' }, needs: [] },
  dns: { title: { en: 'Host name resolves', de: 'Namensauflösung' }, needs: ['config'] },
  tcp: { title: { en: 'Port answers', de: 'Port erreichbar' }, needs: ['dns'] },
  tls: { title: { en: 'TLS: name, chain, expiry', de: 'TLS: Name, Kette, Ablauf' }, needs: ['tcp'] },
  token: {
    title: { en: 'Token: audience, permissions, identity, expiry', de: 'Token: Ziel, Rechte, Identität, Ablauf' },
    needs: ['config'],
  },
  imapSignIn: { title: { en: 'IMAP sign-in', de: 'IMAP-Anmeldung' }, needs: ['tls', 'token'] },
  imapCapabilities: { title: { en: 'IMAP capabilities', de: 'IMAP-Fähigkeiten' }, needs: ['imapSignIn'] },
  fullAccess: {
    title: { en: 'Mailbox opens (Full Access)', de: 'Postfach öffnet (Voller Zugriff)' },
    needs: ['imapSignIn'],
  },
  folder: { title: { en: 'Folder exists', de: 'Ordner vorhanden' }, needs: ['fullAccess'] },
  afterQueuedFolder: {
    title: { en: 'Folder for queued messages exists', de: 'Ordner für übergebene Nachrichten vorhanden' },
    needs: ['fullAccess'],
  },
  idle: { title: { en: 'IDLE works', de: 'IDLE funktioniert' }, needs: ['folder'] },
  pop3: {
    title: { en: 'POP3 reachable (not used)', de: 'POP3 erreichbar (nicht verwendet)' },
    needs: ['dns'],
    informational: true,
  },
  smtpSignIn: {
    title: {
      en: 'SMTP sign-in (SMTP AUTH of mailbox and tenant)',
      de: 'SMTP-Anmeldung (SMTP AUTH von Postfach und Mandant)',
    },
    needs: ['tls', 'token'],
  },
  smtpSize: { title: { en: 'Size and sending limits', de: 'Größe und Sendelimits' }, needs: ['tls'] },
  sendAs: { title: { en: 'Send As', de: 'Senden als' }, needs: ['smtpSignIn'] },
  sentCopy: { title: { en: 'Copy in Sent', de: 'Kopie in Gesendete Elemente' }, needs: ['sendAs'] },
  fromDomain: {
    title: {
      en: 'Domain of the From address: SPF, DKIM, DMARC, MX',
      de: 'Domäne der Von-Adresse: SPF, DKIM, DMARC, MX',
    },
    needs: ['config'],
    informational: true,
  },
  sharedAddress: {
    title: { en: 'Shared address is a permitted From', de: 'Gemeinsame Adresse ist erlaubter Absender' },
    needs: ['config'],
  },
};

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
export function saidBy(remote: Remote | undefined): string | undefined {
  if (remote?.text === undefined || remote.text === '') return undefined;
  return remote.code === undefined || remote.text.startsWith(remote.code)
    ? remote.text
    : `${remote.code} ${remote.text}`;
}

/** True when the tenant is correct: no step failed, except those that only inform. */
export const passed = (all: readonly CheckStep[]): boolean =>
  all.every(({ state, informational }) => state !== 'failed' || informational);
