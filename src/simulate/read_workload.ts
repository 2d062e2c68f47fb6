import { camelKeys } from "../config/names.ts";
import { invalid, validate } from "../config/validate.ts";
import { DEFAULT_WORKLOAD, type Workload } from "./workload.ts";
import { workloadSchema } from "./workload_schema.ts";

/** What an access log says in place of a workload. */
const RECORDED = ["rate", "load", "arrivals", "clients"] as const;

/**
 * Checks a workload, and fills in the defaults.
 *
 * @param value What its file says, as parsed YAML; null is an empty file.
 * @param source Where it comes from, for the message.
 * @param options Whether the requests are those of an access log. Default: they are drawn.
 * @throws {BalancerError} `invalid`, with every fault and its path.
 */
export function readWorkload(
  value: unknown,
  source: string,
  { recorded = false }: { readonly recorded?: boolean } = {},
): Workload {
  const given = camelKeys(validate(workloadSchema, value ?? {}, source));
  if (recorded) checkRecorded(given, source);
  const workload = { ...DEFAULT_WORKLOAD, ...given } as Workload;
  // What was asked for is not to be cut short: all of a log, or all of a duration.
  const isLimited = given.requests !== undefined || !recorded && given.duration === undefined;
  return isLimited ? workload : { ...workload, requests: undefined };
}

function checkRecorded(given: Readonly<Record<string, unknown>>, source: string): void {
  const faults = RECORDED.filter((name) => given[name] !== undefined)
    .map((path) => ({ path, message: "cannot be given where an access log says it; remove it" }));
  if (faults.length > 0) throw invalid(source, faults);
}
