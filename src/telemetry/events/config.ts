// Named events, section config. Noun + past verb.
import { events } from './event.ts';

export const configEvents = events({
  EmailServersLoaded: { level: 'info', message: 'email servers read' },
  EmailServersUnreadable: {
    level: 'error',
    message: 'email servers cannot be read; the last good list stays in force',
    labels: ['kind'],
  },
  EmailServersMissing: {
    level: 'warn',
    message: 'no email server is defined: nothing is watched and nothing sent',
  },
  EmailServersEmptied: {
    level: 'warn',
    message: 'the file of email servers is empty or gone: the servers that it defined stop',
  },
  EmailServerInvalid: {
    level: 'error',
    message: 'email server definition is not valid; the others go on',
    labels: ['server'],
  },
  ApplicationReloaded: {
    level: 'info',
    message: 'OAuth2 application read again and in force; its servers sign in with it',
    labels: ['application', 'kind'],
  },
  ApplicationInvalid: {
    level: 'error',
    message: 'OAuth2 application is not valid; the others go on',
    labels: ['application'],
  },
  SettingsUnreadable: {
    level: 'error',
    message: 'settings cannot be read again; what was read last stays in force',
  },
  SettingsChanged: {
    level: 'warn',
    message: 'settings were changed that are read at the start alone: restart to apply them',
  },
  SharedAddressNotPermitted: {
    level: 'warn',
    message:
      'REPLIES WOULD LEAVE FROM THE PERSONAL ADDRESS: the shared address of this IMAP server is on no enabled SMTP server; add it to Additional Email From Addresses',
    labels: ['server'],
  },
  EmailServerQuestionable: {
    level: 'warn',
    message: 'email server definition is valid but will probably not work as meant',
    labels: ['server', 'code'],
  },
});
