/**
 * The configuration and the API spell names with underscores (`health_check_period`), the library
 * in camel case (`healthCheckPeriod`). One schema validates both, so one of them is translated.
 */

type Camel<Key extends string> = Key extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<Camel<Tail>>}`
  : Key;

/** An object type with its keys in camel case; a key may be left out, but not undefined. */
export type CamelKeys<T> = {
  [Key in keyof T & string as Camel<Key>]: Exclude<T[Key], undefined>;
};

/** A name in camel case, spelled in lower case with a separator between its words. */
export type Separated<Name extends string, Separator extends string> = Name extends
  `${infer Head}${infer Tail}`
  ? `${Head extends Lowercase<Head> ? Head : `${Separator}${Lowercase<Head>}`}${Separated<
    Tail,
    Separator
  >}`
  : Name;

/** An object type with its keys spelled with underscores. */
export type SnakeKeys<T> = { [Key in keyof T as Separated<Key & string, "_">]: T[Key] };

/** A copy of an object with its keys in camel case, less those that are undefined. */
export function camelKeys<T extends object>(value: T): CamelKeys<T> {
  return mapKeys(value, camelCase) as CamelKeys<T>;
}

/** A copy of an object with its keys spelled with underscores, less those that are undefined. */
export function snakeKeys(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return mapKeys(value, snakeCase);
}

/** `health_check_period` → `healthCheckPeriod`. */
export function camelCase(key: string): string {
  return key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** `healthCheckPeriod` → `health_check_period`. */
export function snakeCase(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function mapKeys(value: object, rename: (key: string) => string): Record<string, unknown> {
  const entries = Object.entries(value).filter(([, field]) => field !== undefined);
  return Object.fromEntries(entries.map(([key, field]) => [rename(key), field]));
}
