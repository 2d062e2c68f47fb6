import { errorText } from "../model/error_text.ts";
import { BalancerError } from "../model/errors.ts";

/** Codes by which a system says that it, or this process, has no more of something. */
const RESOURCES: ReadonlySet<string> = new Set(["EMFILE", "ENFILE", "ENOBUFS", "ENOMEM"]);
/** Codes by which it says that this machine has no way there, or no port left to go from. */
const ROUTES: ReadonlySet<string> = new Set(["EADDRNOTAVAIL", "ENETDOWN", "ENETUNREACH"]);

/**
 * Tells whether a connection failed for a reason of this machine, which says nothing about the
 * server.
 *
 * @param origin The server.
 * @param code The code of the runtime's error; an empty text where it has none.
 * @param cause The error.
 * @returns The error to throw; undefined where the reason is not a local one.
 */
export function localFailure(
  origin: string,
  code: string,
  cause: unknown,
): BalancerError | undefined {
  const why = errorText(cause);
  if (RESOURCES.has(code)) {
    const message = `Cannot connect to ${origin}: ${why}; this balancer is short of it, not the ` +
      "server: raise its limit (ulimit -n for files), or give it fewer clients";
    return new BalancerError("out_of_resources", message, { cause });
  }
  if (!ROUTES.has(code)) return undefined;
  const message =
    `Cannot connect to ${origin}: this machine has no way there (${why}); check its ` +
    "network, and the ports that it may use";
  return new BalancerError("no_route", message, { cause });
}
