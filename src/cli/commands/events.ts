import type { EventJson } from "../../admin/event_stream.ts";
import type { ServerJson } from "../../admin/server_json.ts";
import { ADMIN_FLAGS, AdminClient } from "../admin/client.ts";
import { followEvents } from "../admin/follow_events.ts";
import type { Command } from "../command_line.ts";
import { jsonLine, printable, writeOut } from "../output/print.ts";
import { waitForStop } from "../signals.ts";

/** How many events the balancer keeps. */
const KEPT = 1000;
/** The longest name of a type, so that what is behind it is aligned. */
const TYPE_WIDTH = "unhealthy".length;

/** `events`: tells what happens to the servers of a running balancer. */
export const events: Command = {
  name: "events",
  summary: "Tell what happens to the servers of a running balancer, as it happens",
  example: "ballast events --last 20",
  values: {
    last: {
      value: "N",
      help: "how many earlier events to begin with, 0 to 1000 (default 0; all with --no-follow)",
    },
    ...ADMIN_FLAGS,
  },
  switches: {
    "no-follow": { help: "end after the earlier events" },
    json: { help: "write one line of JSON for each event, for programs" },
  },
  async run(args): Promise<void> {
    const follow = !args.has("no-follow");
    const last = args.wholeNumber("last", 0, KEPT) ?? (follow ? 0 : KEPT);
    const format: (event: EventJson) => string = args.has("json") ? jsonLine : eventLine;
    const stop = new AbortController();
    waitForStop().then(() => stop.abort());
    await followEvents(new AdminClient(args), {
      last,
      follow,
      onEvent: (event) => writeOut(`${format(event)}\n`),
      signal: stop.signal,
    });
  },
};

/**
 * An event as one line for people.
 *
 * @param event What the admin API says.
 */
export function eventLine({ at, type, server, previous, detail }: EventJson): string {
  const who = server === null ? "" : `${server.name} ${server.url}`;
  const what = [
    ...(server === null || previous === null ? [] : [changes(previous, server)]),
    ...(detail === null ? [] : [detail]),
  ].join("; ");
  const end = [who, what].filter((part) => part !== "").join(": ");
  return printable(`${at} ${type.padEnd(TYPE_WIDTH)} ${end}`);
}

/** What is different, old and new. */
function changes(before: ServerJson, after: ServerJson): string {
  const names = Object.keys(after) as (keyof ServerJson)[];
  const different = names.filter((name) => before[name] !== after[name]);
  if (different.length === 0) return "nothing was different";
  return different.map((name) => `${name} ${before[name]} → ${after[name]}`).join(", ");
}
