// The one resolver of folder names: what an administrator writes → what the server calls it.
import { describe, expect, it } from 'vitest';
import { findFolder, findSentFolder, folderMissing, type ListedFolder } from '../../../src/adapters/imap/folders.ts';

const list = (delimiter: string, ...paths: string[]): ListedFolder[] => paths.map((path) => ({ path, delimiter }));

const exchange = list('/', 'INBOX', 'INBOX/Erledigt', 'Gesendete Elemente', 'Entwürfe', 'Archive', 'Archive/2026');
const courier = list('.', 'INBOX', 'INBOX.Sent', 'INBOX.Archive', 'INBOX.Archive.2026');
const cyrus = list('.', 'INBOX', 'INBOX.Sub', 'INBOX.Erledigt & weg');
const twins = list('/', 'INBOX', 'done', 'Done');

const rows: [string, string, ListedFolder[], string | undefined][] = [
  ['INBOX in any case', 'inbox', courier, 'INBOX'],
  ['INBOX that is not listed', 'Inbox', [], 'INBOX'],
  ['the server’s own spelling', 'INBOX/Erledigt', exchange, 'INBOX/Erledigt'],
  ['prefix in another case', 'Inbox/Erledigt', exchange, 'INBOX/Erledigt'],
  ['without the namespace prefix', 'Archive', courier, 'INBOX.Archive'],
  ['with a prefix that the server does not use', 'INBOX/Archive', exchange, 'Archive'],
  ['separator of another server', 'Archive/2026', courier, 'INBOX.Archive.2026'],
  ['separator and prefix of another server', 'INBOX/Archive/2026', courier, 'INBOX.Archive.2026'],
  ['dots where the server has slashes', 'Archive.2026', exchange, 'Archive/2026'],
  ['backslashes', 'Archive\\2026', exchange, 'Archive/2026'],
  ['modified UTF-7', 'Entw&APw-rfe', exchange, 'Entwürfe'],
  ['modified UTF-7 of an ampersand', 'Erledigt &- weg', cyrus, 'INBOX.Erledigt & weg'],
  ['decomposed letters', 'Entwu\u0308rfe', exchange, 'Entwürfe'],
  ['another case, if only one matches', 'ARCHIVE', exchange, 'Archive'],
  ['the exact match of two that differ by case', 'Done', twins, 'Done'],
  ['two that differ by case, without an exact match', 'DONE', twins, undefined],
  ['nowhere', 'Nowhere', exchange, undefined],
  ['part of a name', 'Arch', exchange, undefined],
  [
    'a name that is not selectable',
    'Archive',
    [{ path: 'Archive', delimiter: '/', flags: new Set(['\\Noselect']) }],
    undefined,
  ],
];

describe('folder names', () => {
  it.each(rows)('%s: %s', (_, wanted, listed, found) => {
    expect(findFolder(wanted, listed)).toBe(found);
  });

  it('prefer a folder whose name contains the separator of another server', () => {
    expect(findFolder('Archive.2026', list('/', 'Archive/2026', 'Archive.2026'))).toBe('Archive.2026');
  });
});

describe('Sent', () => {
  it.each([
    ['the localized one', 'Sent Items', exchange, 'Gesendete Elemente'],
    ['below the namespace prefix', 'Sent', courier, 'INBOX.Sent'],
    ['any, if none is configured', undefined, courier, 'INBOX.Sent'],
    ['a configured name is never replaced', 'Copies', exchange, undefined],
    ['none', undefined, list('/', 'INBOX', 'Not Sent'), undefined],
  ] as const)('%s', (_, wanted, listed, found) => {
    expect(findSentFolder(wanted, listed)).toBe(found);
  });

  it('is the folder that the server marks before one found by name', () => {
    const listed = [
      { path: 'Sent', delimiter: '/' },
      { path: 'Postausgang', delimiter: '/', specialUse: '\\Sent' },
    ];
    expect(findSentFolder(undefined, listed)).toBe('Postausgang');
  });
});

describe('a missing folder', () => {
  it('is reported with the existing ones', () => {
    const error = folderMissing('Archiv', courier, 'afterQueued.folder');
    expect(error).toMatchObject({ code: 'IMAP_FOLDER_MISSING', field: 'afterQueued.folder' });
    expect(error.message).toBe(
      'There is no folder "Archiv" in this mailbox; there are "INBOX", "INBOX.Sent", "INBOX.Archive", "INBOX.Archive.2026"',
    );
  });

  it('is reported briefly in a mailbox with thousands of folders', () => {
    const many = list('/', ...Array.from({ length: 3_000 }, (_, index) => `Kunde ${index} ${'x'.repeat(200)}`));
    const { message } = folderMissing('Archiv', many);
    expect(message).toContain('and 2980 more');
    expect(message.length).toBeLessThan(1_500);
  });
});
