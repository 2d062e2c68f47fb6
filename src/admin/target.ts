import type { DecisionLog } from "../state/decision_log.ts";
import type { EventLog } from "../state/event_log.ts";
import type { Config } from "../config/config.ts";
import type { DiscoveryReport } from "../model/discovery.ts";
import type { ClusterReport } from "../model/cluster_report.ts";
import type { RegistryReport } from "../model/registry_report.ts";
import type { Server, ServerChange, ServerInit, ServerKey } from "../model/server.ts";
import type { CheckReport, ServerStatus } from "../model/server_status.ts";
import type { Traffic } from "../state/traffic_table.ts";

/**
 * What the admin API needs of a balancer; a `LoadBalancer` has it. Where several balancers share
 * their servers, changes take a while: each is decided on by what is known when its turn comes, and
 * refused with `conflict` if somebody else was faster, or if the server is not what was `seen`.
 */
export interface AdminTarget {
  /** Adds a server. */
  add(server: ServerInit): Server | Promise<Server>;
  /** Changes a server. */
  update(url: string, change: ServerChange, seen?: Server): Server | Promise<Server>;
  /** Removes a server; what it works on is broken off after `drain` seconds. Default: never. */
  remove(url: string, drain?: number, seen?: Server): Server | Promise<Server>;
  /** Checks a server's health now. */
  check(url: string): Promise<CheckReport>;
  /** What makes a balancer like this one is now, as far as a configuration file can say it. */
  config(): Config;
  /** The servers with how they are doing. */
  servers(): ServerStatus[];
  /**
   * The servers, with how they are doing, and the entries that a key is for: at most one of each for
   * a URL.
   */
  find(key: ServerKey): readonly (ServerStatus | Server)[];
  /** The entries with `discover` and what they have found. */
  discovery(): DiscoveryReport[];
  /** What was counted. */
  traffic(): Traffic;
  /** What has happened to the servers. */
  readonly events: EventLog;
  /** Why the latest requests went where they went. */
  readonly decisions: DecisionLog;
  /** How it is connected to what keeps the servers for several balancers. Default: it is alone. */
  readonly registry?: RegistryReport;
  /** Tells which balancers share the servers, and how they do. Default: it is alone. */
  fleet?(): Promise<ClusterReport>;
  /**
   * Removes the servers that are missing where they are kept and that are still in use; tells their
   * URLs. Default: it is alone.
   */
  acceptServers?(): Promise<readonly string[]>;
  /** How many threads accept connections. */
  readonly workers: number;
  /** Waits until every server that was added or removed so far is so on every thread. */
  settled(): Promise<void>;
}
