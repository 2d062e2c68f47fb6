/**
 * Ballast is an HTTP load balancer: weighted least connections over servers whose health it checks,
 * and that can be added, changed and removed while it runs.
 *
 * @example Balance over two servers, with an admin API
 * ```ts ignore
 * import { createAdmin, LoadBalancer } from "@ballast/lb";
 *
 * const balancer = new LoadBalancer({
 *   servers: [
 *     { url: "http://127.0.0.1:3001", weight: 2 },
 *     { url: "http://127.0.0.1:3002" },
 *   ],
 * });
 * await balancer.listen({ port: 8080 });
 * Deno.serve({ port: 8000, hostname: "127.0.0.1" }, createAdmin(balancer).fetch);
 * ```
 *
 * @module
 */

export { type Admin, type AdminTarget, createAdmin } from "./src/admin/handler.ts";
export type { ServerJson, ServerStatusJson } from "./src/admin/server_json.ts";
export { type Config, parseConfig } from "./src/config/config.ts";
export {
  BalancerError,
  type BalancerErrorOptions,
  type ErrorCode,
  type ErrorSource,
  type Fault,
} from "./src/core/errors.ts";
export {
  canonicalServerUrl,
  type Server,
  type ServerChange,
  type ServerInit,
  UINT32_MAX,
} from "./src/core/server.ts";
export type {
  Ejection,
  Limits,
  PolicyName,
  Retries,
  Sticky,
  Timeouts,
  UpstreamTls,
} from "./src/core/settings.ts";
export type { CheckReport, EjectionReport, ServerStatus } from "./src/core/server_status.ts";
export type { HealthCheck } from "./src/health/health_check.ts";
export type { Threshold } from "./src/health/threshold.ts";
export { type Listener, type ListenOptions, LoadBalancer } from "./src/load_balancer.ts";
export type { LoadBalancerOptions } from "./src/load_balancer_options.ts";
export type { RequestInfo } from "./src/proxy/incoming.ts";
export { mayReusePort } from "./src/workers/reuse_port.ts";
