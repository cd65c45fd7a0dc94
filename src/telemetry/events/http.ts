// Named events, section http. Noun + past verb.
import { type EventDefinition, error, info, warn } from './event.ts';

export const httpEvents = {
  HttpListening: info('HTTP server listening'),
  ApiRequestRefused: info('API request refused', ['code']),
  ApiRequestFailed: error('API request failed because of an internal error', ['code'], { repeats: true }),
  DownloadBroken: error('download aborted; its bytes cannot be read', ['code'], { repeats: true }),
  QuarantineDecided: info('quarantined message enqueued again or accepted by a person', ['kind']),
  DeadLetterDecided: info('message that its consumer gave up queued again, moved or deleted by a person', ['kind']),
  PersonalDataExported: info('everything kept of a person exported'),
  PersonalDataErased: info('everything kept of a person erased'),
  EmailServerChanged: info('email server changed in the portal or API', ['kind']),
  AuditEntryWritten: info('entry of the audit log (log.audit); by, action, old and new values', ['kind']),
  PortalSignedIn: info('user signed in to the portal'),
  PortalSignInRefused: warn('portal sign-in refused', ['code']),
} satisfies Record<string, EventDefinition>;
