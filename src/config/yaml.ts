// YAML (and JSON, which is YAML) with errors that name the line. The core schema of YAML 1.2: `no` and `on` stay text, dates stay text.
import { parseDocument } from 'yaml';

/** @throws Error whose message names line and column. */
export function parseYaml(text: string): unknown {
  const document = parseDocument(text.replace(/^\uFEFF/, ''), {
    prettyErrors: true,
    uniqueKeys: true,
    logLevel: 'silent',
  });
  const [error] = document.errors;
  if (error) {
    const [place] = error.linePos ?? [];
    const reason = error.message.split('\n')[0]?.replace(/ at line \d+, column \d+:?$/, '') ?? 'is not YAML';
    throw new Error(`line ${place?.line ?? '?'}, column ${place?.col ?? '?'}: ${reason}`);
  }
  // An alias bomb is refused by maxAliasCount (100).
  return document.toJS({ maxAliasCount: 100 });
}
