import { getLogger } from "@logtape/logtape";
import type { LoadBalancer } from "../balancer/load_balancer.ts";
import type { Config } from "../config/config.ts";
import { checkKeys, type KnownKeys } from "../config/known_keys.ts";
import { BalancerError } from "../model/errors.ts";
import { systemClock } from "../runtime/system_clock.ts";
import { type Dashboard, dashboardRoutes } from "./dashboard.ts";
import { EventStreams } from "./event_streams.ts";
import { Guard } from "./guard.ts";
import { jsonResponse } from "./operation.ts";
import { errorToResponse, Problem } from "./problem.ts";
import { Router } from "./router.ts";
import { adminRoutes } from "./routes.ts";
import type { AdminCluster, AdminTarget } from "./target.ts";
import { TrafficMeter } from "./traffic_meter.ts";

const logger = getLogger(["ballast", "admin"]);

/** Options of an admin API: access control, dashboard and cluster. */
export interface AdminOptions {
  /**
   * Host names and IP addresses, without ports, that requests may be addressed to in addition to
   * the loopback ones (`localhost`, 127.0.0.0/8, `::1`); `0.0.0.0` or `::` allows any IP address.
   * Requests for other hosts get 421, which protects against DNS rebinding. Default: none.
   */
  readonly hosts?: readonly string[];
  /**
   * Bearer token that callers must send (RFC 6750), 16 to 4096 visible ASCII characters without
   * spaces. `/healthz` and the dashboard's files need none. Default: none, no token is required.
   */
  readonly token?: string;
  /**
   * The dashboard to serve at `/`, from `createDashboard()` of `@ballast/lb/dashboard`. Default:
   * none.
   */
  readonly dashboard?: Dashboard;
  /**
   * The cluster that the balancer has joined, from `joinEtcd()` of `@ballast/lb/etcd`. Changes then
   * apply to all of its balancers. Default: none; changes apply to this balancer only.
   */
  readonly cluster?: AdminCluster;
  /**
   * Settings of the surrounding program, such as its ports, which `GET /config` returns in place of
   * the balancer's own. Default: none.
   */
  readonly settings?: Partial<Config>;
}

const OPTION_NAMES: KnownKeys<AdminOptions> = {
  ...{ hosts: true, token: true, dashboard: true, settings: true, cluster: true },
};

/** An admin API, ready to be served. */
export interface Admin {
  /** Answers a request to the admin API. Never rejects. */
  readonly fetch: (request: Request) => Promise<Response>;
  /**
   * Ends all event streams and opens no new ones. Call it before shutting down the HTTP server,
   * which would otherwise wait for them. {@linkcode LoadBalancer.close} ends them too.
   */
  readonly close: () => void;
}

/**
 * Creates the admin API of a balancer, an HTTP API that monitors and changes it.
 * `GET /openapi.json` describes all of its routes. Errors are `application/problem+json` (RFC
 * 9457); a request that fails changes nothing.
 *
 * By default, it answers only requests for `localhost` and the loopback addresses, and refuses
 * requests from web pages of other sites. Without a token, anyone who can reach it has full
 * control, so serve it on a loopback address. To call it by another name, such as
 * `http://lb.internal:8000`, set that name and a token:
 * `createAdmin(balancer, { hosts: ["lb.internal"], token })`.
 *
 * @param balancer The balancer.
 * @param options Access control, dashboard and cluster.
 * @returns The API; pass its `fetch` to an HTTP server.
 * @throws {BalancerError} `invalid`, with every fault of the options.
 *
 * @example Call the admin API
 * ```ts
 * import { createAdmin, LoadBalancer } from "@ballast/lb";
 *
 * await using balancer = new LoadBalancer();
 * const admin = createAdmin(balancer);
 * const response = await admin.fetch(new Request("http://localhost/healthz"));
 * console.assert(response.status === 200);
 * ```
 */
export function createAdmin(balancer: LoadBalancer, options: AdminOptions = {}): Admin {
  // A misspelt token would leave the API open to everyone.
  checkKeys("the options", [{ at: "", value: options, known: OPTION_NAMES }]);
  const { hosts, token, dashboard, cluster, settings } = options;
  const guard = new Guard({ hosts, token, hasDashboard: dashboard !== undefined });
  const target: AdminTarget = { balancer, writer: cluster ?? balancer, cluster };
  const streams = new EventStreams(systemClock);
  const meter = new TrafficMeter(balancer);
  const router = new Router({
    ...adminRoutes({ streams, meter, settings }),
    ...dashboardRoutes(dashboard),
  });
  return {
    async fetch(request): Promise<Response> {
      try {
        await guard.check(request);
        const { operation, call } = router.find(request);
        const value = await operation.handler(target, call);
        return value instanceof Response ? value : jsonResponse(value);
      } catch (error) {
        if (!(error instanceof Problem || error instanceof BalancerError)) {
          logger.error("Unexpected error in the admin API: {error}", { error });
        }
        return errorToResponse(error);
      }
    },
    close: () => streams.close(),
  };
}
