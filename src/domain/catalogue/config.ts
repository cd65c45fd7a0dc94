// Error catalogue, section config.
import { entry, section } from './entry.ts';

export const configErrors = section({
  CONFIG_INVALID: entry('invalid', 'stop')(
    'The configuration is not valid',
    'Correct the named settings and start again; `mailroom config --check` tests them without starting.',
    'Korrigieren Sie die genannten Einstellungen und starten Sie neu; `mailroom config --check` prüft ohne Start.',
  ),
  EMAIL_SERVERS_UNREADABLE: entry('invalid', 'warn')(
    'The email server file cannot be read; the last valid list stays in force',
    'Correct the file; Mailroom reloads it as soon as it changes. `mailroom config --check` shows where the mistake is.',
    'Korrigieren Sie die Datei; sie wird bei jeder Änderung neu gelesen. `mailroom config --check` zeigt die Stelle.',
  ),
  EMAIL_SERVER_INVALID: entry('invalid', 'refuse')(
    'The definition of an email server is not valid; the others keep running',
    'Correct the named field; the definition takes effect as soon as it is saved.',
    'Korrigieren Sie das genannte Feld; die Definition gilt, sobald sie gespeichert ist.',
  ),
  EMAIL_SERVER_NOT_FOUND: entry('invalid', 'refuse')(
    'There is no email server with that name',
    '`mailroom servers` lists the names.',
    '`mailroom servers` zeigt die Namen.',
  ),
  EMAIL_SERVER_CHANGED: entry('invalid', 'refuse')(
    'Somebody else changed the email server in the meantime',
    'Load it again and repeat the change.',
    'Laden Sie ihn neu und wiederholen Sie die Änderung.',
  ),
  SECRET_UNREADABLE: entry('auth', 'pause-server')(
    'A stored secret cannot be decrypted with the current keys',
    'Add the former key to security.cacheKeys after the new one, or enter the secret again.',
    'Setzen Sie den früheren Schlüssel in security.cacheKeys hinter den neuen, oder geben Sie das Geheimnis neu ein.',
  ),
});
