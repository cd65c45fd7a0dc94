// What commands print to stdout: a text, one JSON document, or either by the option --json.

export const print = (text: string): void => void process.stdout.write(text);

export const printJson = (value: unknown): void => print(`${JSON.stringify(value, null, 2)}\n`);

/** @param text what is printed without --json */
export const printAs = (json: boolean | undefined, value: unknown, text: () => string): void =>
  json === true ? printJson(value) : print(text());
