import { BalancerError, type ErrorCode } from "../model/errors.ts";
import type { Server } from "../model/server.ts";
import type { Preconditions } from "./preconditions.ts";

/** The refusals of those who were too late. */
const TOO_LATE: readonly ErrorCode[] = ["conflict", "already_exists", "not_found"];

/** What a change was decided by. */
export interface Preconditioned {
  /** Under which conditions it is to be made. */
  readonly conditions: Preconditions;
  /** Finds the server as it is now. */
  look(): Server | undefined;
}

/**
 * Makes a change whose conditions held when it was decided on. If somebody else was faster, so that
 * they hold no longer, it is told as the conditions are (RFC 9110 §13.1).
 *
 * @param make Makes it.
 * @param basis What it was decided by.
 * @throws {Problem} 412 if the conditions do not hold any more.
 */
export async function withPrecondition<T>(
  make: () => T | Promise<T>,
  basis: Preconditioned,
): Promise<T> {
  try {
    return await make();
  } catch (error) {
    if (error instanceof BalancerError && TOO_LATE.includes(error.code)) {
      basis.conditions.checkChange(basis.look());
    }
    throw error;
  }
}
