/**
 * The configuration and the API spell names with underscores (`health_check_period`), the library
 * in camel case (`healthCheckPeriod`). One schema validates both, so one of them is translated.
 */

import { z } from "zod";

type Camel<Key extends string> = Key extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<Camel<Tail>>}`
  : Key;

/** An object type with its keys in camel case; a key may be left out, but not undefined. */
export type CamelKeys<T> = {
  [Key in keyof T & string as Camel<Key>]: Exclude<T[Key], undefined>;
};

/** A type with the keys of its objects in camel case, at any depth. */
export type NestedCamelKeys<T> = T extends readonly (infer Item)[]
  ? readonly NestedCamelKeys<Item>[]
  : T extends (...args: never[]) => unknown ? T
  : T extends object ? {
      readonly [Key in keyof T as Key extends string ? Camel<Key> : never]: NestedCamelKeys<
        Exclude<T[Key], undefined>
      >;
    }
  : T;

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

/**
 * Copies a value that a schema allows, with the keys of every object that the schema describes in
 * camel case, less those that are undefined.
 */
export function nestedCamelKeys<T>(schema: z.ZodType, value: T): NestedCamelKeys<T> {
  const type = unwrap(schema);
  if (type instanceof z.ZodArray && Array.isArray(value)) {
    const element = type.element as z.ZodType;
    return value.map((item) => nestedCamelKeys(element, item)) as NestedCamelKeys<T>;
  }
  if (!(type instanceof z.ZodObject) || !isObject(value)) return value as NestedCamelKeys<T>;
  const fields: [string, z.ZodType][] = Object.entries(type.shape);
  return Object.fromEntries(
    fields.filter(([key]) => value[key] !== undefined)
      .map(([key, field]) => [camelCase(key), nestedCamelKeys(field, value[key])]),
  ) as NestedCamelKeys<T>;
}

/**
 * Copies a value with the keys of every object that a schema describes spelled with underscores, less
 * those that are undefined. Of an instance of a class only the keys that the schema has are copied: it
 * may well have others.
 */
export function nestedSnakeKeys(schema: z.ZodType, value: unknown): unknown {
  const type = unwrap(schema);
  if (!(type instanceof z.ZodObject) || !isObject(value)) return value;
  const shape: Readonly<Record<string, z.ZodType>> = type.shape;
  const keys = isPlain(value) ? Object.keys(value) : Object.keys(shape).map(camelCase);
  return Object.fromEntries(
    keys.filter((key) => value[key] !== undefined).map((key) => {
      const name = snakeCase(key);
      const field = Object.hasOwn(shape, name) ? shape[name] : undefined;
      return [name, field === undefined ? value[key] : nestedSnakeKeys(field, value[key])];
    }),
  );
}

/** Whether an object is a literal, or was read from JSON, in whatever realm. */
export function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** The schema in `optional()`, `default()` and `prefault()`. */
export function unwrap(schema: z.ZodType): z.ZodType {
  if (
    schema instanceof z.ZodOptional || schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault
  ) return unwrap(schema.unwrap() as z.ZodType);
  return schema;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
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
