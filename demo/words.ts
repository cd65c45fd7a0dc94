// Words for a person in front of a terminal. Colours only there, and not with NO_COLOR (https://no-color.org).
const coloured = process.stdout.isTTY && !process.env.NO_COLOR;
const colour = (code: number) => (text: string) => (coloured ? `\u001b[${code}m${text}\u001b[0m` : text);
export const bold = colour(1);
export const dim = colour(2);
export const red = colour(31);
export const green = colour(32);

export function say(...parts: string[]): void {
  const line = parts.filter((part, i) => part !== '' || i > 0).join('  ');
  const text = parts[0] === '' ? `\n${line.trimStart()}` : line;
  process.stdout.write(`${text}\n`);
}
