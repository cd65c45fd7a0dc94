// The form of an email server: the text that was entered ↔ the definition that config/ checks. form-fields.ts draws its fields. Pure.
import { normalAddress } from '../../domain/address.ts';
import { pastedAddresses } from '../../domain/pasted-addresses.ts';
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

/** Choice of a new Email Flow; no name begins with a blank. */
export const NEW_FLOW = ' new';

/** One address, as people paste it; a text that is none, or more than one, stays as it is and is refused by its field. */
function oneAddress(text: string): { address: string; name: string } {
  const found = pastedAddresses(text);
  const [first] = found;
  return found.length === 1 && first !== undefined && 'address' in first ? first : { address: text, name: '' };
}

/** @returns addresses in order, pieces that are none among them; and display names by normalised address */
function listOf(entered: Entered, field: string): { addresses: string[]; names: Record<string, string> } {
  const found = pastedAddresses(entered.getAll(field).join('\n'));
  return {
    addresses: found.map((one) => ('refused' in one ? one.refused : one.address)),
    names: Object.fromEntries(
      found.flatMap((one) => ('refused' in one || one.name === '' ? [] : [[one.normal, one.name]])),
    ),
  };
}

/** `support+orders@… = Orders`, one a line. */
const flowsByRecipient = (text: string): Record<string, string> =>
  Object.fromEntries(
    text
      .split('\n')
      .filter((line) => line.trim() !== '')
      .map((line) => {
        const at = line.indexOf('=');
        return at < 0 ? [line.trim(), ''] : [line.slice(0, at).trim(), line.slice(at + 1).trim()];
      }),
  );

/** Texts of a form, trimmed; `given` omits an empty field. */
const textsOf = (entered: Entered) => {
  const text = (field: string) => (entered.get(field) ?? '').trim();
  return { text, given: (field: string): Definition => (text(field) === '' ? {} : { [field]: text(field) }) };
};

/** Fields that the form leaves out when they do not apply: what is stored of them goes. */
const FORM_FIELDS = ['password', 'application', 'signIn', 'signInUser', 'emailFlow', 'allowPlainText'];
const withoutFormFields = (stored: Definition): Definition =>
  Object.fromEntries(Object.entries(stored).filter(([field]) => !FORM_FIELDS.includes(field)));

/** What the authentication type needs. */
function signInFrom(entered: Entered): Definition {
  const { text, given } = textsOf(entered);
  const password = entered.get('password');
  switch (text('authenticationType')) {
    case 'OAuth2': {
      const person = text('signIn') === 'delegated' && text('signInUser');
      return {
        ...given('application'),
        ...given('signIn'),
        ...(person ? { signInUser: oneAddress(person).address } : {}),
      };
    }
    case 'Password':
      return password ? { password } : {};
    default:
      return {};
  }
}

/** What was entered, over what is stored and has no field in the form. */
export function definitionFrom(entered: Entered, stored: Definition = {}): Definition {
  const { text, given } = textsOf(entered);
  const user = oneAddress(text('user'));
  const serverType = text('serverType');
  const base: Definition = {
    ...(stored.serverType === serverType ? withoutFormFields(stored) : {}),
    serverType,
    name: text('name'),
    host: text('host'),
    port: text('port'),
    tls: text('tls') || 'enabled',
    ...(entered.get('allowPlainText') === 'true' ? { allowPlainText: true } : {}),
    authenticationType: text('authenticationType'),
    user: user.address,
    enabled: entered.get('enabled') === 'true',
    ...signInFrom(entered),
  };
  if (serverType === 'SMTP') {
    const perMinute = text('perMinute');
    const { addresses, names } = listOf(entered, 'additionalEmailFromAddresses');
    const displayNames = { ...keptName(stored, user), ...names };
    return {
      ...base,
      additionalEmailFromAddresses: addresses,
      ...(stored.displayNames === undefined && Object.keys(displayNames).length === 0 ? {} : { displayNames }),
      ...given('sendMode'),
      ...given('answeredElsewhere'),
      ...given('markAnswered'),
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
    emailFlow: entered.get('emailFlow') === NEW_FLOW ? text('emailFlowNew') : text('emailFlow'),
    // A form of an older page has no such field: what is stored stays.
    ...(entered.has('aliases') ? { aliases: listOf(entered, 'aliases').addresses } : {}),
    ...(entered.has('flowByRecipient') ? { flowByRecipient: flowsByRecipient(text('flowByRecipient')) } : {}),
    ...(entered.has('trustedAuthservIds')
      ? {
          trustedAuthservIds: text('trustedAuthservIds')
            .split(/[,;\s]+/)
            .filter((id) => id !== ''),
        }
      : {}),
    ...given('folder'),
    ...(text('startFrom') === '' ? {} : { startFrom: start }),
    ...(after === '' ? {} : { afterQueued: after === 'move' ? { move: text('afterQueuedFolder') } : after }),
    ...given('maximumSize'),
    ...given('mailboxEvents'),
  };
}

/** The User's display name has no field of its own: it stays, unless one is pasted with the address. */
function keptName(
  { displayNames }: Definition,
  { address, name }: { address: string; name: string },
): Record<string, string> {
  const normal = normalAddress(address);
  if (normal === undefined) return {};
  const known = within(displayNames, normal);
  return name !== '' ? { [normal]: name } : typeof known === 'string' ? { [normal]: known } : {};
}

/** From addresses as they are entered: with the display name that they have. */
export function fromAddresses({ additionalEmailFromAddresses, displayNames }: Definition): string[] {
  return [additionalEmailFromAddresses ?? []].flat().map((one) => {
    const address = String(one);
    const name = within(displayNames, normalAddress(address) ?? '');
    if (typeof name !== 'string' || name === '') return address;
    return /[",;<>@\\]/.test(name) ? `"${name.replace(/["\\]/g, '\\$&')}" <${address}>` : `${name} <${address}>`;
  });
}

/** A definition for the form to show; a value may be anything when the definition is invalid. */
export function shownField(definition: Definition, field: string): string {
  const value = Object.hasOwn(PARTS, field) ? PARTS[field]?.(definition) : definition[field];
  if (value === undefined || value === null) return '';
  if ((field === 'aliases' || field === 'trustedAuthservIds') && Array.isArray(value)) return value.join(', ');
  if (field === 'flowByRecipient' && typeof value === 'object')
    return Object.entries(value)
      .map(([key, flow]) => `${key} = ${String(flow)}`)
      .join('\n');
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
  perMinute: ({ pace }) => within(pace, 'perMinute'),
};
