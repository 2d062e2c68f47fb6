import type { Config } from "../config/config.ts";
import { systemClock } from "../runtime/system_clock.ts";
import { CHANGE_ROUTES } from "./change_routes.ts";
import { CLUSTER_ROUTES } from "./cluster.ts";
import { configRoutes } from "./config_route.ts";
import { DECISION_ROUTES } from "./decision_routes.ts";
import { DISCOVERY_ROUTES } from "./discovery.ts";
import { eventRoutes } from "./event_routes.ts";
import type { EventStreams } from "./event_streams.ts";
import { withOpenApi } from "./openapi.ts";
import type { Routes } from "./operation.ts";
import { SERVER_ROUTES } from "./server_routes.ts";
import { statsRoutes } from "./stats.ts";
import { STATUS_ROUTES } from "./status_routes.ts";
import type { TrafficMeter } from "./traffic_meter.ts";

/** State that some routes have beside the balancer. */
export interface RouteParts {
  /** Open streams of events. */
  readonly streams: EventStreams;
  /** Measures the traffic. */
  readonly meter: TrafficMeter;
  /** Settings of the program that the balancer does not know. Default: none. */
  readonly settings?: Partial<Config> | undefined;
}

/** All routes of the admin API but the dashboard's. */
export function adminRoutes({ streams, meter, settings = {} }: RouteParts): Routes {
  return withOpenApi({
    ...CHANGE_ROUTES,
    ...STATUS_ROUTES,
    ...SERVER_ROUTES,
    ...statsRoutes(meter, systemClock),
    ...eventRoutes(streams),
    ...DECISION_ROUTES,
    ...DISCOVERY_ROUTES,
    ...CLUSTER_ROUTES,
    ...configRoutes(settings),
  });
}
