import type { ServerJson } from "../../admin/server_json.ts";
import { ADMIN_FLAGS, callAdmin } from "../admin/client.ts";
import { readUrlFlag, URL_FLAG } from "../admin/server_flags.ts";
import { type Command, JSON_SWITCH } from "../command_line.ts";
import { printable, printJson, printLine } from "../output/print.ts";

const DRAIN_MAX = 86_400;

/** `delete-server`: deletes a server from a running balancer. */
export const deleteServer = {
  name: "delete-server",
  summary: "Delete a server from a running balancer",
  example: "ballast delete-server --url http://127.0.0.1:3004 --drain 30",
  values: {
    ...URL_FLAG,
    drain: {
      value: "SECONDS",
      help: "time limit for its active requests (default: none)",
    },
    ...ADMIN_FLAGS,
  },
  switches: JSON_SWITCH,
  async run(args): Promise<void> {
    const drain = args.wholeNumber("drain", 0, DRAIN_MAX);
    const body = { url: readUrlFlag(args), ...(drain === undefined ? {} : { drain }) };
    const server = await callAdmin<ServerJson>(args, "/delete", body);
    if (args.has("json")) return printJson(server);
    printLine(`Deleted ${server.url} (${printable(server.name)})${limitText(drain)}`);
  },
} satisfies Command;

function limitText(drain: number | undefined): string {
  if (drain === undefined) return "";
  return drain === 0
    ? "; its active requests were aborted"
    : `; its active requests have ${drain} s to finish`;
}
