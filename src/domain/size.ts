// Sizes in a readable form. Pure.
import type { Words } from './words.ts';

const KB = 1024;
const MB = 1024 ** 2;

/** @param bytes a limit: it is rounded down, never up. 500000 → 488 KB, 36700160 → 35 MB, 2000000 → 1.9 MB (1,9 MB in German) */
export function shownSize(bytes: number): Words {
  if (bytes < KB) return { en: `${bytes} bytes`, de: `${bytes} Bytes` };
  if (bytes < MB) return { en: `${Math.floor(bytes / KB)} KB`, de: `${Math.floor(bytes / KB)} KB` };
  const tenths = Math.floor((bytes / MB) * 10) / 10;
  const shown = tenths >= 10 ? Math.floor(tenths) : tenths;
  return { en: `${shown} MB`, de: `${String(shown).replace('.', ',')} MB` };
}
