// The wizard's answers → what is registered, permitted and defined for one shared mailbox: two email servers and the PowerShell for their names. Pure.
import { parseAddress } from '../../domain/address.ts';
import { type Wrong, wrong } from '../../domain/definition-problem.ts';
import type { Definition } from '../api/email-servers.ts';
import { addressesIn, blank, NEW_FLOW, oneAddress, oneHost, textsOf } from './form.ts';

export const STEPS = ['mailbox', 'signIn', 'flow', 'review'] as const;
export type Step = (typeof STEPS)[number];

/** Fields of each step; the other steps send them as hidden fields. */
export const FIELDS: Readonly<Record<Step, readonly string[]>> = {
  mailbox: ['kind', 'mailbox', 'name', 'imapHost', 'imapPort', 'smtpHost', 'smtpPort'],
  signIn: ['application', 'signIn', 'person', 'login'],
  flow: ['emailFlow', 'emailFlowNew', 'from', 'startFrom'],
  review: [],
};

export type Answers = Readonly<Record<string, string>>;

/** The entered values, with defaults for the rest. @param applications their names */
export function answersOf(entered: URLSearchParams, applications: readonly string[]): Answers {
  const { text } = textsOf(entered);
  const kind = text('kind') === 'other' ? 'other' : 'microsoft';
  const mailbox = oneAddress(text('mailbox')).address;
  const preset = (type: 'IMAP' | 'SMTP', field: 'host' | 'port') =>
    kind === 'microsoft' ? String(blank(type)[field]) : field === 'host' ? '' : type === 'IMAP' ? '993' : '587';
  // An unchanged preset of the other kind counts as not entered.
  const given = (field: string, fallback: string, other: string) =>
    text(field) === '' || text(field) === other ? fallback : text(field);
  const microsoft = (type: 'IMAP' | 'SMTP') => (kind === 'other' ? String(blank(type).host) : '');
  const imapPort = text('imapPort') || preset('IMAP', 'port');
  const smtpPort = text('smtpPort') || preset('SMTP', 'port');
  return {
    kind,
    mailbox,
    name: text('name') || mailbox.slice(0, Math.max(0, mailbox.indexOf('@'))),
    imapHost: oneHost(given('imapHost', preset('IMAP', 'host'), microsoft('IMAP')), imapPort),
    imapPort,
    smtpHost: oneHost(given('smtpHost', preset('SMTP', 'host'), microsoft('SMTP')), smtpPort),
    smtpPort,
    application: text('application') || (applications[0] ?? ''),
    signIn: text('signIn') === 'delegated' ? 'delegated' : 'appOnly',
    person: oneAddress(text('person')).address,
    login: text('login') || mailbox,
    emailFlow: entered.get('emailFlow') === NEW_FLOW ? text('emailFlowNew') : text('emailFlow'),
    from: text('from') || mailbox,
    startFrom: text('startFrom') || 'now',
  };
}

type StepProblem = Wrong & { field: string; got?: string };
const isAddress = (text = '') => parseAddress(text).ok;

/** What is wrong with the answers of a step. @param names of all email servers */
export function problemsIn(step: Step, answers: Answers, names: readonly string[]): StepProblem[] {
  const found: StepProblem[] = [];
  const add = (field: string, what: Wrong, got?: string) =>
    void found.push({ field, ...what, ...(got === undefined || got === '' ? {} : { got: JSON.stringify(got) }) });
  if (step === 'mailbox') {
    if (!isAddress(answers.mailbox)) add('mailbox', wrong('notAddress'), answers.mailbox);
    // The name is derived from the address, so a wrong address is the only problem to report.
    else if (answers.name === '') add('name', wrong('empty'));
    const taken = Object.values(namesOf(answers)).some((name) =>
      names.some((known) => known.trim().toLowerCase() === name.toLowerCase()),
    );
    if (taken) add('name', wrong('nameTaken', { by: 'another email server' }), answers.name);
    for (const field of ['imapHost', 'smtpHost']) if (answers[field] === '') add(field, wrong('empty'));
  }
  if (step === 'signIn' && answers.kind === 'microsoft') {
    if (answers.application === '') add('application', wrong('applicationMissing'));
    if (answers.signIn === 'delegated' && !isAddress(answers.person))
      add('person', wrong('notAddress'), answers.person);
  }
  if (step === 'flow') {
    if (answers.emailFlow === '') add('emailFlow', wrong('empty'));
    for (const piece of addressesIn(answers.from ?? '').refused) add('from', wrong('notAddress'), piece);
  }
  return found;
}

