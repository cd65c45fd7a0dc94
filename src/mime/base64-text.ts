// Texts declared base64 that are not base64, or not to their end.

/** Bytes examined to recognise base64. */
const PROBED = 8192;

/**
 * Whether bytes declared base64 are plain text (the client wrote the header, but did not encode): base64 has no blanks within its lines and no
 * punctuation. Examines the first 8 KB.
 */
export function isNoBase64(bytes: Buffer): boolean {
  const probe = bytes.subarray(0, PROBED).toString('latin1').trim();
  const line = probe.split(/[\r\n]/, 1)[0] ?? '';
  // Mailing lists append plain text to base64, so the first line decides.
  if ((line.length >= 20 || line.endsWith('=')) && isWhole(line)) return false;
  let foreign = 0;
  for (const _ of probe.matchAll(/[ \t][A-Za-z0-9+/]|[^A-Za-z0-9+/=\s]/g)) foreign++;
  return foreign * 16 > probe.length;
}

const isWhole = (line: string): boolean => line.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(line);

/** Bytes at the end that show whether anything was appended. */
const TAIL = 200;
const FOREIGN = /[A-Za-z0-9+/=][ \t]+\S|[^A-Za-z0-9+/=_\s-]/;

/**
 * End of the base64 within bytes that begin with it: mailing lists and virus scanners append a footer as it is, which decodes to noise and then makes the
 * whole text look like another charset. All lines of base64 but the last have one length. Linear; without anything appended, reads the tail alone.
 */
export function endOfBase64(bytes: Buffer): number {
  if (!FOREIGN.test(bytes.subarray(-TAIL).toString('latin1'))) return bytes.length;
  let width = 0;
  let end = bytes.length;
  for (let at = 0; at < bytes.length; ) {
    const lf = bytes.indexOf(0x0a, at);
    const next = lf === -1 ? bytes.length : lf + 1;
    const line = bytes.toString('latin1', at, next).trimEnd();
    if (isWhole(line)) {
      width ||= line.length;
      end = next;
      if (line.length < width || line.endsWith('=')) break;
    } else if (line !== '' || width > 0) {
      const padded = /^[A-Za-z0-9+/]{2,}={1,2}(?=\s)/.exec(line)?.[0].length ?? 0;
      if (width === 0 && padded === 0) return bytes.length;
      end = at + padded;
      break;
    }
    at = next;
  }
  return /[A-Za-z\x80-\xff]{2}/.test(bytes.toString('latin1', end)) ? end : bytes.length;
}
