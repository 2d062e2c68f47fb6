import type { LoadBalancer } from "../balancer/load_balancer.ts";
import type { ClusterReport } from "../model/cluster_report.ts";
import type { RegistryReport } from "../model/registry_report.ts";
import type { Server, ServerChange, ServerInit } from "../model/server.ts";

/**
 * The cluster that a balancer has joined, as the admin API uses it; `joinEtcd` returns one. Changes
 * made here reach every balancer of the cluster. A change fails with `conflict` if a concurrent
 * change came first, or if the server is no longer as `seen`.
 */
export interface AdminCluster {
  /** Adds a server. */
  add(server: ServerInit): Promise<Server>;
  /** Changes a server. */
  update(url: string, change: ServerChange, seen?: Server): Promise<Server>;
  /** Removes a server; its active requests are aborted after `drain` seconds. Default: never. */
  remove(url: string, drain?: number, seen?: Server): Promise<Server>;
  /** Removes the servers that are missing from etcd and still in use, and returns their URLs. */
  acceptServers(): Promise<readonly string[]>;
  /** Reports the running balancers and their status. */
  report(): Promise<ClusterReport>;
  /** State of the connection to etcd, and the problems found there. */
  readonly registry: RegistryReport;
}

/** Changes servers: a balancer at once, a cluster after etcd has accepted the change. */
export interface ServerWriter {
  /** Adds a server. */
  add(server: ServerInit): Server | Promise<Server>;
  /** Changes a server. */
  update(url: string, change: ServerChange, seen?: Server): Server | Promise<Server>;
  /** Removes a server; its active requests are aborted after `drain` seconds. Default: never. */
  remove(url: string, drain?: number, seen?: Server): Server | Promise<Server>;
}

/** The balancer and the cluster that an admin API reads and changes. */
export interface AdminTarget {
  /** The balancer, which all reads go to. */
  readonly balancer: LoadBalancer;
  /** The cluster, or the balancer if it has joined none. */
  readonly writer: ServerWriter;
  /** The cluster; undefined if the balancer has joined none. */
  readonly cluster: AdminCluster | undefined;
}
