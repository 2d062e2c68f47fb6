import { z } from "zod";
import { trueOrFalse, wholeNumber } from "../config/fields.ts";
import { type BalancerEvent, type EventLog, EVENTS_KEPT } from "../state/event_log.ts";
import type { StreamStart } from "./event_stream.ts";
import type { EventStreams } from "./event_streams.ts";
import type { AdminCall, Routes } from "./operation.ts";

const HEADERS = {
  "content-type": "text/event-stream",
  "cache-control": "no-store",
  // nginx would buffer the events.
  "x-accel-buffering": "no",
};

const EVENTS_QUERY = z.strictObject({
  last: wholeNumber(0, EVENTS_KEPT)
    .describe("Number of earlier events that are sent first. Default: 0").optional(),
  follow: trueOrFalse()
    .describe("false ends the stream after the earlier events. Default: true").optional(),
});

/** `/events`, whose streams are opened here. */
export function eventRoutes(streams: EventStreams): Routes {
  return {
    "/events": {
      GET: {
        handler: ({ balancer: { events } }, call: AdminCall<typeof EVENTS_QUERY>) => {
          const start = readStart(events, call);
          const body = call.request.method === "HEAD" ? null : streams.open(events, start);
          return new Response(body, { headers: HEADERS });
        },
        summary: "Stream the events of the servers",
        description: "Server-sent events: added, updated, removed, healthy, unhealthy, ejected, " +
          "on_trial, returned; reset if some were missed, so that /servers has to be read again. " +
          "503 if too many streams are open.",
        query: EVENTS_QUERY,
        headers: { "Last-Event-ID": "Continues after this event" },
        answers: {
          200: { description: "The events", content: { "text/event-stream": z.string() } },
        },
        problems: { 400: "The query is malformed" },
      },
    },
  };
}

function readStart(
  log: EventLog,
  { request, query }: AdminCall<typeof EVENTS_QUERY>,
): StreamStart {
  const { last = 0, follow = true } = query;
  const lastId = request.headers.get("last-event-id") ?? "";
  // A browser that reconnects sends the same query; its last event takes precedence.
  if (lastId === "") return { earlier: log.last(last), missed: false, follow };
  const earlier = eventsAfter(log, lastId);
  return { earlier: earlier ?? [], missed: earlier === undefined, follow };
}

/** Events after the one with this id; undefined if it is too old, or from another run. */
function eventsAfter(log: EventLog, lastId: string): readonly BalancerEvent[] | undefined {
  const [, run, number] = /^(.*)-(0|[1-9][0-9]{0,14})$/.exec(lastId) ?? [];
  return run === log.run ? log.after(Number(number)) : undefined;
}
