// Authentication-Results (RFC 8601 §2.2) and ARC-Authentication-Results (RFC 8617 §4.1.1), with known deviations: no authserv-id (Exchange Online),
// stray domains between the results (older Exchange), a property directly after the id (Yahoo). Linear, bounded.
import { withoutComments } from '../comments.ts';

export interface MethodResult {
  /** Lower case: spf, dkim, dmarc, arc, compauth … */
  method: string;
  /** Lower case: pass, fail, none … */
  result: string;
  /** By `ptype.property`, or the bare name (reason, action), lower case. The first of a name counts. */
  properties: ReadonlyMap<string, string>;
}

export interface Results {
  /** Lower case; undefined if the field begins with a result. */
  authservId: string | undefined;
  /** ARC: the instance. */
  instance: number | undefined;
  results: readonly MethodResult[];
}

/** UTF-16 units read of a field, and results. */
const MAX_FIELD = 8_000;
const MAX_RESULTS = 50;

type Pair = [key: string, value: string | undefined];

export function parseResults(value: string): Results {
  const items = splitItems(withoutComments(value.slice(0, MAX_FIELD)));
  const [instance] = items[0]?.[0]?.[0] === 'i' ? (items.shift() ?? []) : [];
  const first = items[0]?.[0];
  // The authserv-id has no value, unlike a result.
  const authservId = first !== undefined && first[1] === undefined ? first[0] : undefined;
  if (authservId !== undefined) items.shift();
  const results: MethodResult[] = [];
  for (const [head, ...rest] of items) {
    if (head === undefined || !head[0] || !head[1] || head[0].includes('.')) continue; // `none`, or a stray domain
    if (results.length >= MAX_RESULTS) break;
    const properties = new Map<string, string>();
    for (const [key, text] of rest) if (text !== undefined && !properties.has(key)) properties.set(key, text);
    results.push({ method: head[0].split('/', 1)[0] as string, result: head[1].toLowerCase(), properties });
  }
  return { authservId, instance: instance === undefined ? undefined : Number(instance[1]), results };
}

/** Splits at semicolons into words and `key=value`, with optional blanks around `=` and quotes around the value. */
function splitItems(text: string): Pair[][] {
  const items: Pair[][] = [[]];
  let at = 0;
  const skipBlanks = () => {
    while (at < text.length && isBlank(text.charCodeAt(at))) at++;
  };
  for (skipBlanks(); at < text.length; skipBlanks()) {
    if (text[at] === ';') {
      items.push([]);
      at++;
      continue;
    }
    const key = word();
    skipBlanks();
    let value: string | undefined;
    if (text[at] === '=') {
      at++;
      skipBlanks();
      value = text[at] === '"' ? quoted() : word(true);
    }
    if (key !== '' || value !== undefined) items.at(-1)?.push([key.toLowerCase(), value]);
  }
  return items.filter((item) => item.length > 0);

  function word(value = false): string {
    const from = at;
    while (at < text.length && !isBlank(text.charCodeAt(at)) && text[at] !== ';' && (value || text[at] !== '=')) at++;
    return text.slice(from, at);
  }
  function quoted(): string {
    const characters: string[] = [];
    for (at++; at < text.length && text[at] !== '"'; at++) {
      if (text[at] === '\\') at++;
      characters.push(text[at] ?? '');
    }
    at++;
    return characters.join('');
  }
}

const isBlank = (c: number): boolean => c === 0x20 || c === 0x09 || c === 0x0a || c === 0x0d;
