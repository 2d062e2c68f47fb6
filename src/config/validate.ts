import type { z } from "zod";
import { BalancerError, type Fault } from "../model/errors.ts";
import { printable } from "../model/printable.ts";

/** What says which values are allowed. */
export type Schema<T> = z.ZodType<T>;

/** The most characters of a wrong value that a message shows. */
const SHOWN_MAX = 60;

/**
 * Checks a value against a schema.
 *
 * @param schema What is allowed.
 * @param value What there is.
 * @param what What the value is, for the message: "Cannot use {what}: …".
 * @param at Where the value stands, for the faults' paths. Default: at the top.
 * @returns The value, typed.
 * @throws {BalancerError} `invalid`, with every fault.
 */
export function validate<T>(schema: Schema<T>, value: unknown, what: string, at = ""): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw invalid(what, result.error.issues.flatMap((issue) => toFaults(issue, value, at)));
}

/**
 * The error for input with these faults.
 *
 * @param what What the input is, for the message.
 * @param faults What is wrong with it; of several at one place only the first is kept.
 */
export function invalid(what: string, faults: readonly Fault[]): BalancerError {
  const first = new Map<string, Fault>();
  for (const fault of faults) if (!first.has(fault.path)) first.set(fault.path, fault);
  const unique = [...first.values()];
  const list = unique.map(({ path, message }) => path === "" ? message : `${path} ${message}`);
  return new BalancerError("invalid", `Cannot use ${what}: ${list.join("; ")}`, {
    source: "downstream",
    faults: unique,
  });
}

/**
 * The fault of a name that nobody knows.
 *
 * @param at Where the value stands.
 * @param path The way from there to the name.
 */
export function unknownKey(at: string, path: readonly PropertyKey[]): Fault {
  return {
    path: pathText(at, [...path.slice(0, -1), clip(String(path.at(-1)))]),
    message: "is not known here; remove it or correct its spelling",
  };
}

function toFaults(issue: z.core.$ZodIssue, root: unknown, at: string): Fault[] {
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => unknownKey(at, [...issue.path, key]));
  }
  const value = valueAt(root, issue.path);
  // A custom rule says what is wrong with the value it has seen.
  if (issue.code === "custom") {
    return [{ path: pathText(at, issue.path), message: `${show(value)} ${issue.message}` }];
  }
  const found = value === undefined ? "it is missing" : `not ${show(value)}`;
  return [{ path: pathText(at, issue.path), message: `${issue.message}; ${found}` }];
}

function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  let value = root;
  for (const key of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return value;
}

/** A path as people write it: `servers[2].weight`. */
function pathText(at: string, path: readonly PropertyKey[]): string {
  let text = at;
  for (const key of path) {
    if (typeof key === "number") text += `[${key}]`;
    else {
      const name = key === "" ? '""' : String(key);
      text += text === "" ? name : `.${name}`;
    }
  }
  return text;
}

/** A value for a message: as JSON, shortened, with nothing that could disturb a terminal. */
function show(value: unknown): string {
  if (typeof value === "number") return String(value);
  if (typeof value === "symbol") {
    return `${
      clip(value.description ?? "")
    }, which YAML parsers read differently: write a decimal ` +
      "number without leading zeros";
  }
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  if (typeof value === "object" && value !== null) return "a mapping";
  return clip(JSON.stringify(value) ?? String(value));
}

function clip(text: string): string {
  const shown = printable(text);
  return shown.length <= SHOWN_MAX ? shown : `${shown.slice(0, SHOWN_MAX)}…`;
}
