// Named events, section config. Noun + past verb.
import { events } from './event.ts';

export const configEvents = events({
  EmailServersLoaded: { level: 'info', message: 'email servers read' },
  EmailServersUnreadable: {
    level: 'error',
    message: 'email servers cannot be read; the last good list stays in force',
    labels: ['kind'],
  },
  EmailServerInvalid: {
    level: 'error',
    message: 'email server definition is not valid; the others go on',
    labels: ['server'],
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
