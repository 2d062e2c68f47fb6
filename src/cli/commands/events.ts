import { followEvents } from "../../admin/client/event_follower.ts";
import type { EventJson } from "../../admin/event_stream.ts";
import type { ServerJson } from "../../admin/server_json.ts";
import { abortOnStop } from "../../runtime/signals.ts";
import { ADMIN_FLAGS, adminClient } from "../admin/client.ts";
import type { Command } from "../command_line.ts";
import { jsonLine, printable, printError, writeOut } from "../output/print.ts";

/** The number of events that a balancer keeps. */
const KEPT = 1000;
/** The width of the longest event type, for alignment. */
const TYPE_WIDTH = "unhealthy".length;

/** `events`: prints the events of a running balancer as they happen. */
export const events = {
  name: "events",
  summary: "Print server events of a running balancer as they happen",
  example: "ballast events --last 20",
  values: {
    last: {
      value: "N",
      help: "start with the latest N events, 0 to 1000 (default 0; all with --no-follow)",
    },
    ...ADMIN_FLAGS,
  },
  switches: {
    "no-follow": { help: "exit after printing past events" },
    json: { help: "print one line of JSON per event" },
  },
  async run(args): Promise<void> {
    const follow = !args.has("no-follow");
    const last = args.wholeNumber("last", 0, KEPT) ?? (follow ? 0 : KEPT);
    const format: (event: EventJson) => string = args.has("json") ? jsonLine : eventLine;
    await followEvents(adminClient(args), {
      last,
      follow,
      onEvent: (event) => writeOut(`${format(event)}\n`),
      onNotice: (text) => printError(`ballast: ${text}`),
      signal: abortOnStop(),
    });
  },
} satisfies Command;

/** Formats an event as one line of text. */
export function eventLine({ at, type, server, previous, detail }: EventJson): string {
  const subject = server === null ? "" : `${server.name} ${server.url}`;
  const details = [
    ...(server === null || previous === null ? [] : [changes(previous, server)]),
    ...(detail === null ? [] : [detail]),
  ].join("; ");
  const end = [subject, details].filter((part) => part !== "").join(": ");
  return printable(`${at} ${type.padEnd(TYPE_WIDTH)} ${end}`);
}

/** The fields that changed, with their old and new values. */
function changes(before: ServerJson, after: ServerJson): string {
  const names = Object.keys(after) as (keyof ServerJson)[];
  const changed = names.filter((name) => before[name] !== after[name]);
  if (changed.length === 0) return "no changes";
  return changed.map((name) => `${name} ${before[name]} → ${after[name]}`).join(", ");
}
