import { z } from "zod";
import { BalancerError, type Fault } from "../model/errors.ts";
import {
  camelCase,
  isPlain,
  type NestedCamelKeys,
  nestedCamelKeys,
  nestedSnakeKeys,
  snakeCase,
  unwrap,
} from "./names.ts";
import { invalid, unknownKey, validate } from "./validate.ts";

/**
 * Checks options, whose names are in camel case, by a schema, whose names have underscores. A
 * misspelt name is a fault, as its option would otherwise be ignored; one whose value is undefined
 * counts as absent.
 *
 * @param schema The schema.
 * @param value The options.
 * @param what Name of the options in the message: "Cannot use {what}: …".
 * @returns The options as they were given, typed.
 * @throws {BalancerError} `invalid`, with every fault.
 */
export function checkOptions<S extends z.ZodType>(
  schema: S,
  value: unknown,
  what: string,
): NestedCamelKeys<z.input<S>> {
  const named = nestedSnakeKeys(schema, value);
  validateNamed(schema, { value, named }, what);
  return nestedCamelKeys(schema, named as z.input<S>);
}

/**
 * Checks options as {@linkcode checkOptions} does, and fills in the defaults.
 *
 * @throws {BalancerError} `invalid`, with every fault.
 */
export function completeOptions<S extends z.ZodType>(
  schema: S,
  value: unknown,
  what: string,
): NestedCamelKeys<z.output<S>> {
  const named = nestedSnakeKeys(schema, value);
  return nestedCamelKeys(schema, validateNamed(schema, { value, named }, what));
}

/** Validates options as they were given, and as the schema names them. */
function validateNamed<S extends z.ZodType>(
  schema: S,
  { value, named }: { readonly value: unknown; readonly named: unknown },
  what: string,
): z.output<S> {
  // To a program, names with underscores are unknown.
  const faults = findUnderscores(schema, value, "");
  if (faults.length > 0) throw invalid(what, faults);
  try {
    return validate(schema, named, what) as z.output<S>;
  } catch (error) {
    if (!(error instanceof BalancerError)) throw error;
    throw invalid(what, error.faults.map((fault) => ({ ...fault, path: camelCase(fault.path) })));
  }
}

function findUnderscores(schema: z.ZodType, value: unknown, at: string): Fault[] {
  const type = unwrap(schema);
  if (!(type instanceof z.ZodObject) || typeof value !== "object" || value === null) return [];
  if (!isPlain(value)) return [];
  return Object.entries(value).flatMap(([key, field]) => {
    if (field === undefined) return [];
    if (key.includes("_")) return [unknownKey(at, [key])];
    const name = snakeCase(key);
    const known = Object.hasOwn(type.shape, name);
    return known ? findUnderscores(type.shape[name], field, at === "" ? key : `${at}.${key}`) : [];
  });
}
