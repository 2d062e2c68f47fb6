import { BalancerError } from "../../model/errors.ts";

/**
 * Checks that the runtime can accept connections in a way that is known here.
 *
 * @throws {BalancerError} `unsupported` where it cannot, with what to do instead.
 */
export function checkCanListen(): void {
  if (typeof Deno !== "undefined" && "serve" in Deno) return;
  throw new BalancerError(
    "unsupported",
    "Cannot listen: only Deno can. Give balancer.fetch to the runtime's own server: on Bun, " +
      "Bun.serve({ fetch: balancer.fetch }); on Node, createServer(getRequestListener(" +
      "balancer.fetch)) with createServer of node:http and getRequestListener of @hono/node-server",
  );
}
