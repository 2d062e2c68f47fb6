import type { ServerStatsJson, StatsJson } from "../../src/admin/stats.ts";

/** A server of {@linkcode STATS}. */
export const SERVER_STATS: ServerStatsJson = {
  url: "http://127.0.0.1:3001",
  name: "one",
  state: "up",
  reason: null,
  weight: 2,
  active: 3,
  share: 0.5,
  requests: 100,
  requests_per_second: 12.34,
  errors_per_second: 0,
  p50_ms: 1.5,
  p99_ms: 20,
  last_check: {
    at: "2025-12-31T23:59:58.000Z",
    passed: true,
    detail: "HTTP 200",
    duration_ms: 1,
  },
};

/** Possible `/stats` of a balancer with one server. */
export const STATS: StatsJson = {
  time: "2026-01-01T00:00:00.000Z",
  version: "1.2.3",
  uptime_seconds: 3661,
  workers: 2,
  metrics: true,
  window_seconds: 10,
  total: {
    requests: 1000,
    requests_per_second: 25,
    errors_per_second: 0.5,
    refused: 4,
    active: 3,
    waiting: 1,
    bytes_sent: 1000,
    bytes_received: 2_500_000,
    p50_ms: 1.5,
    p99_ms: null,
  },
  servers: [SERVER_STATS],
};
