// winmail.dat (TNEF, [MS-OXTNEF]) → the files in it, as ranges of the decoded stream. Bounded, never throws.
import { decodeText } from './charset.ts';

interface TnefFile {
  name: string;
  contentType: string;
  contentId?: string;
  /** Range of the decoded winmail.dat that is the file. */
  start: number;
  end: number;
}

const SIGNATURE = 0x223e9f78;
const ATT_ATTACH_DATA = 0x0006800f;
const ATT_ATTACH_TITLE = 0x00018010;
const ATT_ATTACH_REND = 0x00069002;
const ATT_ATTACHMENT = 0x00069005; // MAPI properties of the attachment
const ATT_OEM_CODEPAGE = 0x00069007;

const PR_DISPLAY_NAME = 0x3001;
const PR_ATTACH_DATA = 0x3701;
const PR_ATTACH_FILENAME = 0x3704;
const PR_ATTACH_LONG_FILENAME = 0x3707;
const PR_ATTACH_MIME_TAG = 0x370e;
const PR_ATTACH_CONTENT_ID = 0x3712;

interface Draft {
  title?: string;
  longName?: string;
  displayName?: string;
  contentType?: string;
  contentId?: string;
  data?: { start: number; end: number };
}

/** The files of a TNEF stream, up to any damage; undefined for other bytes. */
export function findTnefFiles(bytes: Buffer): TnefFile[] | undefined {
  if (bytes.length < 6 || bytes.readUInt32LE(0) !== SIGNATURE) return undefined;
  const drafts: Draft[] = [];
  let codepage = 'windows-1252';
  let at = 6;
  while (at + 9 <= bytes.length && drafts.length < 500) {
    const level = bytes[at];
    const id = bytes.readUInt32LE(at + 1);
    const length = bytes.readUInt32LE(at + 5);
    const start = at + 9;
    const end = start + length;
    if ((level !== 1 && level !== 2) || end > bytes.length) break;
    if (id === ATT_OEM_CODEPAGE && length >= 4) codepage = `cp${bytes.readUInt32LE(start)}`;
    if (level === 2) {
      if (id === ATT_ATTACH_REND || drafts.length === 0) drafts.push({});
      const draft = drafts[drafts.length - 1] as Draft;
      if (id === ATT_ATTACH_TITLE) draft.title = ansi(bytes.subarray(start, end), codepage);
      else if (id === ATT_ATTACH_DATA) draft.data ??= { start, end };
      else if (id === ATT_ATTACHMENT) readProperties(bytes, start, end, codepage, draft);
    }
    at = end + 2; // checksum
  }
  return drafts.flatMap(({ data, longName, title, displayName, contentType, contentId }) =>
    data === undefined
      ? []
      : {
          name: longName ?? title ?? displayName ?? '',
          contentType: contentType?.toLowerCase() ?? 'application/octet-stream',
          ...(contentId !== undefined && { contentId }),
          ...data,
        },
  );
}

function ansi(bytes: Buffer, codepage: string): string {
  const zero = bytes.indexOf(0);
  return decodeText(zero === -1 ? bytes : bytes.subarray(0, zero), codepage).text;
}

/** Sizes of the fixed-size property types ([MS-OXCDATA] §2.11.1), padded to 4. */
const fixedSizes: Record<number, number> = { 2: 4, 3: 4, 4: 4, 5: 8, 6: 8, 7: 8, 10: 4, 11: 4, 20: 8, 64: 8, 72: 16 };

/** Length padded to four bytes. Not a bit operation, which would make a hostile length negative. */
const padded = (length: number): number => Math.ceil(length / 4) * 4;

function readProperties(bytes: Buffer, from: number, to: number, codepage: string, draft: Draft): void {
  let at = from;
  const u32 = (): number | undefined => {
    if (at + 4 > to) return undefined;
    const value = bytes.readUInt32LE(at);
    at += 4;
    return value;
  };
  const count = u32();
  if (count === undefined) return;
  for (let p = 0; p < Math.min(count, 2000); p++) {
    const tag = u32();
    if (tag === undefined) return;
    let type = tag & 0xffff;
    const id = tag >>> 16;
    if (id >= 0x8000) {
      // Named property: GUID, kind, then a number or a name.
      at += 16;
      const kind = u32();
      if (kind === undefined) return;
      if (kind === 0) at += 4;
      else {
        const length = u32();
        if (length === undefined || length > to - at) return;
        at += padded(length);
      }
    }
    const multiple = (type & 0x1000) !== 0;
    type &= 0x0fff;
    const variable = type === 0x1e || type === 0x1f || type === 0x102 || type === 0x0d;
    let values = 1;
    if (multiple || variable) {
      const n = u32();
      if (n === undefined || n > 10_000) return;
      values = n;
    }
    for (let v = 0; v < values; v++) {
      if (!variable) {
        const size = fixedSizes[type];
        if (size === undefined) return;
        at += size;
        continue;
      }
      const length = u32();
      if (length === undefined || length > to - at) return;
      const start = at;
      const end = at + length;
      at += padded(length);
      const text = (): string =>
        type === 0x1f
          ? (bytes.toString('utf16le', start, end).split('\0', 1)[0] ?? '')
          : ansi(bytes.subarray(start, end), codepage);
      if (id === PR_ATTACH_LONG_FILENAME) draft.longName = text();
      else if (id === PR_ATTACH_FILENAME) draft.title ??= text();
      else if (id === PR_DISPLAY_NAME) draft.displayName = text();
      else if (id === PR_ATTACH_MIME_TAG) draft.contentType = text();
      else if (id === PR_ATTACH_CONTENT_ID) draft.contentId = text().replace(/^<|>$/g, '');
      else if (id === PR_ATTACH_DATA) {
        // An object (0x0d) begins with the 16-byte id of its interface; an embedded message is a TNEF stream itself.
        draft.data ??= { start: type === 0x0d ? Math.min(end, start + 16) : start, end };
      }
    }
  }
}
