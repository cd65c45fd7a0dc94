// Named events, section http. Noun + past verb.
import { events } from './event.ts';

export const httpEvents = events({
  HttpListening: { level: 'info', message: 'HTTP server listening' },
  ApiRequestRefused: { level: 'info', message: 'API request refused', labels: ['code'] },
  ApiRequestFailed: {
    level: 'error',
    message: 'API request failed because of an internal error',
    labels: ['code'],
    repeats: true,
  },
  DownloadBroken: {
    level: 'error',
    message: 'download aborted; its bytes cannot be read',
    labels: ['code'],
    repeats: true,
  },
  QuarantineDecided: {
    level: 'info',
    message: 'quarantined message enqueued again or accepted by a person',
    labels: ['kind'],
  },
  DeadLetterDecided: {
    level: 'info',
    message: 'message that its consumer gave up queued again, moved or deleted by a person',
    labels: ['kind'],
  },
  PersonalDataExported: { level: 'info', message: 'everything kept of a person exported' },
  PersonalDataErased: { level: 'info', message: 'everything kept of a person erased' },
  EmailServerChanged: { level: 'info', message: 'email server changed in the portal or API', labels: ['kind'] },
  AuditEntryWritten: {
    level: 'info',
    message: 'entry of the audit log (log.audit); by, action, old and new values',
    labels: ['kind'],
  },
  PortalSignedIn: { level: 'info', message: 'user signed in to the portal' },
  PortalSignInRefused: { level: 'warn', message: 'portal sign-in refused', labels: ['code'] },
});
