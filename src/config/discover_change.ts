import type { BalancerError } from "../model/errors.ts";
import type { Discover, Server } from "../model/server.ts";
import { invalid } from "./validate.ts";

/**
 * Refuses a change of `discover`: between a server and a source, or between the kinds of sources.
 *
 * @param server The server or source before the change.
 * @param discover The value after the change.
 * @throws {BalancerError} `invalid`.
 */
export function checkDiscoverKept(server: Server, discover: Discover | undefined): void {
  if (discover !== server.discover) throw discoverChanged(server);
}

function discoverChanged({ url, discover }: Server): BalancerError {
  const is = discover === undefined ? "cannot be given to a server" : `must stay ${discover}`;
  const message = `${is}; delete ${url}, and add it again`;
  return invalid("the change", [{ path: "discover", message }]);
}
