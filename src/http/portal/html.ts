// Templates as tagged strings: every value is escaped unless it is itself a template. Pure.

const made = new WeakSet<object>();
export interface Html {
  readonly text: string;
}
export type Value = Html | string | number | boolean | null | undefined | readonly Value[];

/** html`<b>${name}</b>`: text is escaped, templates are inserted, lists are joined; undefined, null and booleans are omitted. */
export function html(parts: TemplateStringsArray, ...values: readonly Value[]): Html {
  const text = parts.reduce(
    (all, part, index) => all + part + (index < values.length ? render(values[index]) : ''),
    '',
  );
  const result = Object.freeze({ text });
  made.add(result);
  return result;
}

function render(value: Value): string {
  if (value === null || value === undefined || value === false || value === true) return '';
  if (Array.isArray(value)) return value.map(render).join('');
  if (typeof value === 'object') {
    if (!made.has(value)) throw new TypeError('only html`…` makes templates');
    return (value as Html).text;
  }
  return escaped(String(value));
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const escaped = (text: string): string => text.toWellFormed().replace(/[&<>"']/g, (char) => ENTITIES[char] ?? char);
