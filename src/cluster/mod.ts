/**
 * Shares servers among several balancers through etcd: a change to one balancer applies to all. It
 * is a separate export, which programs with a single balancer need not load.
 *
 * @example Share servers with other balancers
 * ```ts ignore
 * import { createAdmin, LoadBalancer } from "@ballast/lb";
 * import { joinEtcd } from "@ballast/lb/etcd";
 *
 * await using balancer = new LoadBalancer();
 * await using cluster = await joinEtcd(balancer, {
 *   endpoints: ["http://10.0.0.1:2379", "http://10.0.0.2:2379", "http://10.0.0.3:2379"],
 *   seed: [{ url: "http://127.0.0.1:3001" }],
 * });
 * await balancer.listen({ port: 8080 });
 * // Changes of servers made through the admin API reach every balancer.
 * Deno.serve({ port: 8000, hostname: "127.0.0.1" }, createAdmin(balancer, { cluster }).fetch);
 * ```
 *
 * @module
 */

import "../runtime/runtime_version.ts";
export type { Clock } from "../runtime/clock.ts";
export type {
  EtcdCertificate,
  EtcdCredentials,
  EtcdFetch,
  EtcdOptions,
} from "./etcd/etcd_options.ts";
export { joinEtcd, type JoinOptions } from "./join_etcd.ts";
export type { JoinedCluster } from "./joined_cluster.ts";
export type { ClusterOptions } from "./cluster_options.ts";
export { DEFAULT_PREFIX } from "./store/shared_keys.ts";
export type { AdminCluster } from "../admin/target.ts";
export type {
  ClusterDisagreement,
  ClusterMember,
  ClusterMemberStatus,
  ClusterReport,
} from "../model/cluster_report.ts";
export type {
  HeldRemovalsReport,
  KeyFault,
  RegistryReport,
  RegistryWarning,
  RegistryWarningCode,
} from "../model/registry_report.ts";
export type {
  CheckOwner,
  CheckResult,
  CheckSharing,
  RemoteResult,
} from "../health/check_sharing.ts";
export type { EtcdSettings } from "../config/config.ts";
