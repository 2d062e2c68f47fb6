import { getLogger } from "@logtape/logtape";
import { BalancerError } from "../core/errors.ts";
import { CHANGE_ROUTES } from "./change_routes.ts";
import { dashboardRoutes } from "./dashboard_routes.ts";
import { type AdminOptions, Guard } from "./guard.ts";
import { errorToResponse, Problem } from "./problem.ts";
import { Router } from "./router.ts";
import { STATUS_ROUTES } from "./status_routes.ts";
import type { AdminTarget } from "./target.ts";

const logger = getLogger(["ballast", "admin"]);

/** An admin API, ready to be served. */
export interface Admin {
  /** Answers a request to the admin API. Never rejects. */
  readonly fetch: (request: Request) => Promise<Response>;
}

const ROUTES = { ...CHANGE_ROUTES, ...STATUS_ROUTES };

/**
 * The HTTP API by which a balancer's servers are added, changed and removed: `POST /add`,
 * `POST /update`, `POST /delete`, `GET /servers`, `GET /healthz`. Errors are
 * `application/problem+json` (RFC 9457); after one, nothing has changed.
 *
 * It answers only requests for `localhost` and the loopback addresses, and none that web pages of
 * other sites send. Without a token, whoever can reach it rules: serve it on a loopback address.
 * To be called by another name, for example behind `http://lb.internal:8000`, give it that name and
 * a token: `createAdmin(balancer, { hosts: ["lb.internal"], token })`.
 *
 * @param balancer What to change.
 * @param options Who may use it, and whether it has a dashboard.
 * @returns The API; pass its `fetch` to a server.
 * @throws {BalancerError} `invalid` if the options make no sense.
 *
 * @example
 * ```ts
 * import { createAdmin, LoadBalancer } from "@ballast/lb";
 *
 * await using balancer = new LoadBalancer();
 * const admin = createAdmin(balancer);
 * const response = await admin.fetch(new Request("http://localhost/healthz"));
 * console.assert(response.status === 200);
 * ```
 */
export function createAdmin(balancer: AdminTarget, options: AdminOptions = {}): Admin {
  const guard = new Guard(options);
  const router = new Router({ ...ROUTES, ...dashboardRoutes(options.dashboard) });
  return { fetch: (request) => answer(balancer, { guard, router }, request) };
}

async function answer(
  target: AdminTarget,
  { guard, router }: { readonly guard: Guard; readonly router: Router },
  request: Request,
): Promise<Response> {
  try {
    await guard.check(request);
    const { route, call } = router.find(request);
    const value = await route(target, call);
    if (value instanceof Response) return value;
    return new Response(JSON.stringify(value) + "\n", {
      headers: { "content-type": "application/json", "cache-control": "no-store" },
    });
  } catch (error) {
    if (!(error instanceof Problem || error instanceof BalancerError)) {
      logger.error("Unexpected: {error}", { error });
    }
    return errorToResponse(error);
  }
}
