import { z } from "zod";
import { validate } from "../config/validate.ts";

/** Default time to live of a balancer's lease, in seconds. */
const LEASE_SECONDS = 10;

/** A balancer's name and role in a cluster. */
export interface ClusterOptions {
  /** Name for display, 1 to 255 characters. Default: its ID. */
  readonly name?: string | undefined;
  /** URL of its admin API, for display. Default: none. */
  readonly admin?: string | undefined;
  /** Whether it shares health checks with the other balancers. Default: false. */
  readonly sharedHealth?: boolean | undefined;
  /**
   * Whole seconds after its last heartbeat during which a balancer counts as up and its health
   * check results are used, 2 to 3600. Default: 10.
   */
  readonly lease?: number | undefined;
}

const NAME = "must be text of 1 to 255 characters, without control characters";
const LEASE = "must be a whole number of seconds from 2 to 3600";

const optionsSchema = z.strictObject({
  name: z.string({ error: NAME }).regex(/^\P{Cc}{1,255}$/u, { error: NAME }).optional(),
  admin: z.string({ error: "must be a URL" }).max(2048, { error: "must be a URL" }).optional(),
  sharedHealth: z.boolean({ error: "must be true or false" }).optional(),
  lease: z.number({ error: LEASE }).int({ error: LEASE }).min(2, { error: LEASE })
    .max(3600, { error: LEASE }).optional(),
}, { error: "must be an object" });

/** Validated options with the defaults filled in. */
export interface CheckedClusterOptions {
  /** Name for display. */
  readonly name: string;
  /** URL of its admin API, if any. */
  readonly admin: string | undefined;
  /** Whether it shares health checks with the other balancers. */
  readonly sharedHealth: boolean;
  /** Time to live of its lease, in seconds. */
  readonly lease: number;
}

/**
 * Validates cluster options.
 *
 * @param options The options.
 * @param id The balancer's ID.
 * @throws {BalancerError} `invalid`, with every fault.
 */
export function checkClusterOptions(options: ClusterOptions, id: string): CheckedClusterOptions {
  const { name = id, admin, sharedHealth = false, lease = LEASE_SECONDS } = validate(
    optionsSchema,
    options,
    "the cluster options",
  );
  return { name, admin, sharedHealth, lease };
}
