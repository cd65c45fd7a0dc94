// YAML (and JSON, which is YAML) with errors that name the line. The core schema of YAML 1.2: `no` and `on` stay text, dates stay text.
import { parseDocument, visit } from 'yaml';

/** Reported as errors: the library would ignore the rest of the file, or the tag (`!vault …`). */
const REASONS: Readonly<Record<string, string>> = {
  MULTIPLE_DOCS: 'a second document begins here (---); only one is read',
  TAG_RESOLVE_FAILED: 'a tag like !secret or !vault is not supported',
};

/** @throws Error whose message names line and column. */
export function parseYaml(text: string): unknown {
  const document = parseDocument(text.replace(/^\uFEFF/, ''), { prettyErrors: true, uniqueKeys: true, merge: true });
  const [error] = [...document.errors, ...document.warnings.filter(({ code }) => code in REASONS)];
  if (error) {
    const [place] = error.linePos ?? [];
    const first = error.message.split('\n')[0]?.replace(/ at line \d+, column \d+:?$/, '');
    throw new Error(
      `line ${place?.line ?? '?'}, column ${place?.col ?? '?'}: ${REASONS[error.code] ?? first ?? 'is not YAML'}`,
    );
  }
  // A number that is written in another way stays as it is written: a password 00123 is not 123.
  visit(document, {
    Scalar(_, scalar) {
      if (typeof scalar.value === 'number' && scalar.source !== undefined && scalar.source !== String(scalar.value))
        scalar.value = scalar.source;
    },
  });
  // An alias bomb is refused by maxAliasCount (100).
  return document.toJS({ maxAliasCount: 100 });
}
