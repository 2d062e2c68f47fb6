import type { Fault } from "../model/errors.ts";
import { isPlain } from "./names.ts";
import { invalid, unknownKey } from "./validate.ts";

/** The names that an object with options of a type can have: the compiler misses none. */
export type KnownKeys<T> = Readonly<Record<keyof T, true>>;

/** An object in options, and the names that it can have. */
export interface NamedObject {
  /** Path of the object; `""` for the outermost. */
  readonly at: string;
  /** The object; undefined where there is none. */
  readonly value: unknown;
  /** Names that it can have. */
  readonly known: Readonly<Record<string, true>>;
}

/**
 * Refuses unknown names in options that no schema describes: most are misspelt, and their option
 * would be ignored. A name whose value is undefined counts as absent. An instance of a class is not
 * checked: it may well have more than the options.
 *
 * @param what Name of the options in the message: "Cannot use {what}: …".
 * @param objects The options, and the objects in them.
 * @throws {BalancerError} `invalid`, with every unknown name, and every value that is not an object.
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
