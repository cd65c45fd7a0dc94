// The form of an email server: its fields, joined for screen readers, and the text that was entered ↔ the definition that config/ checks. Pure.
import type { Definition } from '../api/email-servers.ts';
import type { FormState } from './form-page.ts';
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
    ...given('mailboxEvents'),
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

interface FieldOptions {
  css?: string;
  help?: string;
  fixed?: boolean;
  type?: string;
  /** Keyboard of a phone. */
  mode?: string;
}

type FieldState = Pick<FormState, 'definition' | 'readOnly' | 'problems' | 'blankLines'>;

export function fieldsOf(frame: Frame, { definition, readOnly, problems, blankLines }: FieldState) {
  const { say, language } = frame;
  const problemOf = (field: string) => {
    const found = problems.find((one) => one.field === field || one.field.startsWith(`${field}[`));
    return found === undefined ? '' : problemIn(language, found);
  };
  const described = (field: string, help: string | undefined) =>
    html` aria-describedby="${field}-error${help !== undefined && ` ${field}-help`}" aria-invalid="${problemOf(field) === '' ? 'false' : 'true'}"`;
  const below = (field: string, help: string | undefined) =>
    html`<p class="error" id="${field}-error" data-error="${field}">${problemOf(field)}</p>${help !== undefined && html`<p class="help" id="${field}-help">${help}</p>`}`;

  function input(field: string, label: string, { css, help, fixed = false, type = 'text', mode }: FieldOptions): Html {
    const secret = type === 'password';
    return html`<div class="${css}"><label for="${field}">${label}</label><input id="${field}" name="${field}" type="${type}" value="${!secret && shownField(definition, field)}" autocomplete="${secret ? 'new-password' : 'off'}"${mode !== undefined && html` inputmode="${mode}"`} spellcheck="false"${(readOnly || fixed) && html` readonly`}${described(field, help)}>${below(field, help)}</div>`;
  }

  function select(
    field: string,
    label: string,
    choices: readonly (readonly [string, string])[],
    { css, help, fixed = false }: FieldOptions,
  ): Html {
    const value = shownField(definition, field).toLowerCase();
    const chosen = choices.find(([key]) => key.toLowerCase() === value)?.[0] ?? choices[0]?.[0];
    // A select cannot be read-only: one that is fixed has one choice.
    const shown = readOnly || fixed ? choices.filter(([key]) => key === chosen) : choices;
    return html`<div class="${css}"><label for="${field}">${label}</label><select id="${field}" name="${field}"${described(field, help)}>${shown.map(([key, text]) => html`<option value="${key}"${key === chosen && html` selected`}>${text}</option>`)}</select>${below(field, help)}</div>`;
  }

  function addresses(): Html {
    const field = 'additionalEmailFromAddresses';
    const given = [definition[field] ?? []].flat().map(String);
    const lines = readOnly ? given : [...given, ...Array.from({ length: blankLines }, () => '')];
    const line = (address: string, index: number) => {
      const wrong = problems.some((one) => one.field === field || one.field === `${field}[${index}]`);
      return html`<div><input name="${field}" id="address-${index}" type="text" inputmode="email" value="${address}" aria-label="${say('address')} ${index + 1}" data-label="${say('address')}" aria-invalid="${wrong ? 'true' : 'false'}" autocomplete="off" spellcheck="false"${readOnly && html` readonly`}>${!readOnly && html`<button class="plain small remove" name="_action" value="remove:${index}" aria-label="${say('remove')} ${index + 1}" data-label="${say('remove')}" title="${say('remove')}">✕</button>`}</div>`;
    };
    return html`<fieldset class="list wide smtp" id="${field}" aria-describedby="${field}-help"><legend>Additional Email From Addresses</legend>
${lines.map(line)}${readOnly && lines.length === 0 && html`<p class="dim">–</p>`}
${!readOnly && html`<button class="plain small" name="_action" value="address">${say('addAddress')}</button>`}
${below(field, say('additionalHelp'))}</fieldset>`;
  }

  function perMinute(): Html {
    const { pace } = definition;
    const value = typeof pace === 'object' && pace !== null && 'perMinute' in pace ? String(pace.perMinute) : '';
    return html`<div class="smtp"><label for="perMinute">${say('perMinute')}</label><input id="perMinute" name="perMinute" inputmode="numeric" value="${value}"${readOnly && html` readonly`} aria-describedby="pace-error"><p class="error" id="pace-error" data-error="pace">${problemOf('pace') || problemOf('pace.perMinute')}</p></div>`;
  }

  return { input, select, addresses, perMinute };
}
