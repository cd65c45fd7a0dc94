// Error catalogue, section http: the blob store and the HTTP API.
import { section } from './entry.ts';

export const httpErrors = section({
  BLOB_STORE_FULL: {
    class: 'transient',
    action: 'retry',
    message: 'The blob store has no space left.',
    hint: {
      en: 'Free space or enlarge the volume (or raise the quota). Mail waits in the mailbox meanwhile; nothing is lost.',
      de: 'Speicherplatz schaffen oder das Volume (die Quota) vergrößern. E-Mails warten so lange im Postfach; nichts geht verloren.',
    },
  },
  BLOB_STORE_UNAVAILABLE: {
    class: 'transient',
    action: 'retry',
    message: 'The blob store cannot be read or written.',
    hint: {
      en: 'Check that the folder exists, is mounted and belongs to the user that Mailroom runs as; with S3: endpoint, bucket, credentials and network.',
      de: 'Prüfen, ob der Ordner existiert, eingehängt ist und dem Benutzer gehört, unter dem Mailroom läuft; bei S3: Endpunkt, Bucket, Zugangsdaten und Netz.',
    },
  },
  BLOB_NOT_FOUND: {
    class: 'permanent',
    action: 'refuse',
    message: 'The blob store does not hold this blob.',
    hint: {
      en: 'It is older than the retention, or this process uses another folder, bucket or encryption key than the one that stored it.',
      de: 'Er ist älter als die Aufbewahrungsfrist, oder dieser Prozess verwendet einen anderen Ordner, Bucket oder Schlüssel als der, der ihn abgelegt hat.',
    },
  },
  BLOB_DAMAGED: {
    class: 'permanent',
    action: 'fail',
    message: 'The stored bytes are not those that were stored: damaged or tampered with.',
    hint: {
      en: 'Restore the blob from a backup or fetch the mail from the mailbox again (mailroom replay); check the volume.',
      de: 'Den Blob aus einer Sicherung wiederherstellen oder die E-Mail erneut aus dem Postfach holen (mailroom replay); das Volume prüfen.',
    },
  },
  BLOB_KEY_MISSING: {
    class: 'invalid',
    action: 'refuse',
    message: 'The blob was encrypted with a key that is not in the key ring.',
    hint: {
      en: 'Put the key back at the end of blobs.encryptionKeys until everything stored with it is past the retention.',
      de: 'Den Schlüssel wieder ans Ende von blobs.encryptionKeys setzen, bis alles damit Verschlüsselte die Aufbewahrungsfrist überschritten hat.',
    },
  },
});
