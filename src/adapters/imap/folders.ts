// Finds the folder that a definition names: for the watched folder, afterQueued.move, the Sent copy and `mailroom check`. A name may be written with or
// without the namespace prefix (Courier's `INBOX.Archive`), with the separator of another server (`Archive/2026`), in modified
// UTF-7 as a server log shows it (RFC 3501 §5.1.3), and INBOX in any case (RFC 9051 §5.1). Pure.
import iconv from 'iconv-lite';
import { MailroomError } from '../../domain/errors.ts';

/** The fields of imapflow's ListResponse that are used. */
export interface ListedFolder {
  path: string;
  delimiter?: string | undefined;
  specialUse?: string | undefined;
  flags?: ReadonlySet<string> | undefined;
}

/** Most names shown in an error, and characters of each. */
const SHOWN = 20;
const SHOWN_LENGTH = 60;

/** Names of Exchange, Outlook and other clients, for servers that mark no folder as \Sent (docs/exchange-online.md §2). */
const SENT_NAMES =
  /^(sent items|sent|sent mail|sent messages|gesendete elemente|gesendet|gesendete objekte|éléments envoyés|elementos enviados|posta inviata|verzonden items|skickat|sendt post|lähetetyt|elementy wysłane)$/iu;

export const isInbox = (folder: string): boolean => folder.trim().toUpperCase() === 'INBOX';

const isSelectable = ({ flags }: ListedFolder): boolean => !flags?.has('\\Noselect') && !flags?.has('\\NonExistent');

/** INBOX first, the others by name. */
export function openable(listed: readonly ListedFolder[]): string[] {
  const paths = listed.filter(isSelectable).map(({ path }) => (isInbox(path) ? 'INBOX' : path));
  return paths.sort((a, b) => Number(isInbox(b)) - Number(isInbox(a)) || a.localeCompare(b, 'en', { numeric: true }));
}

function segmentsOf(path: string, separator: string): string[] {
  const parts = separator === '' ? [path] : path.split(separator);
  return parts.map((part, index) => (index === 0 && isInbox(part) ? 'INBOX' : part.normalize('NFC')));
}

/** Without the INBOX that a namespace prefix puts before every folder. */
const withoutPrefix = (segments: readonly string[]): readonly string[] =>
  segments.length > 1 && segments[0] === 'INBOX' ? segments.slice(1) : segments;

/** As written, then as servers with other separators and logs write it. */
function spellings(wanted: string, separator: string): string[][] {
  const decoded = wanted.includes('&') ? iconv.decode(Buffer.from(wanted), 'utf-7-imap') : wanted;
  const separators = [separator, '/', '.', '\\'];
  return [...new Set([wanted, decoded])].flatMap((name) => separators.map((one) => segmentsOf(name, one)));
}

/** @returns the path to use, or undefined when there is no such folder, or more than one that differs by case only */
export function findFolder(wanted: string, listed: readonly ListedFolder[]): string | undefined {
  if (isInbox(wanted)) return 'INBOX';
  const selectable = listed.filter(isSelectable);
  const exact = selectable.find(({ path }) => path === wanted);
  if (exact !== undefined) return exact.path;
  const keyed = selectable.map((folder) => ({ folder, segments: segmentsOf(folder.path, folder.delimiter ?? '') }));
  const wantedAs = spellings(wanted, listed.find(({ delimiter }) => delimiter)?.delimiter ?? '');
  for (const fold of [(text: string) => text, (text: string) => text.toLowerCase()]) {
    for (const cut of [(segments: readonly string[]) => segments, withoutPrefix]) {
      const key = (segments: readonly string[]) => fold(cut(segments).join('\0'));
      for (const segments of wantedAs) {
        const found = keyed.filter((one) => key(one.segments) === key(segments));
        if (found.length === 1) return found[0]?.folder.path;
      }
    }
  }
  return undefined;
}

/** The Sent folder: as the server marks it, else by its name in any language. */
export function sentAmong(listed: readonly ListedFolder[]): string | undefined {
  const selectable = listed.filter(isSelectable);
  const last = ({ path, delimiter }: ListedFolder) => path.split(delimiter || /[/.]/).at(-1) ?? path;
  const found =
    selectable.find(({ specialUse }) => specialUse === '\\Sent') ??
    selectable.find((folder) => SENT_NAMES.test(last(folder).normalize('NFC')));
  return found?.path;
}

/** For Sent copies: "Sent Items" of a definition is "Gesendete Elemente" in a German mailbox. @param wanted undefined: any */
export function findSentFolder(wanted: string | undefined, listed: readonly ListedFolder[]): string | undefined {
  if (wanted === undefined) return sentAmong(listed);
  const last = wanted.split(/[/.\\]/).at(-1) ?? wanted;
  return findFolder(wanted, listed) ?? (SENT_NAMES.test(last.normalize('NFC')) ? sentAmong(listed) : undefined);
}

/** The error of a missing folder, with the names that exist, bounded. */
export function folderMissing(wanted: string, listed: readonly ListedFolder[], field?: string): MailroomError {
  const names = listed.filter(isSelectable).map(({ path }) => `"${[...path].slice(0, SHOWN_LENGTH).join('')}"`);
  const more = names.length > SHOWN ? ` and ${names.length - SHOWN} more` : '';
  return new MailroomError('IMAP_FOLDER_MISSING', {
    message: `There is no folder "${wanted}" in this mailbox; there are ${names.slice(0, SHOWN).join(', ') || 'none'}${more}`,
    ...(field === undefined ? {} : { field }),
  });
}
