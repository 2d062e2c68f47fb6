import { getLogger } from "@logtape/logtape";
import type { Config } from "../config/config.ts";
import type { LoadBalancer } from "../balancer/load_balancer.ts";
import { BalancerError } from "../model/errors.ts";
import { systemClock } from "../runtime/system_clock.ts";
import { jsonAnswer } from "./answer.ts";
import { CHANGE_ROUTES } from "./change_routes.ts";
import { configRoutes } from "./config_route.ts";
import { dashboardRoutes } from "./dashboard_routes.ts";
import { DECISION_ROUTES } from "./decision_routes.ts";
import { DISCOVERY_ROUTES } from "./discovery_routes.ts";
import { eventRoutes } from "./event_routes.ts";
import { EventStreams } from "./event_streams.ts";
import { FLEET_ROUTES } from "./cluster_routes.ts";
import { type AdminOptions, Guard } from "./guard.ts";
import { METRICS_ROUTES } from "./metrics_routes.ts";
import { withOpenApi } from "./openapi_route.ts";
import { errorToResponse, Problem } from "./problem.ts";
import { Router, type Routes } from "./router.ts";
import { SERVER_ROUTES } from "./server_routes.ts";
import { statsRoutes } from "./stats_routes.ts";
import { STATUS_ROUTES } from "./status_routes.ts";
import type { AdminTarget } from "./target.ts";
import { TrafficMeter } from "./traffic_meter.ts";

const logger = getLogger(["ballast", "admin"]);

/** An admin API, ready to be served. */
export interface Admin {
  /** Answers a request to the admin API. Never rejects. */
  readonly fetch: (request: Request) => Promise<Response>;
  /**
   * Ends the streams of events, and opens no more. What serves the API would wait for them when it
   * shuts down, so call this before. {@linkcode LoadBalancer.close} ends them too.
   */
  readonly close: () => void;
}

/** What the routes of an API have of their own. */
export interface RouteParts {
  /** Where streams of events are opened. */
  readonly streams: EventStreams;
  /** What measures the traffic. */
  readonly meter: TrafficMeter;
  /** What the balancer was started with beside its options. Default: nothing. */
  readonly settings?: Partial<Config> | undefined;
}

/** What the API of a balancer does, by path and method. */
export function adminRoutes({ streams, meter, settings = {} }: RouteParts): Routes {
  return withOpenApi({
    ...CHANGE_ROUTES,
    ...STATUS_ROUTES,
    ...SERVER_ROUTES,
    ...statsRoutes(meter, systemClock),
    ...eventRoutes(streams),
    ...METRICS_ROUTES,
    ...DECISION_ROUTES,
    ...DISCOVERY_ROUTES,
    ...FLEET_ROUTES,
    ...configRoutes(settings),
  });
}

/**
 * The HTTP API by which a balancer is seen and steered: `POST /add`, `POST /update`,
 * `POST /delete`, `GET /servers`, `GET /healthz`; `GET`, `PUT`, `PATCH` and `DELETE` of
 * `/servers/{name or URL}`; and what `GET /openapi.json` describes beside. Errors are
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
export function createAdmin(balancer: LoadBalancer, options: AdminOptions = {}): Admin {
  const guard = new Guard(options);
  const { cluster } = options;
  const target: AdminTarget = { balancer, writer: cluster ?? balancer, cluster };
  const streams = new EventStreams(systemClock);
  const meter = new TrafficMeter(balancer);
  const router = new Router({
    ...adminRoutes({ streams, meter, settings: options.settings }),
    ...dashboardRoutes(options.dashboard),
  });
  return {
    fetch: (request) => answer(target, { guard, router }, request),
    close: () => streams.close(),
  };
}

/** What decides about a request. */
interface Parts {
  readonly guard: Guard;
  readonly router: Router;
}

async function answer(
  target: AdminTarget,
  { guard, router }: Parts,
  request: Request,
): Promise<Response> {
  try {
    await guard.check(request);
    const { route, call } = router.find(request);
    const value = await route(target, call);
    return value instanceof Response ? value : jsonAnswer(value);
  } catch (error) {
    if (!(error instanceof Problem || error instanceof BalancerError)) {
      logger.error("Unexpected: {error}", { error });
    }
    return errorToResponse(error);
  }
}
