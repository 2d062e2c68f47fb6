import { BalancerError } from "../../core/errors.ts";

/** An error that says that the server's response breaks HTTP. */
export function badResponse(why: string): BalancerError {
  return new BalancerError("bad_response", `The server's response ${why}`, { source: "upstream" });
}
