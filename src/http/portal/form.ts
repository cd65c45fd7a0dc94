// The form's text fields ↔ the definition that config/ checks. Pure.
import type { Definition } from '../api/email-servers.ts';

/** Fields by name as a browser sends them; several of one name in order. */
type Entered = URLSearchParams;

/** What a blank form holds: the presets for Microsoft 365. */
export function blank(type: 'IMAP' | 'SMTP'): Definition {
  return {
    serverType: type,
    name: '',
    host: type === 'IMAP' ? 'outlook.office365.com' : 'smtp.office365.com',
    port: type === 'IMAP' ? 993 : 587,
    tls: 'enabled',
    authenticationType: 'OAuth2',
    user: '',
    enabled: true,
    signIn: 'appOnly',
    additionalEmailFromAddresses: [],
  };
}

/** What was entered, over what is stored and has no field in the form. */
export function definitionFrom(entered: Entered, stored: Definition = {}): Definition {
  const text = (field: string) => (entered.get(field) ?? '').trim();
  const given = (field: string): Definition => (text(field) === '' ? {} : { [field]: text(field) });
  const serverType = text('serverType');
  const oauth = text('authenticationType') === 'OAuth2';
  const {
    password: _,
    application: __,
    signIn: ___,
    signInUser: ____,
    emailFlow: _____,
    allowPlainText: ______,
    ...rest
  } = stored;
  const base: Definition = {
    ...(stored.serverType === serverType ? rest : {}),
    serverType,
    name: text('name'),
    host: text('host'),
    port: text('port'),
    tls: text('tls') || 'enabled',
    ...(entered.get('allowPlainText') === 'true' ? { allowPlainText: true } : {}),
    authenticationType: text('authenticationType'),
    user: text('user'),
    enabled: entered.get('enabled') === 'true',
    ...(oauth
      ? {
          ...given('application'),
          ...given('signIn'),
          ...(text('signIn') === 'delegated' ? given('signInUser') : {}),
        }
      : text('authenticationType') === 'Password' && entered.get('password')
        ? { password: entered.get('password') }
        : {}),
  };
  if (serverType === 'SMTP') {
    const perMinute = text('perMinute');
    return {
      ...base,
      additionalEmailFromAddresses: entered
        .getAll('additionalEmailFromAddresses')
        .flatMap((line) => line.split(/[,;\s]+/))
        .filter((address) => address !== ''),
      ...given('sendMode'),
      ...(perMinute === '' ? {} : { pace: { ...((stored.pace as object | undefined) ?? {}), perMinute } }),
    };
  }
  const after = text('afterQueued');
  const date = text('startFromDate');
  // The form shows the day alone: a time that is stored stays.
  const since = date !== '' && shownField(stored, 'startFromDate') === date ? stored.startFrom : date;
  const start = text('startFrom') === 'since' ? since : text('startFrom');
  return {
    ...base,
    emailFlow: text('emailFlow'),
    // A form of an older page has no such field: what is stored stays.
    ...(entered.has('aliases')
      ? {
          aliases: text('aliases')
            .split(/[,;\s]+/)
            .filter((address) => address !== ''),
        }
      : {}),
    ...given('folder'),
    ...(text('startFrom') === '' ? {} : { startFrom: start }),
    ...(after === '' ? {} : { afterQueued: after === 'move' ? { move: text('afterQueuedFolder') } : after }),
    ...given('maximumSize'),
  };
}

/** A definition for the form to show; a value may be anything when the definition is invalid. */
export function shownField(definition: Definition, field: string): string {
  const value = Object.hasOwn(PARTS, field) ? PARTS[field]?.(definition) : definition[field];
  if (value === undefined || value === null) return '';
  if (field === 'aliases' && Array.isArray(value)) return value.join(', ');
  if (field === 'maximumSize' && typeof value === 'number' && value % 1024 ** 2 === 0) return `${value / 1024 ** 2} MB`;
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

const within = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null && key in value ? (value as Record<string, unknown>)[key] : undefined;
const sinceOf = ({ startFrom }: Definition): unknown => {
  const since = within(startFrom, 'since') ?? startFrom;
  return ['now', 'unseen', 'all'].includes(String(since)) ? undefined : since;
};

/** What two fields of the form make of one of the definition. */
const PARTS: Readonly<Record<string, (definition: Definition) => unknown>> = {
  startFrom: (definition) => (sinceOf(definition) === undefined ? definition.startFrom : 'since'),
  startFromDate: (definition) => (sinceOf(definition) === undefined ? '' : String(sinceOf(definition)).slice(0, 10)),
  afterQueued: ({ afterQueued }) => (within(afterQueued, 'move') === undefined ? afterQueued : 'move'),
  afterQueuedFolder: ({ afterQueued }) => within(afterQueued, 'move'),
};
