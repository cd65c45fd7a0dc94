// The type of a file by its first bytes, and whether it agrees with the declared one. Own table of the kinds that customers send, and of those that run.

/** Bytes examined. */
export const PREFIX_BYTES = 4_096;

interface FileVerdict {
  /** Media type by the first bytes; undefined if they are unknown. */
  detectedType: string | undefined;
  /** It runs when opened, by its first bytes or its name. */
  executable: boolean;
  /** The type by the first bytes contradicts the declared one. */
  differs: boolean;
}

/** First bytes (latin1), at an offset; the first match counts. */
const SIGNATURES: readonly [type: string, bytes: string, at?: number][] = [
  ['application/pdf', '%PDF-'],
  ['image/png', '\x89PNG\r\n\x1a\n'],
  ['image/jpeg', '\xff\xd8\xff'],
  ['image/gif', 'GIF8'],
  ['image/tiff', 'II*\0'],
  ['image/tiff', 'MM\0*'],
  ['image/webp', 'WEBP', 8],
  ['audio/wav', 'WAVE', 8],
  ['video/x-msvideo', 'AVI ', 8],
  ['image/heic', 'ftyphei', 4],
  ['image/heic', 'ftypmif1', 4],
  ['image/avif', 'ftypavif', 4],
  ['audio/mp4', 'ftypM4A', 4],
  ['video/quicktime', 'ftypqt', 4],
  ['video/mp4', 'ftyp', 4],
  ['video/x-matroska', '\x1aE\xdf\xa3'],
  ['audio/mpeg', 'ID3'],
  ['audio/ogg', 'OggS'],
  ['audio/flac', 'fLaC'],
  ['application/zip', 'PK\x03\x04'],
  ['application/zip', 'PK\x05\x06'],
  ['application/vnd.rar', 'Rar!\x1a\x07'],
  ['application/x-7z-compressed', "7z\xbc\xaf'\x1c"],
  ['application/gzip', '\x1f\x8b\x08'],
  ['application/x-bzip2', 'BZh'],
  ['application/x-xz', '\xfd7zXZ\0'],
  ['application/zstd', '(\xb5/\xfd'],
  ['application/x-tar', 'ustar', 257],
  ['application/x-ole-storage', '\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1'],
  ['application/rtf', '{\\rtf'],
  ['application/postscript', '%!PS'],
  ['application/x-elf', '\x7fELF'],
  ['application/x-mach-binary', '\xcf\xfa\xed\xfe'],
  ['application/x-mach-binary', '\xce\xfa\xed\xfe'],
  ['application/x-ms-shortcut', 'L\0\0\0\x01\x14\x02\0'],
  ['application/java-vm', '\xca\xfe\xba\xbe'],
  ['text/x-shellscript', '#!/'],
];
const DOS_PROGRAM = 'application/vnd.microsoft.portable-executable';
const RUNS = new Set([
  DOS_PROGRAM,
  'application/x-elf',
  'application/x-mach-binary',
  'application/x-ms-shortcut',
  'application/java-vm',
  'text/x-shellscript',
]);
/** Extensions that Windows, or an interpreter that is part of a system, runs on a double click. */
const RUNNING =
  /\.(?:exe|scr|com|pif|bat|cmd|cpl|dll|msi|msp|mst|jar|js|jse|vb|vbs|vbe|wsf|wsh|ps1|psm1|hta|lnk|reg|scf|inf|chm|appx|msix|sh|command|app|apk)$/i;

