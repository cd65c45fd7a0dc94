// The form of an email server: the text that was entered ↔ the definition that config/ checks. form-fields.ts draws its fields. Pure.
import { isIP } from 'node:net';
import { asciiDomain, normalAddress } from '../../domain/address.ts';
import { pastedAddresses } from '../../domain/pasted-addresses.ts';
import { trimInvisible } from '../../lib/text.ts';
import type { Definition } from '../api/email-servers.ts';

/** Fields by name as a browser sends them; several of one name in order. */
type Entered = URLSearchParams;

/** The values of a blank form: the settings for Microsoft 365. */
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

/** Value of the choice “new Email Flow”; no name starts with a blank. */
export const NEW_FLOW = ' new';

/** One pasted address; a text that is not exactly one address stays unchanged, and its field refuses it. */
export function oneAddress(text: string): { address: string; name: string } {
  const found = pastedAddresses(text);
  const [first] = found;
  return found.length === 1 && first !== undefined && 'address' in first ? first : { address: text, name: '' };
}

/**
 * A pasted host: of a URL, with a final dot, with the port that the field Port has as well, in letters of any script. Anything else stays as it is, and
 * its field refuses it.
 */
export function oneHost(text: string, port: string): string {
  const [bare = ''] = text.replace(/^[a-z][a-z0-9+.-]{0,20}:\/\//i, '').split(/[/?#]/, 1);
  const named = bare.endsWith(`:${port}`) && isIP(bare) === 0 ? bare.slice(0, -port.length - 1) : bare;
  const host = named.replace(/^\[(.*)\]$/s, '$1').replace(/\.$/, '');
  return isIP(host) !== 0 ? host : (asciiDomain(host) ?? text);
}

/** Pasted addresses: all pieces in order, the valid ones, the others, and display names by normalised address. */
export function addressesIn(text: string) {
  const found = pastedAddresses(text);
  return {
    pieces: found.map((one) => ('refused' in one ? one.refused : one.address)),
    addresses: found.flatMap((one) => ('refused' in one ? [] : [one.address])),
    refused: found.flatMap((one) => ('refused' in one ? [one.refused] : [])),
    names: Object.fromEntries(
      found.flatMap((one): [string, string][] => ('refused' in one || one.name === '' ? [] : [[one.normal, one.name]])),
    ),
  };
}
const listOf = (entered: Entered, field: string) => addressesIn(entered.getAll(field).join('\n'));

/** `support+orders@… = Orders`, one a line. A recipient that is there already gets a space, so that the definition names both lines. */
function flowsByRecipient(text: string): Record<string, string> {
  const flows = new Map<string, string>();
  for (const line of text.split('\n').filter((one) => one.trim() !== '')) {
    const [recipient = '', ...flow] = line.split('=');
    let key = recipient.trim();
    while (flows.has(key)) key += ' ';
    flows.set(key, flow.join('=').trim());
  }
  return Object.fromEntries(flows);
}

/** Texts of a form, trimmed; `given` omits an empty field. */
export const textsOf = (entered: Entered) => {
  const text = (field: string) => trimInvisible(entered.get(field) ?? '');
  return { text, given: (field: string): Definition => (text(field) === '' ? {} : { [field]: text(field) }) };
};

/** Fields that the form omits when they do not apply; their stored values are then dropped. */
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

/** The entered values, over stored ones that have no field in the form. */
export function definitionFrom(entered: Entered, stored: Definition = {}): Definition {
  const { text, given } = textsOf(entered);
  const user = oneAddress(text('user'));
  const serverType = text('serverType');
  const base: Definition = {
    ...(stored.serverType === serverType ? withoutFormFields(stored) : {}),
    serverType,
    name: text('name'),
    host: oneHost(text('host'), text('port')),
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
    const { pieces, names } = listOf(entered, 'additionalEmailFromAddresses');
    const displayNames = { ...keptName(stored, user), ...names };
    return {
      ...base,
      additionalEmailFromAddresses: pieces,
      ...(stored.displayNames === undefined && Object.keys(displayNames).length === 0 ? {} : { displayNames }),
      ...given('sendMode'),
      ...given('answeredElsewhere'),
      ...given('markAnswered'),
      ...(perMinute === '' ? {} : { pace: { ...((stored.pace as object | undefined) ?? {}), perMinute } }),
    };
  }
  const after = text('afterQueued');
  const date = text('startFromDate');
  // The form shows only the day: a stored time is kept.
  const since = date !== '' && shownField(stored, 'startFromDate') === date ? stored.startFrom : date;
  const start = text('startFrom') === 'since' ? since : text('startFrom');
  return {
    ...base,
    emailFlow: entered.get('emailFlow') === NEW_FLOW ? text('emailFlowNew') : text('emailFlow'),
    // The form of an older version has no such field: the stored value is kept.
    ...(entered.has('aliases') ? { aliases: listOf(entered, 'aliases').pieces } : {}),
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

/** The User's display name has no field: it is kept, unless one is pasted with the address. */
function keptName(
  { displayNames }: Definition,
  { address, name }: { address: string; name: string },
): Record<string, string> {
  const normal = normalAddress(address);
  if (normal === undefined) return {};
  const known = within(displayNames, normal);
  return name !== '' ? { [normal]: name } : typeof known === 'string' ? { [normal]: known } : {};
}

/** From addresses as people enter them, with their display names. */
export function fromAddresses({ additionalEmailFromAddresses, displayNames }: Definition): string[] {
  return [additionalEmailFromAddresses ?? []].flat().map((one) => {
    const address = String(one);
    const name = within(displayNames, normalAddress(address) ?? '');
    if (typeof name !== 'string' || name === '') return address;
    return /[",;<>@\\]/.test(name) ? `"${name.replace(/["\\]/g, '\\$&')}" <${address}>` : `${name} <${address}>`;
  });
}

/** The text of a field. The value may be anything when the definition is invalid. */
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

/** The field of the form that shows a problem of a field of the definition. */
export function fieldOf(problem: string, definition: Definition): string {
  const [root = ''] = problem.split(/[[.]/, 1);
  if (root === 'pace') return 'perMinute';
  if (root === 'displayNames') return 'additionalEmailFromAddresses';
  if (root === 'startFrom' && shownField(definition, root) === 'since') return 'startFromDate';
  if (root === 'afterQueued' && shownField(definition, root) === 'move') return 'afterQueuedFolder';
  return root;
}

/** Fields of the form that are parts of a field of the definition. */
const PARTS: Readonly<Record<string, (definition: Definition) => unknown>> = {
  startFrom: (definition) => (sinceOf(definition) === undefined ? definition.startFrom : 'since'),
  startFromDate: (definition) => (sinceOf(definition) === undefined ? '' : String(sinceOf(definition)).slice(0, 10)),
  afterQueued: ({ afterQueued }) => (within(afterQueued, 'move') === undefined ? afterQueued : 'move'),
  afterQueuedFolder: ({ afterQueued }) => within(afterQueued, 'move'),
  perMinute: ({ pace }) => within(pace, 'perMinute'),
};
