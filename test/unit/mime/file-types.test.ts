// What attachments are by their first bytes, beside what they are declared to be.
import { describe, expect, it } from 'vitest';
import { parseMessage } from '../../../src/mime/index.ts';

type Encoding = 'base64' | 'quoted-printable' | '8bit';

function attachmentOf(bytes: Buffer | string, type: string, name: string, encoding: Encoding = 'base64') {
  const content = Buffer.from(bytes as string, 'latin1');
  const encoded =
    encoding === 'base64'
      ? (content.toString('base64').match(/.{1,76}/g) ?? []).join('\r\n')
      : encoding === 'quoted-printable'
        ? Array.from(content, (byte) => `=${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('=\r\n')
        : content.toString('latin1');
  const raw = Buffer.from(
    `From: a@customer.example\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nHello\r\n--x\r\nContent-Type: ${type}\r\nContent-Disposition: attachment; filename="${name}"\r\nContent-Transfer-Encoding: ${encoding}\r\n\r\n${encoded}\r\n--x--\r\n`,
    'latin1',
  );
  const { attachments, warnings } = parseMessage(raw);
  const [{ contentType, detectedType, executable } = { contentType: '' }] = attachments;
  return { contentType, detectedType, executable, warnings: warnings.map(({ code }) => code) };
}

const zip = (entry: string, more = '') =>
  `PK\x03\x04${'\0'.repeat(22)}${String.fromCharCode(entry.length)}\0\0\0${entry}${more}`;
const OFFICE = 'application/vnd.openxmlformats-officedocument';
const program = `MZ${'\0'.repeat(80)}`;
const DIFFERS = 'attachment-type-differs';
const RUNS = 'attachment-executable';

describe('a file that matches its declared type has no warning', () => {
  it.each([
    ['application/pdf', 'a.pdf', '%PDF-1.7\n', 'application/pdf'],
    ['image/png', 'a.png', '\x89PNG\r\n\x1a\n', 'image/png'],
    ['image/pjpeg', 'a.jpg', '\xff\xd8\xff\xe0\0\x10JFIF', 'image/jpeg'],
    ['image/png', 'a.png', '\xff\xd8\xff\xe0\0\x10JFIF', 'image/jpeg'],
    ['image/gif', 'a.gif', 'GIF89a', 'image/gif'],
    ['image/bmp', 'a.bmp', `BM\x36\0\0\0${'\0'.repeat(8)}`, 'image/bmp'],
    ['image/webp', 'a.webp', 'RIFF\x10\0\0\0WEBPVP8 ', 'image/webp'],
    ['image/heic', 'a.heic', '\0\0\0\x18ftypheic', 'image/heic'],
    ['video/quicktime', 'a.mov', '\0\0\0\x14ftypqt  ', 'video/quicktime'],
    ['video/mp4', 'a.mp4', '\0\0\0\x14ftypisom', 'video/mp4'],
    ['audio/wav', 'a.wav', 'RIFF\x10\0\0\0WAVEfmt ', 'audio/wav'],
    ['application/zip', 'a.zip', zip('a.txt'), 'application/zip'],
    ['application/x-zip-compressed', 'a.zip', zip('a.txt'), 'application/zip'],
    [
      `${OFFICE}.wordprocessingml.document`,
      'a.docx',
      zip('[Content_Types].xml', 'xxx word/document.xml'),
      `${OFFICE}.wordprocessingml.document`,
    ],
    [
      `${OFFICE}.spreadsheetml.sheet`,
      'a.xlsx',
      zip('[Content_Types].xml', 'xxx xl/workbook.xml'),
      `${OFFICE}.spreadsheetml.sheet`,
    ],
    [
      'application/vnd.oasis.opendocument.text',
      'a.odt',
      zip('mimetype', 'application/vnd.oasis.opendocument.textPK'),
      'application/vnd.oasis.opendocument.text',
    ],
    ['application/msword', 'a.doc', '\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1', 'application/x-ole-storage'],
    ['application/vnd.ms-outlook', 'a.msg', '\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1', 'application/x-ole-storage'],
    ['application/msword', 'a.doc', '{\\rtf1', 'application/rtf'],
    ['application/gzip', 'a.tgz', '\x1f\x8b\x08', 'application/gzip'],
    ['image/svg+xml', 'a.svg', '<?xml version="1.0"?>\n<svg>', 'image/svg+xml'],
    ['text/html', 'a.html', '\n<!DOCTYPE html>', 'text/html'],
    ['application/octet-stream', 'a.pdf', '%PDF-1.4', 'application/pdf'],
    ['text/csv', 'a.csv', 'a;b\r\n1;2\r\n', undefined],
    ['application/pdf', 'a.pdf', 'something else', undefined],
    [
      'text/plain',
      'a.txt',
      'MZ is how this text begins, which is longer than the header of a program would be.',
      undefined,
    ],
    ['application/pdf', 'empty.pdf', '', undefined],
  ])('%s %s', (type, name, bytes, detectedType) => {
    expect(attachmentOf(bytes, type, name)).toEqual({
      contentType: type,
      detectedType,
      executable: undefined,
      warnings: [],
    });
  });
});

describe('a file that differs from its type, or is executable, has a warning', () => {
  it.each([
    ['application/pdf', 'invoice.pdf', zip('a.txt'), 'application/zip', [DIFFERS]],
    ['image/png', 'a.png', '<html><script>', 'text/html', [DIFFERS]],
    ['image/jpeg', 'a.jpg', '%PDF-1.7', 'application/pdf', [DIFFERS]],
    ['text/plain', 'a.txt', '\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1', 'application/x-ole-storage', [DIFFERS]],
    ['application/pdf', 'invoice.pdf', program, 'application/vnd.microsoft.portable-executable', [DIFFERS, RUNS]],
    ['image/png', 'a.png', '\x7fELF\x02', 'application/x-elf', [DIFFERS, RUNS]],
    ['application/x-msdownload', 'a.exe', program, 'application/vnd.microsoft.portable-executable', [RUNS]],
    ['application/octet-stream', 'a.bin', program, 'application/vnd.microsoft.portable-executable', [RUNS]],
    ['application/octet-stream', 'a', 'L\0\0\0\x01\x14\x02\0\0\0', 'application/x-ms-shortcut', [RUNS]],
    ['text/plain', 'a.txt', '#!/bin/sh\nrm', 'text/x-shellscript', [RUNS]],
    ['text/plain', 'a.js', 'WScript.Echo(1)', undefined, [RUNS]],
    ['application/pdf', 'invoice.pdf.scr', '%PDF-1.7', 'application/pdf', [RUNS]],
    ['application/java-archive', 'a.JAR', zip('META-INF/'), 'application/zip', [RUNS]],
  ])('%s %s', (type, name, bytes, detectedType, warnings) => {
    const found = attachmentOf(bytes, type, name);
    const executable = warnings.includes(RUNS) ? true : undefined;
    expect(found).toEqual({ contentType: type, detectedType, executable, warnings });
  });

  it.each<Encoding>(['base64', 'quoted-printable', '8bit'])('in every encoding: %s', (encoding) => {
    expect(attachmentOf('\x7fELF\x02', 'image/png', 'a.png', encoding).detectedType).toBe('application/x-elf');
  });

  it('for a large file as well', () => {
    const large = Buffer.concat([Buffer.from(program, 'latin1'), Buffer.alloc(300_000, 1)]);
    const found = attachmentOf(large.toString('latin1'), 'image/png', 'a.png');
    expect(found.warnings).toEqual([DIFFERS, RUNS]);
  });
});
