import { type BalancerEvent, type EventLog, EVENTS_KEPT } from "../core/event_log.ts";
import type { StreamStart } from "./event_stream.ts";
import type { EventStreams } from "./event_streams.ts";
import { Problem } from "./problem.ts";
import type { AdminCall } from "./operation.ts";
import type { Routes } from "./router.ts";

const HEADERS = {
  "content-type": "text/event-stream",
  "cache-control": "no-store",
  // nginx would keep the events until there are enough of them.
  "x-accel-buffering": "no",
};

/**
 * What tells the events as they happen.
 *
 * @param streams Where the streams are opened.
 */
export function eventRoutes(streams: EventStreams): Routes {
  return {
    "/events": {
      GET: {
        handler: ({ events }, { request, url }) => {
          const start = readStart(events, request, url.searchParams);
          const body = request.method === "HEAD" ? null : streams.open(events, start);
          return new Response(body, { headers: HEADERS });
        },
        summary: "Follow what happens to the servers",
        answers: { 200: { description: "Server-sent events" } },
      },
    },
  };
}

function readStart(
  log: EventLog,
  request: AdminCall["request"],
  query: URLSearchParams,
): StreamStart {
  const last = readLast(query.getAll("last"));
  const follow = readFollow(query.getAll("follow"));
  const lastId = request.headers.get("last-event-id") ?? "";
  // A browser that connects again sends the same query; where it was counts more.
  if (lastId === "") return { earlier: log.last(last), missed: false, follow };
  const earlier = eventsAfter(log, lastId);
  return { earlier: earlier ?? [], missed: earlier === undefined, follow };
}

/** The events after the one with this id; undefined if it is too old, or of another run. */
function eventsAfter(log: EventLog, lastId: string): readonly BalancerEvent[] | undefined {
  const [, run, number] = /^(.*)-(0|[1-9][0-9]{0,14})$/.exec(lastId) ?? [];
  return run === log.run ? log.after(Number(number)) : undefined;
}

function readLast(values: readonly string[]): number {
  if (values.length === 0) return 0;
  const number = values.length === 1 && /^[0-9]{1,4}$/.test(values[0]!) ? Number(values[0]) : NaN;
  if (number <= EVENTS_KEPT) return number;
  throw badQuery("last", `must be a whole number from 0 to ${EVENTS_KEPT}, once`);
}

function readFollow(values: readonly string[]): boolean {
  const [value = "true", ...more] = values;
  if (more.length === 0 && (value === "true" || value === "false")) return value === "true";
  throw badQuery("follow", "must be true or false, once");
}

function badQuery(field: string, detail: string): Problem {
  return new Problem(400, `The parameter ${field} ${detail}`, { faults: [{ field, detail }] });
}
