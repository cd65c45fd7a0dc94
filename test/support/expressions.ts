// The regular expressions of a source text, and what a static checker says of each: polynomial or exponential backtracking by its form.
import { stripTypeScriptTypes } from 'node:module';
import { analyse } from 'scslre';
import { parseAst } from 'vitest/node';

interface Expression {
  pattern: string;
  flags: string;
}

export interface Expressions {
  literals: Expression[];
  /** Source of the first argument of each `RegExp(…)` that is built at run time. */
  built: string[];
}

interface Node {
  type?: string;
  regex?: Expression;
  callee?: { name?: string };
  arguments?: { start: number; end: number }[];
  [key: string]: unknown;
}

/** Literals, and calls of RegExp, of a TypeScript source. */
export function expressionsOf(source: string): Expressions {
  const code = stripTypeScriptTypes(source);
  const found: Expressions = { literals: [], built: [] };
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    if (Array.isArray(node)) {
      for (const child of node) visit(child);
      return;
    }
    const one = node as Node;
    if (one.type === 'Literal' && one.regex !== undefined) found.literals.push(one.regex);
    if ((one.type === 'NewExpression' || one.type === 'CallExpression') && one.callee?.name === 'RegExp') {
      const [first] = one.arguments ?? [];
      found.built.push(first === undefined ? '' : code.slice(first.start, first.end));
    }
    for (const child of Object.values(one)) visit(child);
  };
  visit(parseAst(code));
  return found;
}

/**
 * Why an expression may backtrack more than in proportion to its input, or undefined. Static: no time-out can leave it undecided. Repeats with an upper
 * bound count as bounded; what they cost is the growth test's business.
 */
export function superLinear({ pattern, flags }: Expression): string | undefined {
  const { reports } = analyse(new RegExp(pattern, flags));
  if (reports.length === 0) return undefined;
  return [...new Set(reports.map((r) => `${r.exponential ? 'exponential' : 'polynomial'} (${r.type})`))].join(', ');
}
