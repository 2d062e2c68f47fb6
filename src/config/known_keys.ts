import { BalancerError, type Fault } from "../model/errors.ts";
import { camelCase, type CamelKeys, camelKeys, snakeKeys } from "./names.ts";
import { invalid, type Schema, unknownKey, validate } from "./validate.ts";

/** The names that an object with options of a type can have: the compiler misses none. */
export type KnownKeys<T> = Readonly<Record<keyof T, true>>;

/** An object in which names are looked at. */
export interface NamedObject {
  /** Where it stands; `""` for the outermost. */
  readonly at: string;
  /** The object; undefined where there is none. */
  readonly value: unknown;
  /** The names that it can have. */
  readonly known: Readonly<Record<string, true>>;
}

/**
 * Refuses options with a name that nobody knows, most often a misspelt one: its setting would
 * otherwise be ignored. A name whose value is undefined is not there. An instance of a class is not looked
 * into: it may well have more than what is asked for.
 *
 * @param what What the options are, for the message: "Cannot use {what}: …".
 * @param objects The options, and the objects in them.
 * @throws {BalancerError} `invalid`, with every such name, and whatever is no object.
 */
export function checkKeys(what: string, objects: readonly NamedObject[]): void {
  const faults = objects.flatMap(findUnknown);
  if (faults.length > 0) throw invalid(what, faults);
}

function findUnknown({ at, value, known }: NamedObject): Fault[] {
  if (value === undefined) return [];
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return [{ path: at, message: "must be an object" }];
  }
  if (!isPlain(value)) return [];
  return Object.entries(value)
    .filter(([key, field]) => field !== undefined && !Object.hasOwn(known, key))
    .map(([key]) => unknownKey(at, [key]));
}

/** Whether it was written as an object, or read from JSON, in whatever realm. */
function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/**
 * Checks an object of options by a schema, which spells names with underscores; the library's callers
 * do not.
 *
 * @param schema What is allowed.
 * @param value What there is.
 * @param what What the object is, for the message.
 * @throws {BalancerError} `invalid`, with every fault.
 */
export function checkNames<T extends object>(
  schema: Schema<T>,
  value: unknown,
  what: string,
): CamelKeys<T> {
  // Here, names with underscores are those of the file only.
  const wrong = Object.keys(value ?? {}).filter((key) => key.includes("_"));
  if (wrong.length > 0) throw invalid(what, wrong.map((key) => unknownKey("", [key])));
  try {
    return camelKeys(validate(schema, snakeKeys(value), what));
  } catch (error) {
    if (!(error instanceof BalancerError)) throw error;
    throw invalid(what, error.faults.map((fault) => ({ ...fault, path: camelCase(fault.path) })));
  }
}
