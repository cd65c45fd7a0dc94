// Named events, section config. Noun + past verb.
import { events } from './event.ts';

export const configEvents = events({
  EmailServersLoaded: { level: 'info', message: 'email servers read' },
  EmailServersUnreadable: {
    level: 'error',
    message: 'email servers could not be read; the last valid list stays in force',
    labels: ['kind'],
  },
  EmailServersMissing: {
    level: 'warn',
    message: 'no email server is defined; nothing is watched or sent',
  },
  EmailServersEmptied: {
    level: 'warn',
    message: 'the email server file is empty or missing; its servers stop',
  },
  EmailServerInvalid: {
    level: 'error',
    message: 'email server definition is invalid; the others keep running',
    labels: ['server'],
  },
  ApplicationReloaded: {
    level: 'info',
    message: 'OAuth2 application reloaded; its servers now sign in with it',
    labels: ['application', 'kind'],
  },
  ApplicationInvalid: {
    level: 'error',
    message: 'OAuth2 application is invalid; the others keep working',
    labels: ['application'],
  },
  SettingsUnreadable: {
    level: 'error',
    message: 'settings could not be reloaded; the last valid settings stay in force',
  },
  SettingsChanged: {
    level: 'warn',
    message: 'settings changed that are read only at startup; restart to apply them',
  },
  SharedAddressNotPermitted: {
    level: 'warn',
    message:
      'REPLIES WOULD BE SENT FROM THE PERSONAL ADDRESS: no enabled SMTP server permits the shared address of this IMAP server; add it to Additional Email From Addresses',
    labels: ['server'],
  },
  EmailServerQuestionable: {
    level: 'warn',
    message: 'email server definition is valid but will probably not work as intended',
    labels: ['server', 'code'],
  },
});
