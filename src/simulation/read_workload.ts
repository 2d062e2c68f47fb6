import { camelKeys } from "../config/names.ts";
import { validate } from "../config/validate.ts";
import { DEFAULT_WORKLOAD, type Workload } from "./workload.ts";
import { workloadSchema } from "./workload_schema.ts";

/**
 * Checks a workload, and fills in the defaults.
 *
 * @param value What its file says, as parsed YAML; null is an empty file.
 * @param source Where it comes from, for the message.
 * @throws {BalancerError} `invalid`, with every fault and its path.
 */
export function readWorkload(value: unknown, source: string): Workload {
  const given = camelKeys(validate(workloadSchema, value ?? {}, source));
  const workload = { ...DEFAULT_WORKLOAD, ...given } as Workload;
  // Only one of both is the default: a duration that was asked for is not to be cut short.
  if (given.duration === undefined || given.requests !== undefined) return workload;
  return { ...workload, requests: undefined };
}
