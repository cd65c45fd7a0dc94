// Error catalogue, section config.
import { section } from './entry.ts';

export const configErrors = section({
  CONFIG_INVALID: {
    class: 'invalid',
    action: 'stop',
    message: 'The configuration is not valid',
    hint: {
      en: 'Correct the settings that are named and start again; `mailroom config --check` tests without starting.',
      de: 'Korrigieren Sie die genannten Einstellungen und starten Sie neu; `mailroom config --check` prüft ohne Start.',
    },
  },
  EMAIL_SERVERS_UNREADABLE: {
    class: 'invalid',
    action: 'warn',
    message: 'The file with the email servers cannot be read; the last good list stays in force',
    hint: {
      en: 'Correct the file; it is read again as soon as it changes. `mailroom config --check` shows the place.',
      de: 'Korrigieren Sie die Datei; sie wird bei jeder Änderung neu gelesen. `mailroom config --check` zeigt die Stelle.',
    },
  },
  EMAIL_SERVER_INVALID: {
    class: 'invalid',
    action: 'refuse',
    message: 'The definition of an email server is not valid; the others go on',
    hint: {
      en: 'Correct the field that is named; the definition is taken as soon as it is saved.',
      de: 'Korrigieren Sie das genannte Feld; die Definition gilt, sobald sie gespeichert ist.',
    },
  },
  EMAIL_SERVER_NOT_FOUND: {
    class: 'invalid',
    action: 'refuse',
    message: 'There is no email server of that name',
    hint: {
      en: '`mailroom servers` lists the names.',
      de: '`mailroom servers` zeigt die Namen.',
    },
  },
  EMAIL_SERVER_CHANGED: {
    class: 'invalid',
    action: 'refuse',
    message: 'The email server was changed by somebody else since it was read',
    hint: {
      en: 'Load it again and repeat the change.',
      de: 'Laden Sie ihn neu und wiederholen Sie die Änderung.',
    },
  },
  SECRET_UNREADABLE: {
    class: 'auth',
    action: 'pause-server',
    message: 'A secret that is stored encrypted cannot be read with the keys at hand',
    hint: {
      en: 'Put the former key back into security.cacheKeys behind the new one, or enter the secret again.',
      de: 'Setzen Sie den früheren Schlüssel in security.cacheKeys hinter den neuen, oder geben Sie das Geheimnis neu ein.',
    },
  },
});
