// The wizard's answers → what is registered, permitted and defined for one shared mailbox: two email servers and the PowerShell for their names. Pure.
import { parseAddress } from '../../domain/address.ts';
import type { Wrong } from '../../domain/definition-problem.ts';
import { wrong } from '../../domain/definition-problem.ts';
import { pastedAddresses } from '../../domain/pasted-addresses.ts';
import type { Definition } from '../api/email-servers.ts';
import { blank, NEW_FLOW } from './form.ts';

export const STEPS = ['mailbox', 'signIn', 'flow', 'review'] as const;
export type Step = (typeof STEPS)[number];

/** Fields of each step; hidden in the others. */
export const FIELDS: Readonly<Record<Step, readonly string[]>> = {
  mailbox: ['kind', 'mailbox', 'name', 'imapHost', 'imapPort', 'smtpHost', 'smtpPort'],
  signIn: ['application', 'signIn', 'person', 'login'],
  flow: ['emailFlow', 'emailFlowNew', 'from', 'startFrom'],
  review: [],
};

export type Answers = Readonly<Record<string, string>>;

const first = (text: string) => {
  const [one, ...more] = pastedAddresses(text);
  return one !== undefined && 'address' in one && more.length === 0 ? one.address : text.trim();
};

/** What was entered, with the defaults of what was not. @param applications names that there are */
export function answersOf(entered: URLSearchParams, applications: readonly string[]): Answers {
  const text = (field: string) => (entered.get(field) ?? '').trim();
  const kind = text('kind') === 'other' ? 'other' : 'microsoft';
  const mailbox = first(text('mailbox'));
  const preset = (type: 'IMAP' | 'SMTP', field: 'host' | 'port') =>
    kind === 'microsoft' ? String(blank(type)[field]) : field === 'host' ? '' : type === 'IMAP' ? '993' : '587';
  // Presets of the other kind that nobody changed are no answer.
  const given = (field: string, fallback: string, other: string) =>
    text(field) === '' || text(field) === other ? fallback : text(field);
  const microsoft = (type: 'IMAP' | 'SMTP') => (kind === 'other' ? String(blank(type).host) : '');
  return {
    kind,
    mailbox,
    name: text('name') || mailbox.slice(0, Math.max(0, mailbox.indexOf('@'))),
    imapHost: given('imapHost', preset('IMAP', 'host'), microsoft('IMAP')),
    imapPort: text('imapPort') || preset('IMAP', 'port'),
    smtpHost: given('smtpHost', preset('SMTP', 'host'), microsoft('SMTP')),
    smtpPort: text('smtpPort') || preset('SMTP', 'port'),
    application: text('application') || (applications[0] ?? ''),
    signIn: text('signIn') === 'delegated' ? 'delegated' : 'appOnly',
    person: first(text('person')),
    login: text('login') || mailbox,
    emailFlow: entered.get('emailFlow') === NEW_FLOW ? text('emailFlowNew') : text('emailFlow'),
    from: text('from') || mailbox,
    startFrom: text('startFrom') || 'now',
  };
}

/** Hidden fields of a later step say it as it was entered. */
const fromOf = ({ from = '' }: Answers): { addresses: string[]; names: Record<string, string>; refused: string[] } => {
  const found = pastedAddresses(from);
  return {
    addresses: found.flatMap((one) => ('address' in one ? [one.address] : [])),
    names: Object.fromEntries(
      found.flatMap((one) => ('name' in one && one.name !== '' ? [[one.normal, one.name]] : [])),
    ),
    refused: found.flatMap((one) => ('refused' in one ? [one.refused] : [])),
  };
};

type StepProblem = Wrong & { field: string; got?: string };
const isAddress = (text = '') => parseAddress(text).ok;

/** What is wrong with the answers of a step. @param names of email servers that there are */
export function problemsIn(step: Step, answers: Answers, names: readonly string[]): StepProblem[] {
  const found: StepProblem[] = [];
  const add = (field: string, what: Wrong, got?: string) =>
    void found.push({ field, ...what, ...(got === undefined || got === '' ? {} : { got: JSON.stringify(got) }) });
  if (step === 'mailbox') {
    if (!isAddress(answers.mailbox)) add('mailbox', wrong('notAddress'), answers.mailbox);
    // It comes from the address, which is what is wrong without one.
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
    for (const piece of fromOf(answers).refused) add('from', wrong('notAddress'), piece);
  }
  return found;
}

export const namesOf = ({ name }: Answers): { imap: string; smtp: string } => ({
  imap: `${name} IMAP`,
  smtp: `${name} SMTP`,
});

/** @param password of a server that signs in with one */
export function definitionsOf(answers: Answers, password = ''): { imap: Definition; smtp: Definition } {
  const { kind, mailbox = '', application, signIn, person = '', login, emailFlow, startFrom } = answers;
  const names = namesOf(answers);
  const { addresses, names: displayNames } = fromOf(answers);
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

/** A PowerShell string that holds the text and nothing else: its quotes are doubled, typographic ones too, which PowerShell takes for quotes. */
export const quoted = (text: string): string => `'${text.replace(/['‘’‚‛]/gu, '$&$&')}'`;

/** What an Exchange administrator runs for these names; placeholders in angle brackets mark what is not known yet. */
export function powerShell(
  answers: Answers,
  clientId: string | undefined,
  placeholders: { objectId: string; clientId: string },
): string {
  const { mailbox = '', person = '', application = '', signIn } = answers;
  if (!isAddress(mailbox)) return '';
  const box = quoted(mailbox);
  const others = fromOf(answers).addresses.filter((address) => address.toLowerCase() !== mailbox.toLowerCase());
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
