// The form of an email server: its fields, joined for screen readers, and the text that was entered ↔ the definition that config/ checks. Pure.
import { normalAddress } from '../../domain/address.ts';
import { pastedAddresses } from '../../domain/pasted-addresses.ts';
import type { Definition } from '../api/email-servers.ts';
import type { FormState } from './form-view.ts';
import { type Html, html } from './html.ts';
import type { Frame } from './layout.ts';
import { problemIn } from './words-said.ts';

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

/** What was entered, over what is stored and has no field in the form. */
export function definitionFrom(entered: Entered, stored: Definition = {}): Definition {
  const text = (field: string) => (entered.get(field) ?? '').trim();
  const given = (field: string): Definition => (text(field) === '' ? {} : { [field]: text(field) });
  const user = oneAddress(text('user'));
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
    user: user.address,
    enabled: entered.get('enabled') === 'true',
    ...(oauth
      ? {
          ...given('application'),
          ...given('signIn'),
          ...(text('signIn') === 'delegated' && text('signInUser') !== ''
            ? { signInUser: oneAddress(text('signInUser')).address }
            : {}),
        }
      : text('authenticationType') === 'Password' && entered.get('password')
        ? { password: entered.get('password') }
        : {}),
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
function fromAddresses({ additionalEmailFromAddresses, displayNames }: Definition): string[] {
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
};

interface FieldOptions {
  css?: string;
  help?: string;
  fixed?: boolean;
  type?: string;
  /** Keyboard of a phone. */
  mode?: string;
  /** Id of the list of choices that the browser offers. */
  list?: string | undefined;
}

type FieldState = Pick<FormState, 'definition' | 'readOnly' | 'problems' | 'blankLines' | 'flows'>;

/** Lines of addresses that are shown; one more is refused, and which they are the browser's back button still knows. */
const MOST_LINES = 500;

/** Names of the handbook are English on German pages, too. */
const foreign = (language: string, label: string): Html | false =>
  language === 'de' && HANDBOOK.has(label) && html` lang="en"`;
const HANDBOOK = new Set(['Server Type', 'Authentication Type', 'User', 'Email Flow', 'Enabled']);

export function fieldsOf(frame: Frame, { definition, readOnly, problems, blankLines, flows }: FieldState) {
  const { say, language } = frame;
  const problemOf = (field: string) => {
    const found = problems.find(
      (one) => one.field === field || one.field.startsWith(`${field}[`) || one.field.startsWith(`${field}.`),
    );
    return found === undefined ? '' : problemIn(language, found);
  };
  const described = (field: string, help: string | undefined, more = '') =>
    html` aria-describedby="${field}-error${help !== undefined && ` ${field}-help`}${more}" aria-invalid="${problemOf(field) === '' ? 'false' : 'true'}"`;
  const below = (field: string, help: string | undefined) =>
    html`<p class="error" id="${field}-error" data-error="${field}">${problemOf(field)}</p>${help !== undefined && html`<p class="help" id="${field}-help">${help}</p>`}`;
  const labelOf = (field: string, label: string) =>
    html`<label for="${field}"${foreign(language, label)}>${label}</label>`;

  function input(field: string, label: string, options: FieldOptions): Html {
    const { css, help, fixed = false, type = 'text', mode, list } = options;
    const secret = type === 'password';
    return html`<div class="${css}">${labelOf(field, label)}<input id="${field}" name="${field}" type="${type}" value="${!secret && shownField(definition, field)}" autocomplete="${secret ? 'new-password' : 'off'}"${mode !== undefined && html` inputmode="${mode}"`}${list !== undefined && html` list="${list}"`} spellcheck="false"${(readOnly || fixed) && html` readonly`}${described(field, help)}>${below(field, help)}</div>`;
  }

  function area(field: string, label: string, { css, help }: FieldOptions): Html {
    return html`<div class="${css}">${labelOf(field, label)}<textarea id="${field}" name="${field}" rows="3" autocomplete="off" spellcheck="false"${readOnly && html` readonly`}${described(field, help)}>
${shownField(definition, field)}</textarea>${below(field, help)}</div>`;
  }

  function options(choices: readonly (readonly [string, string])[], chosen: string | undefined, fixed: boolean): Html {
    // A select cannot be read-only: one that is fixed has one choice.
    const shown = readOnly || fixed ? choices.filter(([key]) => key === chosen) : choices;
    return html`${shown.map(([key, text]) => html`<option value="${key}"${key === chosen && html` selected`}>${text}</option>`)}`;
  }

  function select(
    field: string,
    label: string,
    choices: readonly (readonly [string, string])[],
    { css, help, fixed = false }: FieldOptions,
  ): Html {
    const value = shownField(definition, field).toLowerCase();
    const chosen = choices.find(([key]) => key.toLowerCase() === value)?.[0] ?? choices[0]?.[0];
    return html`<div class="${css}">${labelOf(field, label)}<select id="${field}" name="${field}"${(readOnly || fixed) && html` class="fixed"`}${described(field, help)}>${options(choices, chosen, fixed)}</select>${below(field, help)}</div>`;
  }

  /** One that exists, or a new one on purpose: a mistyped name would be a queue that nobody consumes. */
  function emailFlow(): Html {
    const field = 'emailFlow';
    const value = shownField(definition, field);
    const isNew = !flows.includes(value) && (value !== '' || flows.length === 0);
    const choices = [
      ...(flows.length === 0 ? [] : [['', say('chooseFlow')] as const]),
      ...flows.map((flow) => [flow, flow] as const),
      [NEW_FLOW, say('newFlow')] as const,
    ];
    const fresh = readOnly
      ? html``
      : html`<div class="new-flow"><label for="emailFlowNew">${say('newFlowName')}</label><input id="emailFlowNew" name="emailFlowNew" type="text" value="${isNew && value}" autocomplete="off" spellcheck="false"${described(field, undefined)}></div>`;
    const shown = readOnly ? [[value, value] as const] : choices;
    const chosen = readOnly ? value : isNew ? NEW_FLOW : value;
    return html`<div class="wide imap"><div class="flow-choice"><div>${labelOf(field, 'Email Flow')}<select id="${field}" name="${field}"${readOnly && html` class="fixed"`}${described(field, say('flowHelp'))}>${options(shown, chosen, false)}</select></div>${fresh}</div>${below(field, say('flowHelp'))}</div>`;
  }

  function addresses(): Html {
    const field = 'additionalEmailFromAddresses';
    const given = fromAddresses(definition);
    const kept = given.slice(0, MOST_LINES);
    const lines = readOnly ? kept : [...kept, ...Array.from({ length: blankLines }, () => '')];
    const all = problems.some((one) => one.field === field);
    const wrong = new Set(problems.map((one) => one.field));
    const line = (address: string, index: number) => {
      const invalid = all || wrong.has(`${field}[${index}]`);
      return html`<div><input name="${field}" id="address-${index}" type="text" inputmode="email" value="${address}" aria-label="${say('address')} ${index + 1}" data-label="${say('address')}" aria-invalid="${invalid ? 'true' : 'false'}"${invalid && html` aria-describedby="${field}-error"`} autocomplete="off" spellcheck="false"${readOnly && html` readonly`}>${!readOnly && html`<button class="plain small remove" name="_action" value="remove:${index}" aria-label="${say('remove')} ${index + 1}" data-label="${say('remove')}" title="${say('remove')}">✕</button>`}</div>`;
    };
    return html`<fieldset class="list wide smtp" id="${field}" aria-describedby="${field}-error ${field}-help"><legend${language === 'de' && html` lang="en"`}>Additional Email From Addresses</legend>
${lines.map(line)}${readOnly && lines.length === 0 && html`<p class="dim">–</p>`}${given.length > kept.length && html`<p class="error">${say('linesLeftOut', { shown: kept.length, count: given.length })}</p>`}
${!readOnly && html`<button class="plain small" name="_action" value="address">${say('addAddress')}</button>`}
${below(field, say('additionalHelp'))}</fieldset>`;
  }

  function perMinute(): Html {
    const { pace } = definition;
    const value = typeof pace === 'object' && pace !== null && 'perMinute' in pace ? String(pace.perMinute) : '';
    return html`<div class="smtp"><label for="perMinute">${say('perMinute')}</label><input id="perMinute" name="perMinute" inputmode="numeric" value="${value}"${readOnly && html` readonly`}${described('pace', undefined)}>${below('pace', undefined)}</div>`;
  }

  return { input, area, select, emailFlow, addresses, perMinute };
}
