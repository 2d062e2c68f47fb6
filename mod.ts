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

// First: it says what is wrong where the runtime is too old for the rest.
import "./src/runtime/runtime_version.ts";
export type { Dashboard, DashboardFile } from "./src/admin/dashboard.ts";
export { type Admin, type AdminOptions, createAdmin } from "./src/admin/handler.ts";
export { isLoopbackHost } from "./src/admin/host_check.ts";
export { tokenFault } from "./src/admin/token_check.ts";
export type { AdminCluster } from "./src/admin/target.ts";
export {
  type Config,
  type EtcdSettings,
  parseConfig,
  type ParseConfigOptions,
} from "./src/config/config.ts";
export type { CandidateList } from "./src/state/candidates.ts";
export type {
  DecidedRequest,
  Decision,
  DecisionCandidate,
  DecisionNews,
} from "./src/model/decision.ts";
export {
  CANDIDATE_CODES,
  type CandidateCode,
  DECISION_CODES,
  type DecisionCode,
  NOTE_CODES,
  type NoteCode,
} from "./src/model/decision_code.ts";
export type { DecisionLog } from "./src/state/decision_log.ts";
export type { DiscoveryReport, FoundAddress, FoundServer } from "./src/model/discovery.ts";
export {
  BalancerError,
  type BalancerErrorOptions,
  type ErrorCode,
  type ErrorSource,
  type Fault,
} from "./src/model/errors.ts";
export type {
  BalancerEvent,
  BalancerEventType,
  EventLog,
  EventNews,
} from "./src/state/event_log.ts";
export type { CandidateNote, Explainer, Explanation } from "./src/state/explanation.ts";
export type {
  ClusterDisagreement,
  ClusterMember,
  ClusterMemberStatus,
  ClusterReport,
} from "./src/model/cluster_report.ts";
export type { PickContext, Policy } from "./src/state/policy.ts";
export type { Entry, SlotDirectory } from "./src/state/registry.ts";
export {
  canonicalServerUrl,
  type Discover,
  type Server,
  type ServerChange,
  type ServerInit,
  type ServerKey,
  UINT32_MAX,
} from "./src/model/server.ts";
export type { ServerDiff } from "./src/model/server_diff.ts";
export {
  type AccessLogFormat,
  type BalancerSettings,
  DECISIONS_MAX,
  type DnsSettings,
  type Ejection,
  type HealthCheck,
  type Limits,
  POLICY_NAMES,
  type PolicyName,
  type Retries,
  type Sticky,
  STICKY_SECRET_MIN_LENGTH,
  type Timeouts,
  type UpstreamTls,
} from "./src/model/settings.ts";
export type {
  HeldRemovalsReport,
  KeyFault,
  RegistryReport,
  RegistryWarning,
  RegistryWarningCode,
} from "./src/model/registry_report.ts";
export { SERVER_STATES, type ServerState } from "./src/model/server_state.ts";
export type { CheckReport, EjectionReport, ServerStatus } from "./src/model/server_status.ts";
export type { FailureKind } from "./src/model/ejection_state.ts";
export type { TableView } from "./src/state/table_view.ts";
export {
  LATENCY_BOUNDS,
  type OverallTraffic,
  type ServerTraffic,
  type Traffic,
} from "./src/state/traffic_table.ts";
export type {
  CheckOwner,
  CheckSharing,
  OwnResult,
  SharedResult,
} from "./src/health/check_sharing.ts";
export {
  type Certificate,
  checkAuthorities,
  checkCertificate,
} from "./src/fronts/web/certificate.ts";
export type { Listener, ListenOptions } from "./src/fronts/web/listener.ts";
export { LoadBalancer } from "./src/balancer/load_balancer.ts";
export type { AccessLogOptions, LoadBalancerOptions } from "./src/balancer/options.ts";
export type { RequestInfo } from "./src/proxy/incoming_request.ts";
export { mayReusePort } from "./src/runtime/reuse_port.ts";
export { VERSION } from "./src/model/version.ts";
