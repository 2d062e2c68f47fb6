import { z } from "zod";
import { validate } from "../config/validate.ts";

/** For how long a balancer counts as up after its last sign, in seconds. */
const LEASE_SECONDS = 10;

/** What a balancer is to the others. */
export interface ClusterOptions {
  /** How people call it, 1 to 255 characters. Default: its id. */
  readonly name?: string | undefined;
  /** The URL of its admin API, for people. Default: it says none. */
  readonly admin?: string | undefined;
  /** Whether it checks servers for others, and uses what they find. Default: false. */
  readonly sharedHealth?: boolean | undefined;
  /**
   * For how long it counts as up after its last sign, and for how long it uses what others have
   * found after theirs, in whole seconds, 2 to 3600. Default: 10.
   */
  readonly lease?: number | undefined;
}

const NAME = "must be a text of 1 to 255 characters, without control characters";
const LEASE = "must be a whole number of seconds from 2 to 3600";

const fleetSchema = z.strictObject({
  name: z.string({ error: NAME }).regex(/^\P{Cc}{1,255}$/u, { error: NAME }).optional(),
  admin: z.string({ error: "must be a URL" }).max(2048, { error: "must be a URL" }).optional(),
  sharedHealth: z.boolean({ error: "must be true or false" }).optional(),
  lease: z.number({ error: LEASE }).int({ error: LEASE }).min(2, { error: LEASE })
    .max(3600, { error: LEASE }).optional(),
}, { error: "must be an object" });

/** Options that were checked, with the defaults filled in. */
export interface CheckedClusterOptions {
  /** How people call it. */
  readonly name: string;
  /** The URL of its admin API; undefined where it says none. */
  readonly admin: string | undefined;
  /** Whether it checks servers for others, and uses what they find. */
  readonly sharedHealth: boolean;
  /** For how long a sign counts, in seconds. */
  readonly lease: number;
}

/**
 * Checks what a balancer shall be to the others.
 *
 * @param options What was given.
 * @param id Its id.
 * @throws {BalancerError} `invalid`, with every fault.
 */
export function checkClusterOptions(options: ClusterOptions, id: string): CheckedClusterOptions {
  const { name = id, admin, sharedHealth = false, lease = LEASE_SECONDS } = validate(
    fleetSchema,
    options,
    "the options of the fleet",
  );
  return { name, admin, sharedHealth, lease };
}
