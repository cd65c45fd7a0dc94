// The fields of the form: label, input, what is wrong with it, what it means; joined for screen readers. Pure.
import { shownField } from './form.ts';
import type { FormState } from './form-page.ts';
import { type Html, html } from './html.ts';
import type { Frame } from './layout.ts';
import { problemIn } from './words-said.ts';

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