function detect(prefix: Buffer): string | undefined {
  const head = prefix.toString('latin1', 0, 300);
  const known = SIGNATURES.find(([, bytes, at = 0]) => head.startsWith(bytes, at));
  if (known !== undefined) return known[0] === 'application/zip' ? kindOfZip(prefix) : known[0];
  // Two letters prove little: a program has zeros in its header (and 64 bytes of it).
  if (head.startsWith('MZ') && prefix.length >= 64 && head.slice(0, 64).includes('\0')) return DOS_PROGRAM;
  if (head.startsWith('BM') && head.slice(6, 10) === '\0\0\0\0') return 'image/bmp';
  const text = head
    .replace(/^\xef\xbb\xbf/, '')
    .trimStart()
    .toLowerCase();
  if (text.startsWith('<!doctype html') || text.startsWith('<html')) return 'text/html';
  if (text.startsWith('<svg')) return 'image/svg+xml';
  if (text.startsWith('<?xml')) return text.includes('<svg') ? 'image/svg+xml' : 'application/xml';
  return undefined;
}

/** OpenDocument and EPUB name their type in the first entry, uncompressed; Office Open XML is recognised by the names of its first entries. */
function kindOfZip(prefix: Buffer): string {
  const head = prefix.toString('latin1');
  const own = /^.{26}\x08\0..mimetype(application\/[a-z0-9.+-]{3,80})/s.exec(head)?.[1];
  if (own !== undefined) return own;
  if (!head.startsWith('[Content_Types].xml', 30)) return 'application/zip';
  const office = 'application/vnd.openxmlformats-officedocument';
  if (head.includes('word/')) return `${office}.wordprocessingml.document`;
  if (head.includes('xl/')) return `${office}.spreadsheetml.sheet`;
  return head.includes('ppt/') ? `${office}.presentationml.presentation` : 'application/zip';
}

/** Declared types without meaning. */
const GENERIC =
  /^(?:application\/(?:octet-stream|x-octet-stream|binary|unknown|download|x-download|force-download|save|attachment)|binary\/octet-stream|x?-?unknown\/.*)$/;

/** Detected types and the declared ones that they agree with. A container agrees with all formats that use it. */
const GOES_WITH: readonly [detected: RegExp, declared: RegExp][] = [
  [
    /^application\/zip$|openxmlformats|opendocument|epub/,
    /zip|openxmlformats|opendocument|epub|java-archive|\/vnd\.|ms-?word|ms-?excel|powerpoint|officedocument|3mf|xpinstall/,
  ],
  [/ole-storage/, /ms-?word|excel|powerpoint|\/vnd\.|outlook|visio|ms-|msi|ole|works/],
  [/^(?:video|audio)\/|heic|avif/, /^(?:video|audio)\/|hei[cf]|avif|ogg|matroska/],
  [/gzip|bzip2|x-xz|zstd|x-tar/, /gzip|gz|bzip|xz|zst|tar|compress|svg/],
  [
    /^image\/(?:jpeg|png|tiff|bmp)$/,
    /^image\/(?:pjpeg|jpg|jpeg|x-png|png|tif|tiff|x-tiff|bmp|x-ms-bmp|x-bmp|x-windows-bmp|x-adobe-dng|x-canon-.{1,9}|x-nikon-.{1,9})$/,
  ],
  [/xml|^text\/|rtf|postscript/, /xml|^text\/|html|rtf|ms-?word|postscript|illustrator|script|json|calendar/],
  [/pdf/, /pdf|illustrator/],
  [/rar|7z/, /rar|7z|compress/],
  [
    /executable|elf|mach|java-vm|shortcut|shellscript/,
    /executable|msdownload|dosexec|msdos|program|elf|mach|java|shortcut|script|^text\//,
  ],
];

function doesDiffer(declared: string, detected: string | undefined): boolean {
  if (detected === undefined || declared === detected || GENERIC.test(declared)) return false;
  return !GOES_WITH.some(([found, said]) => found.test(detected) && said.test(declared));
}

/** @param prefix the first bytes of the decoded file, at least PREFIX_BYTES where it has as many */
export function classifyFile(prefix: Buffer, declared: string, filename: string): FileVerdict {
  const detectedType = detect(prefix.subarray(0, PREFIX_BYTES));
  return {
    detectedType,
    executable: (detectedType !== undefined && RUNS.has(detectedType)) || RUNNING.test(filename.trimEnd()),
    differs: doesDiffer(declared, detectedType),
  };
}
