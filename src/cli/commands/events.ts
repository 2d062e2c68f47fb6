import type { EventJson } from "../../admin/event_stream.ts";
import { ADMIN_FLAGS, AdminClient } from "../admin_client.ts";
import type { Command } from "../command.ts";
import { eventLine } from "../event_line.ts";
import { followEvents } from "../follow_events.ts";
import { jsonLine } from "../output.ts";
import { waitForStop } from "../stop_signal.ts";
import { writeOut } from "../write_out.ts";

/** How many events the balancer keeps. */
const KEPT = 1000;

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
