import type { ServerStatus } from "../../model/server_status.ts";
import { LATENCY_BOUNDS, type ServerTraffic } from "../../state/traffic_table.ts";
import type { Labels, Metric, Sample } from "./metric.ts";

/** A server, how it is doing, and what was counted of it. */
export interface ServerNumbers {
  /** The server and how it is doing. */
  readonly status: ServerStatus;
  /** What was counted of it. */
  readonly traffic: ServerTraffic;
}

/** One server with the labels that all of its lines have. */
interface Labelled extends ServerNumbers {
  readonly sharedLabels: Labels;
}

/**
 * What is to be seen of each server, its traffic aside. Only the server's URL is a label: a change of
 * its name would otherwise begin every series anew. `ballast_server_info` tells the name.
 *
 * @param servers The servers.
 */
export function serverStateMetrics(servers: readonly ServerNumbers[]): Metric[] {
  const all = label(servers);
  return [
    {
      name: "ballast_server_info",
      help: "Always 1; the name of the server.",
      type: "gauge",
      collect: () =>
        all.map(({ status: { url, name } }) => ({ labels: { server: url, name }, value: 1 })),
    },
    gauge(all, "ballast_server_up", {
      help: "Whether the server counts as healthy by its health checks: 1 or 0.",
      value: ({ status }) => Number(status.healthy),
    }),
    gauge(all, "ballast_server_weight", {
      help: "The weight of the server, as it is set.",
      value: ({ status }) => status.weight,
    }),
    gauge(all, "ballast_server_ejected", {
      help: "Whether the server is out for failing requests, or on trial after that: 1 or 0.",
      value: ({ status }) => Number(status.ejection !== undefined),
    }),
    gauge(all, "ballast_server_draining", {
      help: "Whether the server takes no new requests, by draining or a weight of 0: 1 or 0.",
      value: ({ status }) => Number(status.draining || status.weight === 0),
    }),
    gauge(all, "ballast_active_requests", {
      help: "Requests that the server is working on.",
      value: ({ status }) => status.active,
    }),
    counter(all, "ballast_ejections_total", {
      help: "How often the server was taken out for failing requests.",
      value: ({ traffic }) => traffic.ejections,
    }),
    counters(all, "ballast_health_checks_total", {
      help: "Health checks of the server by result.",
      label: "result",
      values: ({ traffic: { checks } }) => [["passed", checks.passed], ["failed", checks.failed]],
    }),
  ];
}

/**
 * What was counted of each server's requests.
 *
 * @param servers The servers.
 */
export function serverTrafficMetrics(servers: readonly ServerNumbers[]): Metric[] {
  const all = label(servers);
  return [
    counters(all, "ballast_requests_total", {
      help: "Requests that the server has answered, by the class of the status.",
      label: "code",
      values: ({ traffic }) => traffic.responses.map((count, i) => [`${i + 1}xx`, count]),
    }),
    counters(all, "ballast_server_failures_total", {
      help: "Tries that the server failed: no connection, or no complete response.",
      label: "kind",
      values: ({ traffic }) => Object.entries(traffic.failures),
    }),
    counter(all, "ballast_retries_total", {
      help: "Requests that went on to another server after this one failed them.",
      value: ({ traffic }) => traffic.retries,
    }),
    counter(all, "ballast_request_bytes_total", {
      help: "Content that the server was sent with the requests that it answered, in bytes.",
      value: ({ traffic }) => traffic.bytesSent,
    }),
    counter(all, "ballast_response_bytes_total", {
      help: "Content that the server answered with, in bytes.",
      value: ({ traffic }) => traffic.bytesReceived,
    }),
    counter(all, "ballast_connections_opened_total", {
      help: "Connections to the server that were made for a request.",
      value: ({ traffic }) => traffic.connections.opened,
    }),
    counter(all, "ballast_connections_reused_total", {
      help: "How often a request was sent on a connection that was there already.",
      value: ({ traffic }) => traffic.connections.reused,
    }),
    {
      ...counters(all, "ballast_connections", {
        help: "Connections to the server: all that are open, and those of them that are idle.",
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
      help:
        "From a request's arrival until its response was delivered or, where that has up to 64 KiB, " +
        "handed to the runtime; WebSockets left out.",
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

/** A counter that has several values for each server, told apart by a label. */
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

/** The lines of the servers' histograms: each bucket has all that is in the smaller ones, too. */
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
