// The form's text fields ↔ the definition that config/ checks. Pure.
import type { Definition } from '../api/email-servers.ts';

/** Fields by name as a browser sends them; several of one name in order. */
export type Entered = URLSearchParams;

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
  const [, folder] = /^move\s{0,9}:(.+)$/i.exec(after)?.map((part) => part.trim()) ?? [];
  return {
    ...base,
    emailFlow: text('emailFlow'),
    ...given('folder'),
    ...given('startFrom'),
    ...(after === '' ? {} : { afterQueued: folder === undefined ? after : { move: folder } }),
    ...given('maximumSize'),
  };
}

/** A definition for the form to show; a value may be anything when the definition is invalid. */
export function shownField(definition: Definition, field: string): string {
  const value = definition[field];
  if (value === undefined || value === null) return '';
  if (field === 'afterQueued' && typeof value === 'object' && 'move' in value) return `move: ${String(value.move)}`;
  if (field === 'maximumSize' && typeof value === 'number' && value % 1024 ** 2 === 0) return `${value / 1024 ** 2} MB`;
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
