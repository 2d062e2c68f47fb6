import { type DecisionJson, DECISIONS } from "../admin/decisions.ts";
import { invalid, validate } from "../config/validate.ts";
import { z } from "zod";

const decisions = z.array(DECISIONS.shape.decisions.element);

/**
 * Reads recorded decisions: the response of `GET /decisions`, the output of `explain --json`, or that
 * of `explain --follow --json`, with a decision on each line.
 *
 * @param text The recorded decisions.
 * @param source Name of the file, for error messages.
 * @returns The decisions, in the order of the text.
 * @throws {BalancerError} `invalid`, with every error; also if there is no decision, or one without
 * codes, which older versions did not write.
 */
export function readDecisions(text: string, source: string): DecisionJson[] {
  const value = parse(text, source);
  const list = Array.isArray(value) ? value : listIn(value);
  refuseWithoutCodes(list, source);
  const read = validate(decisions, list, source, "decisions");
  if (read.length === 0) throw invalid(source, [{ path: "", message: "it has no decisions" }]);
  return read;
}

/** Refuses decisions without codes, which do not say which servers a request could not go to. */
function refuseWithoutCodes(list: unknown, source: string): void {
  if (!Array.isArray(list)) return;
  const index = list.findIndex((each) => Array.isArray(each?.candidates) && !("code" in each));
  if (index === -1) return;
  const message =
    "has no code: an older Ballast recorded it, whose decisions cannot be replayed; " +
    "record them again with this version";
  throw invalid(source, [{ path: `decisions[${index}]`, message }]);
}

/** The list in a response of `/decisions`; a single decision is a list of one. */
function listIn(value: unknown): unknown {
  const listed = (value as { readonly decisions?: unknown } | null)?.decisions;
  return listed ?? [value];
}

function parse(text: string, source: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text.split("\n").flatMap((line, index) => {
      if (line.trim() === "") return [];
      try {
        return [JSON.parse(line) as unknown];
      } catch {
        const message = "is not JSON; it must be the output of explain --json or GET /decisions";
        throw invalid(source, [{ path: `line ${index + 1}`, message }]);
      }
    });
  }
}
