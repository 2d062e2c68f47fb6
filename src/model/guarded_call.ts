import { getLogger } from "@logtape/logtape";

const logger = getLogger(["ballast", "callback"]);

/**
 * Calls a function of the program that uses this library, and logs its failure: what it throws must
 * not reach a client's request or a timer, where it would end the process.
 *
 * @param what What cannot be done if it fails, for the log; for example `write the access log`.
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
 * Logs it if a caller's function returned a promise that rejects: a rejection that nobody handles
 * ends the process.
 *
 * @param what See {@linkcode callGuarded}.
 * @param result What the function returned.
 */
export function logRejection(what: string, result: unknown): void {
  if (typeof result !== "object" || result === null || !("then" in result)) return;
  // A promise of another realm, or of a library, is one as well.
  Promise.resolve(result).catch((error) => logCallFailure(what, error));
}

/**
 * Logs that a caller's function failed.
 *
 * @param what See {@linkcode callGuarded}.
 * @param error What it threw.
 */
export function logCallFailure(what: string, error: unknown): void {
  logger.error("Cannot {what}: {error}", { what, error });
}
