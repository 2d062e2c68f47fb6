import type { LoadBalancer } from "../balancer/load_balancer.ts";
import type { ClusterReport } from "../model/cluster_report.ts";
import type { RegistryReport } from "../model/registry_report.ts";
import type { Server, ServerChange, ServerInit } from "../model/server.ts";

/**
 * The cluster that a balancer has joined, as the admin API uses it; `joinEtcd` returns one. Changes
 * of servers made here reach every balancer of the cluster. Each fails with `conflict` if another
 * change got there first, or if the server is no longer what the caller has `seen`.
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
  /** Reports which balancers are up, and how they are doing. */
  report(): Promise<ClusterReport>;
  /** Connection to etcd, and what is wrong with its content. */
  readonly registry: RegistryReport;
}

/** Changes servers. A balancer does so at once, its cluster once etcd has accepted the change. */
export interface ServerWriter {
  /** Adds a server. */
  add(server: ServerInit): Server | Promise<Server>;
  /** Changes a server. */
  update(url: string, change: ServerChange, seen?: Server): Server | Promise<Server>;
  /** Removes a server; its active requests are aborted after `drain` seconds. Default: never. */
  remove(url: string, drain?: number, seen?: Server): Server | Promise<Server>;
}

/** The balancer that an admin API reads from, and what it writes to. */
export interface AdminTarget {
  /** The balancer, from which everything is read. */
  readonly balancer: LoadBalancer;
  /** The cluster, or the balancer where it has joined none. */
  readonly writer: ServerWriter;
  /** The cluster; undefined where the balancer has joined none. */
  readonly cluster: AdminCluster | undefined;
}
