// What a test commits with when neither the periods nor the mailbox are its subject.
import type { LedgerMeta } from '../../src/domain/ledger.ts';

/** How long a queue and the keys beside it keep what was committed. */
export const KEPT = {
  keepCompletedSeconds: 60,
  keepFailedSeconds: 60,
  keepFingerprintsSeconds: 86_400,
  keepSiblingsSeconds: 60,
};

/** What a ledger says of its mailbox. */
export const META: LedgerMeta = {
  uidValidity: '1',
  era: '',
  startedAt: 0,
  start: 'all',
  emailFlows: ['F'],
  user: 'u',
  host: 'h',
  folder: 'INBOX',
};
