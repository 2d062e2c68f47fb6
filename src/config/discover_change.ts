import type { BalancerError } from "../model/errors.ts";
import type { Discover, Server } from "../model/server.ts";
import { invalid } from "./validate.ts";

/**
 * Refuses to make an entry a server, a server an entry, or an entry one that finds servers in another
 * way: who asks for that means something else more often than not.
 *
 * @param server What is to be changed.
 * @param discover How servers are to be found after the change.
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
