import { LeastConnections } from "./least_connections.mjs";

/**
 * A handler that passes each request on with `fetch`, for the runtimes that serve web-standard
 * handlers.
 *
 * @param {readonly string[]} origins The servers.
 * @param {object} init Further options of the runtime's `fetch`.
 * @returns {(request: Request) => Promise<Response>}
 */
export function fetchForwarder(origins, init = {}) {
  const balancer = new LeastConnections(origins.length);
  return async (request) => {
    const index = balancer.pick();
    const url = request.url;
    try {
      // Counted until the head arrives: to follow the content, it would have to go through
      // JavaScript, which costs the runtime its fast path.
      return await fetch(origins[index] + url.slice(url.indexOf("/", 8)), {
        method: request.method,
        headers: request.headers,
        body: request.body,
        redirect: "manual",
        ...init,
      });
    } catch {
      return new Response(null, { status: 502 });
    } finally {
      balancer.finish(index);
    }
  };
}
