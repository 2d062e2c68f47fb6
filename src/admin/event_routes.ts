import { z } from "zod";
import { trueOrFalse, wholeNumber } from "../config/fields.ts";
import { type BalancerEvent, type EventLog, EVENTS_KEPT } from "../state/event_log.ts";
import type { StreamStart } from "./event_stream.ts";
import type { EventStreams } from "./event_streams.ts";
import type { AdminCall } from "./operation.ts";
import { readQuery } from "./query.ts";
import type { Routes } from "./router.ts";

const HEADERS = {
  "content-type": "text/event-stream",
  "cache-control": "no-store",
  // nginx would keep the events until there are enough of them.
  "x-accel-buffering": "no",
};

/** The query of the stream. */
const EVENTS_QUERY = z.strictObject({
  last: wholeNumber(0, EVENTS_KEPT).describe(
    "How many of the latest events are told first. Default: 0",
  ).optional(),
  follow: trueOrFalse().describe(
    "false ends the stream behind the events that are there. Default: true",
  ).optional(),
});

/**
 * What tells the events as they happen.
 *
 * @param streams Where the streams are opened.
 */
export function eventRoutes(streams: EventStreams): Routes {
  return {
    "/events": {
      GET: {
        handler: ({ balancer: { events } }, { request, url }) => {
          const start = readStart(events, request, url);
          const body = request.method === "HEAD" ? null : streams.open(events, start);
          return new Response(body, { headers: HEADERS });
        },
        summary: "Tell what happens to servers, as it happens",
        description: "Server-sent events: added, updated, removed, healthy, unhealthy, ejected, " +
          "on_trial, returned; reset where some were missed, so that /servers has to be read again. " +
          "503 where too many streams are open.",
        query: EVENTS_QUERY,
        headers: { "Last-Event-ID": "Goes on behind this event" },
        answers: {
          200: { description: "The events", content: { "text/event-stream": z.string() } },
        },
        problems: { 400: "The query does not fit" },
      },
    },
  };
}

function readStart(
  log: EventLog,
  request: AdminCall["request"],
  url: URL,
): StreamStart {
  const { last = 0, follow = true } = readQuery(url, EVENTS_QUERY);
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
