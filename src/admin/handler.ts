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

/** Options of an admin API: who may use it, and what it has beside the balancer. */
export interface AdminOptions {
  /**
   * Host names and IP addresses, without ports, under which the API may be called beside the
   * loopback ones (`localhost`, 127.0.0.0/8, `::1`); `0.0.0.0` or `::` stands for any IP address.
   * Requests for other hosts get 421, so that no web page can reach the API through a name that
   * resolves to this machine. Default: none.
   */
  readonly hosts?: readonly string[];
  /**
   * Bearer token that callers must send (RFC 6750), 16 to 4096 visible ASCII characters without
   * spaces. `/healthz` and the dashboard's files need none. Default: no token is needed.
   */
  readonly token?: string;
  /**
   * The web page at `/` that shows and controls the balancer, from `createDashboard()` of
   * `@ballast/lb/dashboard`. Default: none.
   */
  readonly dashboard?: Dashboard;
  /**
   * The cluster that the balancer has joined, from `joinEtcd()` of `@ballast/lb/etcd`: servers are
   * changed at all of its balancers. Default: none; servers are changed at this balancer alone.
   */
  readonly cluster?: AdminCluster;
  /**
   * Settings of the program around the balancer, such as its ports, for `GET /config`. They take
   * precedence over the balancer's own. Default: none.
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
   * Ends the streams of events, and opens no more. A server that shuts down would wait for them, so
   * call this first. {@linkcode LoadBalancer.close} ends them too.
   */
  readonly close: () => void;
}

/**
 * Creates the HTTP API that shows and controls a balancer: `POST /add`, `POST /update`,
 * `POST /delete`, `GET /servers`, `GET /healthz`; `GET`, `PUT`, `PATCH` and `DELETE` of
 * `/servers/{name or URL}`; and everything else that `GET /openapi.json` describes. Errors are
 * `application/problem+json` (RFC 9457); a refused request changes nothing.
 *
 * It answers only requests for `localhost` and the loopback addresses, and none from web pages of
 * other sites. Without a token, anyone who can reach it has full control: serve it on a loopback
 * address. To be called by another name, for example behind `http://lb.internal:8000`, give it that
 * name and a token: `createAdmin(balancer, { hosts: ["lb.internal"], token })`.
 *
 * @param balancer The balancer.
 * @param options Access to the API, and its parts beside the balancer.
 * @returns The API; pass its `fetch` to a server.
 * @throws {BalancerError} `invalid`, with every fault of the options.
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
          logger.error("Unexpected: {error}", { error });
        }
        return errorToResponse(error);
      }
    },
    close: () => streams.close(),
  };
}
