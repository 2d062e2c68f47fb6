import { errorText } from "../model/error_text.ts";
import { BalancerError } from "../model/errors.ts";
import { mayConnect } from "../runtime/net_permission.ts";
import { localFailure } from "./local_failure.ts";

/** The prefix of Deno's errors of name lookups, which have no code. */
const LOOKUP_FAILED = /^failed to lookup address information/;
/** The address on which a socket is opened to see whether that is possible. */
const ANY_PORT = { hostname: "127.0.0.1", port: 0 };

/**
 * The error for a connection that could not be made.
 *
 * @param origin The server.
 * @param cause The runtime's exception.
 */
export function explainConnectFailure(origin: string, cause: unknown): BalancerError {
  const message = errorText(cause);
  const reason = LOOKUP_FAILED.test(message) ? reasonOfLookup() : cause;
  return localFailure(origin, codeOf(reason), reason) ?? connectFailed(origin, message, cause);
}

/** The error for a connection that failed because of the server. */
export function connectFailed(origin: string, why: string, cause: unknown): BalancerError {
  const message = `Cannot connect to ${origin}: ${why}`;
  return new BalancerError("connect_failed", message, { source: "upstream", cause });
}

/**
 * Finds the reason that may be behind a failed lookup: a system resolver that cannot open a file
 * reports an unknown name. So a socket is opened, where Deno permits one, to see whether that works.
 */
function reasonOfLookup(): unknown {
  if (!mayConnect(`${ANY_PORT.hostname}:${ANY_PORT.port}`)) return undefined;
  try {
    Deno.listen(ANY_PORT).close();
    return undefined;
  } catch (error) {
    return error;
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error ? (error as { code?: string }).code ?? "" : "";
}
