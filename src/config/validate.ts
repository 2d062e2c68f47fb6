import type { z } from "zod";
import { BalancerError, type Fault } from "../model/errors.ts";
import { printable } from "../model/printable.ts";

/** Schema of values. */
export type Schema<T> = z.ZodType<T>;

/** Maximum characters of an invalid value in a message. */
const SHOWN_MAX = 60;

/**
 * Checks a value against a schema.
 *
 * @param schema The schema.
 * @param value The value.
 * @param what Name of the value in the message: "Cannot use {what}: …".
 * @param at Path of the value in its document, which the faults' paths begin with. Default: none.
 * @returns The value, typed.
 * @throws {BalancerError} `invalid`, with every fault.
 */
export function validate<T>(schema: Schema<T>, value: unknown, what: string, at = ""): T {
  const result = schema.safeParse(value, { error: plainMessage });
  if (result.success) return result.data;
  throw invalid(what, result.error.issues.flatMap((issue) => toFaults(issue, value, at)));
}

/** The message of a rule that has none of its own. */
function plainMessage(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code === "invalid_type") return `must be of type ${issue.expected}`;
  if (issue.code === "invalid_value") return `must be one of ${issue.values.join(", ")}`;
  return undefined;
}

/**
 * Makes the error for input with these faults.
 *
 * @param what Name of the input in the message.
 * @param faults The faults; of several with one path, only the first is kept.
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
 * Makes the fault of an unknown name.
 *
 * @param at Path of the value in its document.
 * @param path Path of the name in the value.
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
  // The message of a custom rule continues a sentence that begins with the value.
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

/** Formats a path: `servers[2].weight`. */
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

/** Formats a value for a message: as JSON, shortened, without anything that could drive a terminal. */
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
