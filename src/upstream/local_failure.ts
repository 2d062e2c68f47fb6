import { errorText } from "../model/error_text.ts";
import { BalancerError } from "../model/errors.ts";

/** Error codes for a system or process that is out of some resource. */
const RESOURCES: ReadonlySet<string> = new Set(["EMFILE", "ENFILE", "ENOBUFS", "ENOMEM"]);
/** Error codes for a machine without a route to the server, or without a free port. */
const ROUTES: ReadonlySet<string> = new Set(["EADDRNOTAVAIL", "ENETDOWN", "ENETUNREACH"]);

/**
 * Recognizes connections that failed because of this machine, not because of the server.
 *
 * @param origin The server.
 * @param code The code of the runtime's error; an empty text if it has none.
 * @param cause The error.
 * @returns The error to throw; undefined if the cause is not local.
 */
export function localFailure(
  origin: string,
  code: string,
  cause: unknown,
): BalancerError | undefined {
  const why = errorText(cause);
  if (RESOURCES.has(code)) {
    const message =
      `Cannot connect to ${origin}: ${why}; the shortage is on this balancer, not the ` +
      "server: raise its limit (ulimit -n for files), or give it fewer clients";
    return new BalancerError("out_of_resources", message, { cause });
  }
  if (!ROUTES.has(code)) return undefined;
  const message =
    `Cannot connect to ${origin}: this machine has no route there (${why}); check its ` +
    "network and its port range";
  return new BalancerError("no_route", message, { cause });
}
