// File names of attachments, made safe: a name to show and to save under, never a path, never empty.

/** Extensions that are not the subtype itself. */
const BY_TYPE: Readonly<Record<string, string>> = {
  'application/pdf': 'pdf',
  'application/zip': 'zip',
  'application/json': 'json',
  'application/xml': 'xml',
  'application/rtf': 'rtf',
  'application/msword': 'doc',
  'application/vnd.ms-excel': 'xls',
  'application/vnd.ms-powerpoint': 'ppt',
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document': 'docx',
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': 'xlsx',
  'application/vnd.openxmlformats-officedocument.presentationml.presentation': 'pptx',
  'application/ics': 'ics',
  'application/postscript': 'ps',
  'application/gzip': 'gz',
  'text/plain': 'txt',
  'text/vcard': 'vcf',
  'text/x-vcard': 'vcf',
  'text/markdown': 'md',
  'text/x-amp-html': 'html',
  'image/jpeg': 'jpg',
  'image/pjpeg': 'jpg',
  'image/tiff': 'tif',
  'image/svg+xml': 'svg',
  'audio/mpeg': 'mp3',
  'audio/x-wav': 'wav',
  'audio/basic': 'au',
  'video/mpeg': 'mpg',
  'video/quicktime': 'mov',
  'message/rfc822': 'eml',
  'message/global': 'eml',
};

/** Whole names, for parts with a fixed role. */
const BY_ROLE: Readonly<Record<string, string>> = {
  'application/pgp-signature': 'signature.asc',
  'application/pgp-encrypted': 'version.txt',
  'application/pgp-keys': 'publickey.asc',
  'application/pkcs7-signature': 'smime.p7s',
  'application/x-pkcs7-signature': 'smime.p7s',
  'application/pkcs7-mime': 'smime.p7m',
  'application/x-pkcs7-mime': 'smime.p7m',
  'message/delivery-status': 'delivery-status.txt',
  'message/global-delivery-status': 'delivery-status.txt',
  'message/disposition-notification': 'disposition-notification.txt',
  'message/feedback-report': 'feedback-report.txt',
  'text/rfc822-headers': 'headers.txt',
  'application/ms-tnef': 'winmail.dat',
  'application/vnd.ms-tnef': 'winmail.dat',
  'text/calendar': 'invite.ics',
};

/** Longest name that common file systems accept, in UTF-8 bytes. */
const MAX_BYTES = 240;

/** C0, DEL, C1, zero-width and bidirectional controls, line separators, BOM. */
const INVISIBLE = /[\u0000-\u001f\u007f-\u009f\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/**
 * Device names: Windows opens the device instead of the file, whatever the extension, also with blanks before the dot; ¹²³ count as digits
 * (learn.microsoft.com/windows/win32/fileio/naming-a-file).
 */
const DEVICE = /^(?:con|prn|aux|nul|conin\$|conout\$|clock\$|(?:com|lpt)[0-9¹²³]) *(?:\.|$)/i;
/** Characters, besides slashes, that NTFS refuses. */
const REFUSED = /[:*?"<>|]/g;

/** Makes a declared name safe; '' when nothing is left of it. */
export function safeFilename(declared: string): string {
  let name = declared
    .slice(0, 2000)
    .replace(INVISIBLE, (c) => (c === '\t' || c === '\n' || c === '\r' ? ' ' : ''))
    .replace(/ {2,}/g, ' ');
  // The last step of a path. A slash in a name ("50/50 offer.pdf") only becomes an underscore.
  if (/^(?:[A-Za-z]:)?[\\/]|(?:^|[\\/])\.\.?[\\/]|^[A-Za-z]:|^file:/i.test(name))
    name = name.slice(Math.max(name.lastIndexOf('/'), name.lastIndexOf('\\')) + 1);
  name = name
    .replace(/^[A-Za-z]:/, '')
    .replace(/[\\/]/g, '_')
    .replace(REFUSED, '_');
  name = withoutBlanksAndDotsAtEnd(name).trimStart();
  // Commands read a leading hyphen as an option; a leading dot hides the file.
  if (/^[-.]/.test(name) || DEVICE.test(name)) name = `_${name}`;
  return shorten(name.toWellFormed());
}

/** Windows drops them, which would make two names equal. Not a regular expression: `[. ]+$` is quadratic on a long run in the middle. */
function withoutBlanksAndDotsAtEnd(name: string): string {
  let end = name.length;
  while (end > 0 && (name[end - 1] === '.' || (name[end - 1] ?? '').trim() === '')) end -= 1;
  return name.slice(0, end);
}

/** Name for a part without one: by role, else `<kind>-<n>.<extension of the type>`. */
export function defaultFilename(contentType: string, n: number): string {
  const role = BY_ROLE[contentType];
  if (role !== undefined) return role;
  const kind = contentType.startsWith('image/')
    ? 'image'
    : contentType.startsWith('text/')
      ? 'text'
      : contentType === 'message/rfc822'
        ? 'message'
        : 'attachment';
  const subtype = contentType.slice(contentType.indexOf('/') + 1);
  const extension =
    BY_TYPE[contentType] ??
    (/^[a-z0-9]{2,5}$/.test(subtype) && !contentType.startsWith('application/')
      ? subtype
      : contentType.startsWith('text/')
        ? 'txt'
        : 'bin');
  return `${kind}-${n + 1}.${extension}`;
}

/** Cuts the stem and keeps the extension. */
function shorten(name: string): string {
  if (name.length * 3 <= MAX_BYTES || Buffer.byteLength(name) <= MAX_BYTES) return name;
  const dot = name.lastIndexOf('.');
  const extension = dot > 0 && name.length - dot <= 12 ? name.slice(dot) : '';
  let stem = name.slice(0, dot > 0 && extension !== '' ? dot : name.length).slice(0, MAX_BYTES);
  while (Buffer.byteLength(stem) + Buffer.byteLength(extension) > MAX_BYTES) stem = stem.slice(0, -1);
  stem = stem.toWellFormed().replace(/\ufffd$/, '');
  return extension === '' ? withoutBlanksAndDotsAtEnd(stem) : `${stem}${extension}`;
}
