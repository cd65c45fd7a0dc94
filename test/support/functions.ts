// The functions of a source text, each with its complexity and its lines. Parsed by Rolldown, which vitest runs on. Read by test/unit/architecture.test.ts.
import { parseAst } from 'rolldown/parseAst';

export interface Measured {
  /** `functionName`, or that of the variable or property which holds the function; `anonymous` for a bare callback. */
  name: string;
  /** First line, from 1. */
  line: number;
  /** Cyclomatic: 1, and 1 for each `if`, `?:`, loop, `case`, `catch`, `&&`, `||` and `??`. */
  complexity: number;
  /** Lines of its own: those of the functions within it are theirs. */
  lines: number;
  /** Lines from its first to its last, those of the functions within it included. */
  length: number;
}

interface Node {
  type: string;
  start: number;
  end: number;
  [field: string]: unknown;
}

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && typeof (value as Partial<Node>).type === 'string';

const FUNCTIONS = new Set(['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression']);
const BRANCHES = new Set([
  ...['IfStatement', 'ConditionalExpression', 'LogicalExpression', 'CatchClause'],
  ...['ForStatement', 'ForInStatement', 'ForOfStatement', 'WhileStatement', 'DoWhileStatement'],
]);

const branches = (node: Node): boolean =>
  BRANCHES.has(node.type) ||
  (node.type === 'SwitchCase' && node.test !== null) ||
  (node.type === 'AssignmentExpression' && ['&&=', '||=', '??='].includes(String(node.operator)));

/** Name under which a declaration or a property holds its value. */
function nameOf(node: Node): string | undefined {
  const holder = node.type === 'VariableDeclarator' || FUNCTIONS.has(node.type) ? node.id : node.key;
  return isNode(holder) && typeof holder.name === 'string' ? holder.name : undefined;
}

/** Every function of a TypeScript source. @throws {SyntaxError} */
export function functionsOf(source: string): Measured[] {
  const starts = [0, ...[...source.matchAll(/\n/g)].map(({ index }) => index + 1)];
  const lineOf = (offset: number): number => starts.findLastIndex((start) => start <= offset) + 1;
  const found: Measured[] = [];
  const visit = (value: unknown, within: Measured | undefined, held: string | undefined): void => {
    if (Array.isArray(value)) for (const one of value) visit(one, within, held);
    if (!isNode(value)) return;
    let inner = within;
    let name = nameOf(value) ?? held;
    if (FUNCTIONS.has(value.type)) {
      const line = lineOf(value.start);
      const length = lineOf(value.end) - line + 1;
      inner = { name: name ?? 'anonymous', line, complexity: 1, lines: length, length };
      found.push(inner);
      if (within !== undefined) within.lines -= length - 1;
      name = undefined;
    } else if (inner !== undefined && branches(value)) inner.complexity++;
    for (const field of Object.values(value)) visit(field, inner, name);
  };
  visit(parseAst(source, { lang: 'ts' }), undefined, undefined);
  return found;
}