/** Questions by the field of a definition, where they have another name. */
const QUESTIONS: Readonly<Record<string, string>> = {
  signInUser: 'person',
  aliases: 'mailbox',
  additionalEmailFromAddresses: 'from',
  displayNames: 'from',
};

/** The question whose answer is in this field of a definition. */
export function questionOf(type: 'imap' | 'smtp', field: string, { kind, signIn }: Answers): string {
  const [root = ''] = field.split(/[[.]/, 1);
  if (root === 'host') return `${type}Host`;
  if (root === 'port') return `${type}Port`;
  if (root !== 'user') return QUESTIONS[root] ?? root;
  if (kind === 'other') return 'login';
  return type === 'smtp' && signIn === 'delegated' ? 'person' : 'mailbox';
}

export const namesOf = ({ name }: Answers): { imap: string; smtp: string } => ({
  imap: `${name} IMAP`,
  smtp: `${name} SMTP`,
});

/** @param password of a server that signs in with one */
export function definitionsOf(answers: Answers, password = ''): { imap: Definition; smtp: Definition } {
  const { kind, mailbox = '', application, signIn, person = '', login, emailFlow, startFrom } = answers;
  const names = namesOf(answers);
  const { addresses, names: displayNames } = addressesIn(answers.from ?? '');
  const delegated = kind === 'microsoft' && signIn === 'delegated';
  const base = (type: 'IMAP' | 'SMTP'): Definition => ({
    serverType: type,
    host: answers[type === 'IMAP' ? 'imapHost' : 'smtpHost'],
    port: answers[type === 'IMAP' ? 'imapPort' : 'smtpPort'],
    tls: 'enabled',
    ...(kind === 'microsoft'
      ? { authenticationType: 'OAuth2', application, signIn }
      : { authenticationType: 'Password', ...(password === '' ? {} : { password }) }),
    enabled: true,
  });
  const user = kind === 'other' ? login : delegated ? person : mailbox;
  const others = addresses.filter((address) => address.toLowerCase() !== String(user).toLowerCase());
  return {
    imap: {
      ...base('IMAP'),
      name: names.imap,
      user: kind === 'other' ? login : mailbox,
      ...(delegated ? { signInUser: person } : {}),
      ...(kind === 'other' && login !== mailbox ? { aliases: [mailbox] } : {}),
      emailFlow,
      startFrom,
    },
    smtp: {
      ...base('SMTP'),
      name: names.smtp,
      user,
      additionalEmailFromAddresses: others,
      ...(Object.keys(displayNames).length === 0 ? {} : { displayNames }),
    },
  };
}

/** A PowerShell string literal: quotes are doubled, including typographic ones, which PowerShell treats alike. */
export const quoted = (text: string): string => `'${text.replace(/['‘’‚‛]/gu, '$&$&')}'`;

/** The commands for an Exchange administrator; placeholders in angle brackets mark what is not known yet. */
export function powerShell(
  answers: Answers,
  clientId: string | undefined,
  placeholders: { objectId: string; clientId: string },
): string {
  const { mailbox = '', person = '', application = '', signIn } = answers;
  if (!isAddress(mailbox)) return '';
  const box = quoted(mailbox);
  const others = addressesIn(answers.from ?? '').addresses.filter(
    (address) => address.toLowerCase() !== mailbox.toLowerCase(),
  );
  const sendAs = (trustee: string, all: readonly string[]) =>
    all.map(
      (from) =>
        `Add-RecipientPermission -Identity ${quoted(from)} -Trustee ${trustee} -AccessRights SendAs -Confirm:$false`,
    );
  const lines =
    signIn === 'delegated'
      ? isAddress(person)
        ? [
            `Add-MailboxPermission -Identity ${box} -User ${quoted(person)} -AccessRights FullAccess -AutoMapping $false`,
            ...sendAs(
              quoted(person),
              [mailbox, ...others].filter((from) => from.toLowerCase() !== person.toLowerCase()),
            ),
            `Set-CASMailbox -Identity ${box} -ImapEnabled $true`,
            `Set-CASMailbox -Identity ${quoted(person)} -ImapEnabled $true -SmtpClientAuthenticationDisabled $false`,
          ]
        : []
      : [
          `New-ServicePrincipal -AppId ${clientId ?? placeholders.clientId} -ObjectId ${placeholders.objectId} -DisplayName ${quoted(application || 'Mailroom')}`,
          `Add-MailboxPermission -Identity ${box} -User ${placeholders.objectId} -AccessRights FullAccess`,
          ...sendAs(box, others),
          `Set-CASMailbox -Identity ${box} -ImapEnabled $true -SmtpClientAuthenticationDisabled $false`,
        ];
  return lines.length === 0 ? '' : ['Connect-ExchangeOnline', ...lines].join('\n');
}
