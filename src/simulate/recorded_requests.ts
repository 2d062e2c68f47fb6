import { invalid } from "../config/validate.ts";

/** Requests of an access log. */
export interface RecordedRequests {
  /** Arrival time of each request, in milliseconds since the first, in order. */
  readonly times: Float64Array;
  /** Number of each request's client; −1 if unknown. */
  readonly clients: Int32Array;
  /** Address of each client. */
  readonly addresses: readonly string[];
  /** Durations of each server's requests, in milliseconds, by its URL. */
  readonly durations: ReadonlyMap<string, readonly number[]>;
}

/** The parts of a line that are used. */
interface Line {
  readonly time: number;
  readonly client: string | undefined;
  readonly server: string | undefined;
  readonly duration: number;
}

/**
 * Reads an access log in the format `json`.
 *
 * A request's duration is its total time without the time in the balancer's queue. Requests without
 * a response have an arrival time and a client only.
 *
 * @param text The log.
 * @param source Name of the file, for error messages.
 * @throws {BalancerError} `invalid` for a line of another format, or an empty log.
 */
export function readAccessLog(text: string, source: string): RecordedRequests {
  const lines: Line[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue;
    const read = readLine(line);
    if (read === undefined) {
      const message = "is not a line of a JSON access log, as written by listen --access-log json";
      throw invalid(source, [{ path: `line ${index + 1}`, message }]);
    }
    lines.push(read);
  }
  if (lines.length === 0) throw invalid(source, [{ path: "", message: "it has no requests" }]);
  // Lines are in the order in which the requests ended.
  lines.sort((one, other) => one.time - other.time);
  const numbers = new Map<string, number>();
  const durations = new Map<string, number[]>();
  const clients = Int32Array.from(lines, ({ client }) => {
    if (client === undefined) return -1;
    if (!numbers.has(client)) numbers.set(client, numbers.size);
    return numbers.get(client)!;
  });
  for (const { server, duration } of lines) {
    if (server === undefined) continue;
    const times = durations.get(server);
    if (times === undefined) durations.set(server, [duration]);
    else times.push(duration);
  }
  return {
    times: Float64Array.from(lines, ({ time }) => time - lines[0]!.time),
    clients,
    addresses: [...numbers.keys()],
    durations,
  };
}

function readLine(text: string): Line | undefined {
  const line = parse(text) as Record<string, unknown> | null;
  if (typeof line !== "object" || line === null) return undefined;
  const time = typeof line.time === "string" ? Date.parse(line.time) : NaN;
  const { client, server, total_ms, queue_ms, failure } = line;
  if (Number.isNaN(time) || typeof total_ms !== "number" || typeof queue_ms !== "number") {
    return undefined;
  }
  const duration = total_ms - queue_ms;
  const answered = typeof server === "string" && failure === undefined && duration >= 0;
  return {
    time,
    client: typeof client === "string" ? client : undefined,
    server: answered ? server : undefined,
    duration,
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
