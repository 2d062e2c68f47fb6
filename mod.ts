/**
 * Ballast is an HTTP load balancer. It distributes requests by weighted least connections or
 * another policy, checks the health of its servers, and lets you add, change and remove servers at
 * run time.
 *
 * @example Balance over two servers, with an admin API
 * ```ts
 * import { createAdmin, LoadBalancer } from "@ballast/lb";
 *
 * await using balancer = new LoadBalancer({
 *   servers: [
 *     { url: "http://127.0.0.1:3001", weight: 2 },
 *     { url: "http://127.0.0.1:3002" },
 *   ],
 * });
 * const listener = await balancer.listen({ port: 0 }); // 0 takes a free port
 * const api = Deno.serve({ hostname: "127.0.0.1", port: 0 }, createAdmin(balancer).fetch);
 * console.log(`Requests: port ${listener.addr.port}, admin API: port ${api.addr.port}`);
 *
 * // To stop, let active requests finish:
 * await Promise.all([listener.shutdown(), api.shutdown()]);
 * ```
 *
 * @module
 */

// First: it reports what is wrong where the runtime is too old for the rest.
import "./src/runtime/runtime_version.ts";

// The balancer and its options.
export { LoadBalancer } from "./src/balancer/load_balancer.ts";
export type { LoadBalancerOptions } from "./src/balancer/options.ts";
export type {
  BalancerSettings,
  DnsSettings,
  Ejection,
  HealthCheck,
  Limits,
  PolicyName,
  Retries,
  Timeouts,
  UpstreamTls,
} from "./src/model/settings.ts";
export type { Certificate } from "./src/fronts/web/certificate.ts";
export type { Listener, ListenOptions } from "./src/fronts/web/listener.ts";
export type { RequestInfo } from "./src/proxy/incoming_request.ts";

// Servers, and what is known of them.
export type { Server, ServerChange, ServerInit, ServerKey } from "./src/model/server.ts";
export type { CheckReport, ServerStatus } from "./src/model/server_status.ts";
export type { ServerDiff } from "./src/model/server_diff.ts";
export type { DiscoveryReport } from "./src/model/discovery.ts";
export type { BalancerEvent, EventLog } from "./src/state/event_log.ts";
export { LATENCY_BOUNDS, type Traffic } from "./src/state/traffic.ts";
export { BalancerError, type ErrorCode, type Fault } from "./src/model/errors.ts";

// Routing decisions.
export type { Decision } from "./src/model/decision.ts";
export type { DecisionLog } from "./src/state/decision_log.ts";

// Policies of your own.
export type { CandidateList } from "./src/state/candidates.ts";
export type { Explanation } from "./src/state/explanation.ts";
export type { PickContext, Policy } from "./src/state/policy.ts";
export type { TableView } from "./src/state/table_view.ts";

// Configuration files, and the admin API.
export { type Config, parseConfig } from "./src/config/config.ts";
export { type Admin, type AdminOptions, createAdmin } from "./src/admin/handler.ts";
