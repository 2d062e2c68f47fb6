import type { BalancerError } from "../model/errors.ts";
import type { Discover, Server } from "../model/server.ts";
import { invalid } from "./validate.ts";

/**
 * Refuses a change of `discover`, which would turn a server into a source, a source into a server, or
 * one kind of source into another: it is usually a mistake.
 *
 * @param server The server or source before the change.
 * @param discover Its `discover` after the change.
 * @throws {BalancerError} `invalid` if they differ.
 */
export function checkDiscoverKept(server: Server, discover: Discover | undefined): void {
  if (discover !== server.discover) throw discoverChanged(server);
}

function discoverChanged({ url, discover }: Server): BalancerError {
  const is = discover === undefined ? "cannot be given to a server" : `must stay ${discover}`;
  const message = `${is}; delete ${url}, and add it again`;
  return invalid("the change", [{ path: "discover", message }]);
}
