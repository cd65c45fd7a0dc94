// Named events, section config. Noun + past verb.
import { type EventDefinition, error, info, warn } from './event.ts';

export const configEvents = {
  EmailServersLoaded: info('email servers read'),
  EmailServersUnreadable: error('email servers could not be read; the last valid list stays in force', ['kind']),
  EmailServersMissing: warn('no email server is defined; nothing is watched or sent'),
  EmailServersEmptied: warn('the email server file is missing or lists no server; its servers stop'),
  EmailServerInvalid: error('email server definition is invalid; the others keep running', ['server']),
  ApplicationReloaded: info('OAuth2 application reloaded; its servers now sign in with it', ['application', 'kind']),
  ApplicationInvalid: error('OAuth2 application is invalid; the others keep working', ['application']),
  SettingsUnreadable: error('settings could not be reloaded; the last valid settings stay in force'),
  SettingsChanged: warn('settings changed that are read only at startup; restart to apply them'),
  SharedAddressNotPermitted: warn(
    'REPLIES WOULD BE SENT FROM THE PERSONAL ADDRESS: no enabled SMTP server permits the shared address of this IMAP server; add it to Additional Email From Addresses',
    ['server'],
  ),
  EmailServerQuestionable: warn('email server definition is valid but will probably not work as intended', [
    'server',
    'code',
  ]),
} satisfies Record<string, EventDefinition>;
