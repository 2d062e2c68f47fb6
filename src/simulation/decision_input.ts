import { DECISIONS } from "../admin/decision_schema.ts";
import type { DecisionJson } from "../admin/decision_json.ts";
import { invalid, validate } from "../config/validate.ts";
import { z } from "zod";

const decisions = z.array(DECISIONS.shape.decisions.element);

/**
 * Reads recorded decisions: what `GET /decisions` answers, what `explain --json` writes, or what
 * `explain --follow --json` writes, a decision on each line.
 *
 * @param text What was recorded.
 * @param source Where it comes from, for the message.
 * @returns The decisions, in the order of the text.
 * @throws {BalancerError} `invalid`, with every fault, or if there is no decision.
 */
export function readDecisions(text: string, source: string): DecisionJson[] {
  const value = parse(text, source);
  const list = Array.isArray(value) ? value : listIn(value);
  const read = validate(decisions, list, source, "decisions");
  if (read.length === 0) throw invalid(source, [{ path: "", message: "it has no decisions" }]);
  return read;
}

/** What `/decisions` answers has them under a name; one alone is a list of one. */
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
        const message = "is not JSON; it must be what explain --json or GET /decisions gives";
        throw invalid(source, [{ path: `line ${index + 1}`, message }]);
      }
    });
  }
}
