import type { ServerStatus } from "../../model/server_status.ts";
import { LATENCY_BOUNDS, SERVER_COUNTERS, type ServerTraffic } from "../../state/traffic.ts";
import type { Labels, Metric, Sample } from "./exposition.ts";

/** A server with its status and its traffic counts. */
export interface ServerNumbers {
  /** The server with its status. */
  readonly status: ServerStatus;
  /** Its traffic counts. */
  readonly traffic: ServerTraffic;
}

/** A server with the labels of all its lines. */
interface Labelled extends ServerNumbers {
  readonly sharedLabels: Labels;
}

/**
 * Metrics of each server's state. Only its URL is a label, as with the name, renaming a server
 * would start new time series; `ballast_server_info` has the name.
 *
 * @param servers The servers.
 */
export function serverStateMetrics(servers: readonly ServerNumbers[]): Metric[] {
  const all = label(servers);
  return [
    {
      name: "ballast_server_info",
      help: "Always 1, with the name of the server as a label.",
      type: "gauge",
      collect: () =>
        all.map(({ status: { url, name } }) => ({ labels: { server: url, name }, value: 1 })),
    },
    gauge(all, "ballast_server_up", {
      help: "1 if the server is healthy according to its health checks, else 0.",
      value: ({ status }) => Number(status.healthy),
    }),
    gauge(all, "ballast_server_weight", {
      help: "Configured weight of the server.",
      value: ({ status }) => status.weight,
    }),
    gauge(all, "ballast_server_ejected", {
      help: "1 if the server is ejected for failing requests or being probed after that, else 0.",
      value: ({ status }) => Number(status.ejection !== undefined),
    }),
    gauge(all, "ballast_server_draining", {
      help: "1 if the server takes no new requests because it is draining or has weight 0, else 0.",
      value: ({ status }) => Number(status.draining || status.weight === 0),
    }),
    gauge(all, "ballast_active_requests", {
      help: "Active requests of the server.",
      value: ({ status }) => status.active,
    }),
    ...declaredCounters(all, "server"),
    counters(all, "ballast_health_checks_total", {
      help: "Health checks of the server by result.",
      label: "result",
      values: ({ traffic: { checks } }) => [["passed", checks.passed], ["failed", checks.failed]],
    }),
  ];
}

/**
 * Metrics of each server's requests.
 *
 * @param servers The servers.
 */
export function serverTrafficMetrics(servers: readonly ServerNumbers[]): Metric[] {
  const all = label(servers);
  return [
    counters(all, "ballast_requests_total", {
      help: "Requests that the server responded to, by class of the status.",
      label: "code",
      values: ({ traffic }) => traffic.responses.map((count, i) => [`${i + 1}xx`, count]),
    }),
    counters(all, "ballast_server_failures_total", {
      help: "Attempts that the server failed: no connection, or no complete response.",
      label: "kind",
      values: ({ traffic }) => Object.entries(traffic.failures),
    }),
    ...declaredCounters(all, "requests"),
    counter(all, "ballast_connections_opened_total", {
      help: "Connections to the server opened for a request.",
      value: ({ traffic }) => traffic.connections.opened,
    }),
    counter(all, "ballast_connections_reused_total", {
      help: "Requests sent to the server on a reused connection.",
      value: ({ traffic }) => traffic.connections.reused,
    }),
    {
      ...counters(all, "ballast_connections", {
        help: "Connections to the server: all open ones, and the idle ones among them.",
        label: "state",
        values: ({ traffic: { connections } }) => [
          ["open", connections.open],
          ["idle", connections.idle],
        ],
      }),
      type: "gauge",
    },
    {
      name: "ballast_request_duration_seconds",
      help: "Time from a request's arrival until its response was delivered, or handed to the " +
        "runtime if it has up to 64 KiB, in seconds; without WebSockets.",
      type: "histogram",
      collect: () => durations(all),
    },
  ];
}

function label(servers: readonly ServerNumbers[]): Labelled[] {
  return servers.map((numbers) => ({ ...numbers, sharedLabels: { server: numbers.status.url } }));
}

function gauge(
  servers: readonly Labelled[],
  name: string,
  { help, value }: { help: string; value: (server: Labelled) => number },
): Metric {
  return {
    name,
    help,
    type: "gauge",
    collect: () =>
      servers.map((server) => ({ sharedLabels: server.sharedLabels, value: value(server) })),
  };
}

function counter(
  servers: readonly Labelled[],
  name: string,
  options: { help: string; value: (server: Labelled) => number },
): Metric {
  return { ...gauge(servers, name, options), type: "counter" };
}

/** Makes the counters that the traffic table declares. */
function declaredCounters(
  servers: readonly Labelled[],
  of: "requests" | "server",
): readonly Metric[] {
  return Object.entries(SERVER_COUNTERS).filter(([, declaration]) => declaration.of === of)
    .map(([name, { metric, help }]) =>
      counter(servers, metric, {
        help,
        value: ({ traffic }) => traffic[name as keyof typeof SERVER_COUNTERS],
      })
    );
}

/** Makes a counter with several values for each server, distinguished by a label. */
function counters(
  servers: readonly Labelled[],
  name: string,
  { help, label, values }: {
    help: string;
    label: string;
    values: (server: Labelled) => readonly (readonly [text: string, count: number])[];
  },
): Metric {
  return {
    name,
    help,
    type: "counter",
    collect: function* (): Iterable<Sample> {
      for (const server of servers) {
        const { sharedLabels } = server;
        for (const [text, value] of values(server)) {
          yield { sharedLabels, labels: { [label]: text }, value };
        }
      }
    },
  };
}

/** The lines of the servers' histograms, with cumulative buckets. */
function* durations(servers: readonly Labelled[]): Iterable<Sample> {
  const metricName = "ballast_request_duration_seconds_bucket";
  for (const { traffic: { latency }, sharedLabels } of servers) {
    let count = 0;
    for (const [i, inBucket] of latency.buckets.entries()) {
      count += inBucket;
      const bound = LATENCY_BOUNDS[i];
      const labels = { le: bound === undefined ? "+Inf" : String(bound) };
      yield { metricName, sharedLabels, labels, value: count };
    }
    const sum = { metricName: "ballast_request_duration_seconds_sum", value: latency.sum };
    yield { ...sum, sharedLabels };
    yield { metricName: "ballast_request_duration_seconds_count", sharedLabels, value: count };
  }
}
