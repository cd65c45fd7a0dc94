// File names and Content-IDs of attachments: safe to save under on Windows, macOS and Linux, and in the characters of the RFC alone.
import { describe, expect, it } from 'vitest';
import { safeContentId } from '../../../src/mime/content-ids.ts';
import { safeFilename } from '../../../src/mime/file-names.ts';

describe('a declared file name', () => {
  it.each([
    ['Angebot 50/50.pdf', 'Angebot 50_50.pdf'],
    ['Grüße – 日本.pdf', 'Grüße – 日本.pdf'],
    ['CON', '_CON'],
    ['con.txt', '_con.txt'],
    ['Aux .log', '_Aux .log'],
    ['COM1.pdf', '_COM1.pdf'],
    ['COM¹', '_COM¹'],
    ['lpt³.doc', '_lpt³.doc'],
    ['com0.txt', '_com0.txt'],
    ['CONIN$', '_CONIN$'],
    ['conout$.txt', '_conout$.txt'],
    ['clock$', '_clock$'],
    ['console.txt', 'console.txt'],
    ['comma.txt', 'comma.txt'],
    ['COM10.txt', 'COM10.txt'],
    ['what?.pdf', 'what_.pdf'],
    ['a*b<c>d|e"f.txt', 'a_b_c_d_e_f.txt'],
    ['Re: offer.eml', 'Re_ offer.eml'],
    ['report.pdf:hidden.exe', 'report.pdf_hidden.exe'],
    ['-rf', '_-rf'],
    ['--output=x', '_--output=x'],
    ['.htaccess', '_.htaccess'],
    ['...', ''],
    ['   ', ''],
    ['a.txt...', 'a.txt'],
    ['a.txt . . ', 'a.txt'],
    ['a.txt\u00a0', 'a.txt'],
    ['../../etc/passwd', 'passwd'],
    ['C:\\Users\\kim\\offer.pdf', 'offer.pdf'],
    ['invoice\u202efdp.exe', 'invoicefdp.exe'],
  ])('%j is saved as %j', (declared, safe) => {
    expect(safeFilename(declared)).toBe(safe);
    expect(safeFilename(safe)).toBe(safe);
  });

  it('that is too long keeps its extension and does not end in a dot or a blank', () => {
    for (const long of [`${'a'.repeat(400)}.pdf`, `${'ü '.repeat(300)}`, `${'. '.repeat(120)}x${'. '.repeat(400)}y`]) {
      const name = safeFilename(long);
      expect(Buffer.byteLength(name)).toBeLessThanOrEqual(241);
      expect(name).toMatch(/[^. ]$/);
    }
    expect(safeFilename(`${'a'.repeat(400)}.pdf`)).toMatch(/a\.pdf$/);
  });
});

describe('a Content-ID', () => {
  it.each([
    ['image001.png@01DC5F2A.1B2C3D40', 'image001.png@01DC5F2A.1B2C3D40'],
    ['part1@[192.0.2.7]', 'part1@[192.0.2.7]'],
    ["it's!#$%&*+-/=?^_`{|}~", "it's!#$%&*+-/=?^_`{|}~"],
    ['logo image.png', 'logo%20image.png'],
    ['"><script>alert(1)</script>', '%22%3E%3Cscript%3Ealert%281%29%3C/script%3E'],
    ['größe@x', 'gr%C3%B6%C3%9Fe@x'],
    ['a\u0000b\r\nc', 'a%00b%0D%0Ac'],
    ['lone \ud800', 'lone%20%EF%BF%BD'],
  ])('%j is passed as %j', (id, safe) => {
    expect(safeContentId(id)).toBe(safe);
    expect(safeContentId(safe)).toBe(safe);
  });
});
