import { getLogger } from "@logtape/logtape";

const logger = getLogger(["ballast", "callback"]);

/**
 * Calls a function that the user of this library supplied, and logs its failure: an exception must
 * not reach a client's request or a timer, where it would end the process.
 *
 * @param what The action, for the log; for example `write the access log`.
 * @param call Calls the function and returns its result; a rejected promise is a failure too.
 */
export function callGuarded(what: string, call: () => unknown): void {
  try {
    logRejection(what, call());
  } catch (error) {
    logCallFailure(what, error);
  }
}

/**
 * Logs the rejection of a promise that a user's function returned: an unhandled rejection ends the
 * process.
 *
 * @param what See {@linkcode callGuarded}.
 * @param result The function's return value.
 */
export function logRejection(what: string, result: unknown): void {
  if (typeof result !== "object" || result === null || !("then" in result)) return;
  // A promise of another realm, or of a library, is one as well.
  Promise.resolve(result).catch((error) => logCallFailure(what, error));
}

/**
 * Logs that a user's function failed.
 *
 * @param what See {@linkcode callGuarded}.
 * @param error The exception.
 */
export function logCallFailure(what: string, error: unknown): void {
  logger.error("Cannot {what}: {error}", { what, error });
}
