// Optional fields of an object literal, where an undefined field is not the same as a missing one (exactOptionalPropertyTypes, JSON).

type Defined<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/** The fields whose value is not undefined: `{ code, ...defined({ text, remote }) }`. Not for hot paths: a literal is faster. */
export const defined = <T extends object>(fields: T): Defined<T> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Defined<T>;
