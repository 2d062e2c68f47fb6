import { invalid } from "../config/validate.ts";

/** Requests that a balancer has had, as its access log tells of them. */
export interface RecordedRequests {
  /** When each of them came, in milliseconds since the first, in order. */
  readonly times: Float64Array;
  /** The number of each one's client; −1 where it was not known. */
  readonly clients: Int32Array;
  /** The clients' addresses, each at its number. */
  readonly addresses: readonly string[];
  /** How long each server took for its requests, in milliseconds, by its URL. */
  readonly durations: ReadonlyMap<string, readonly number[]>;
}

/** What is read of a line. */
interface Line {
  readonly time: number;
  readonly client: string | undefined;
  readonly server: string | undefined;
  readonly duration: number;
}

/**
 * Reads an access log in the format `json`.
 *
 * A request's duration is all the time that it took but what it spent in the balancer's own queue.
 * Requests that no server answered only have a time and a client.
 *
 * @param text The log.
 * @param source Where it comes from, for the message.
 * @throws {BalancerError} `invalid` if there is a line that is none of such a log, or no line at all.
 */
export function readAccessLog(text: string, source: string): RecordedRequests {
  const lines: Line[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue;
    const read = readLine(line);
    if (read === undefined) {
      const message = "is no line of a JSON access log, as listen --access-log json writes it";
      throw invalid(source, [{ path: `line ${index + 1}`, message }]);
    }
    lines.push(read);
  }
  if (lines.length === 0) throw invalid(source, [{ path: "", message: "it has no requests" }]);
  // Lines are written when requests end.
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
