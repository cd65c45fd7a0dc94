// Error catalogue, section config.
import { section } from './entry.ts';

export const configErrors = section({
  CONFIG_INVALID: {
    class: 'invalid',
    action: 'stop',
    message: 'The configuration is not valid',
    hint: {
      en: 'Correct the named settings and start again; `mailroom config --check` tests them without starting.',
      de: 'Korrigieren Sie die genannten Einstellungen und starten Sie neu; `mailroom config --check` prüft ohne Start.',
    },
  },
  EMAIL_SERVERS_UNREADABLE: {
    class: 'invalid',
    action: 'warn',
    message: 'The email server file cannot be read; the last valid list stays in force',
    hint: {
      en: 'Correct the file; Mailroom reloads it as soon as it changes. `mailroom config --check` shows where the mistake is.',
      de: 'Korrigieren Sie die Datei; sie wird bei jeder Änderung neu gelesen. `mailroom config --check` zeigt die Stelle.',
    },
  },
  EMAIL_SERVER_INVALID: {
    class: 'invalid',
    action: 'refuse',
    message: 'The definition of an email server is not valid; the others keep running',
    hint: {
      en: 'Correct the named field; the definition takes effect as soon as it is saved.',
      de: 'Korrigieren Sie das genannte Feld; die Definition gilt, sobald sie gespeichert ist.',
    },
  },
  EMAIL_SERVER_NOT_FOUND: {
    class: 'invalid',
    action: 'refuse',
    message: 'There is no email server with that name',
    hint: {
      en: '`mailroom servers` lists the names.',
      de: '`mailroom servers` zeigt die Namen.',
    },
  },
  EMAIL_SERVER_CHANGED: {
    class: 'invalid',
    action: 'refuse',
    message: 'Somebody else changed the email server in the meantime',
    hint: {
      en: 'Load it again and repeat the change.',
      de: 'Laden Sie ihn neu und wiederholen Sie die Änderung.',
    },
  },
  SECRET_UNREADABLE: {
    class: 'auth',
    action: 'pause-server',
    message: 'A stored secret cannot be decrypted with the current keys',
    hint: {
      en: 'Add the former key to security.cacheKeys after the new one, or enter the secret again.',
      de: 'Setzen Sie den früheren Schlüssel in security.cacheKeys hinter den neuen, oder geben Sie das Geheimnis neu ein.',
    },
  },
});
