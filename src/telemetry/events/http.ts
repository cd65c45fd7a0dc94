// Named events, section http. Noun + past verb.
import { events } from './event.ts';

export const httpEvents = events({
  HttpListening: { level: 'info', message: 'HTTP server listening' },
  ApiRequestRefused: { level: 'info', message: 'API request refused', labels: ['code'] },
  ApiRequestFailed: {
    level: 'error',
    message: 'API request failed within Mailroom',
    labels: ['code'],
    repeats: true,
  },
  DownloadBroken: {
    level: 'error',
    message: 'a download was cut off: its bytes cannot be read',
    labels: ['code'],
    repeats: true,
  },
  ReplySubmitted: { level: 'info', message: 'a reply was handed in through the API', labels: ['server'] },
  HeldReplyReleased: { level: 'info', message: 'a held reply was released by a person', labels: ['server'] },
  HeldReplyDropped: { level: 'info', message: 'a held reply was dropped by a person', labels: ['server'] },
  QuarantineDecided: {
    level: 'info',
    message: 'a quarantined message was enqueued again or accepted by a person',
    labels: ['kind'],
  },
  EmailServerChanged: { level: 'info', message: 'an email server was changed in the portal or API', labels: ['kind'] },
  PortalSignedIn: { level: 'info', message: 'somebody signed in to the portal' },
  PortalSignInRefused: { level: 'warn', message: 'a sign-in to the portal was refused', labels: ['code'] },
});
