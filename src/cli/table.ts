// Rows as a plain text table for a terminal.

/** Columns that are empty in every row are left out. */
export function table(rows: readonly Record<string, unknown>[], columns: readonly string[]): string {
  const text = (value: unknown) => (value === undefined || value === null ? '' : String(value));
  const used = columns.filter((column) => rows.some((row) => text(row[column]) !== ''));
  if (used.length === 0) return 'nothing to show\n';
  const lines = [used, ...rows.map((row) => used.map((column) => text(row[column])))];
  const widths = used.map((_, i) => Math.max(...lines.map((line) => [...(line[i] ?? '')].length)));
  const pad = (cell: string, width: number) => cell + ' '.repeat(width - [...cell].length);
  return `${lines
    .map((line) =>
      line
        .map((cell, i) => pad(cell, widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')}\n`;
}
