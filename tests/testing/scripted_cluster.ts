import type { ClusterReport } from "../../src/model/cluster_report.ts";
import type { ClusterJson } from "../../src/admin/cluster.ts";

const STARTED = new Date("2026-01-02T03:04:05.000Z");
const PUBLISHED = new Date("2026-01-02T03:05:00.000Z");
const A = "http://127.0.0.1:3001";

const COMMON = { version: "0.1.0", startedAt: STARTED, sharesHealth: true };
const STATUS = { at: PUBLISHED, active: 2, servers: 4, checks: 1, revision: 90 };

/** Three balancers: one that is up to date, one that disagrees with it and is behind, and a new one. */
export const CLUSTER: ClusterReport = {
  self: "aaaaaaaaaaaa",
  error: "Cannot read from etcd: http://127.0.0.1:2379 does not answer",
  members: [
    {
      ...COMMON,
      ...{ id: "aaaaaaaaaaaa", name: "ballast-1", admin: "http://127.0.0.1:8000", isBehind: false },
      status: { ...STATUS, requestsPerSecond: 12.5, unhealthy: [A], unhealthyCount: 1 },
    },
    {
      ...COMMON,
      ...{ id: "bbbbbbbbbbbb", name: "ballast-2\u001b[2J", admin: undefined, isBehind: true },
      status: { ...STATUS, requestsPerSecond: undefined, unhealthy: [], unhealthyCount: 0 },
    },
    {
      ...COMMON,
      ...{ id: "cccccccccccc", name: "ballast-3", admin: undefined, isBehind: false },
      status: undefined,
    },
  ],
  disagreements: [{ url: A, healthy: ["bbbbbbbbbbbb"], unhealthy: ["aaaaaaaaaaaa"] }],
};

/** Reports {@linkcode CLUSTER}, as a cluster does. */
export function fleet(): Promise<ClusterReport> {
  return Promise.resolve(CLUSTER);
}

const COMMON_JSON = { version: "0.1.0", started_at: STARTED.toISOString(), shared_health: true };
const STATUS_JSON = { at: PUBLISHED.toISOString(), active: 2, servers: 4, checks: 1, revision: 90 };

/** The same, as the admin API writes it. */
export const CLUSTER_JSON: ClusterJson = {
  self: CLUSTER.self,
  error: CLUSTER.error!,
  members: [
    {
      ...COMMON_JSON,
      ...{ id: "aaaaaaaaaaaa", name: "ballast-1", admin: "http://127.0.0.1:8000", behind: false },
      status: { ...STATUS_JSON, requests_per_second: 12.5, healthy: 3, unhealthy: [A] },
    },
    {
      ...COMMON_JSON,
      ...{ id: "bbbbbbbbbbbb", name: "ballast-2\u001b[2J", admin: null, behind: true },
      status: { ...STATUS_JSON, requests_per_second: null, healthy: 4, unhealthy: [] },
    },
    {
      ...COMMON_JSON,
      ...{ id: "cccccccccccc", name: "ballast-3", admin: null, behind: false },
      status: null,
    },
  ],
  disagreements: CLUSTER.disagreements,
};
