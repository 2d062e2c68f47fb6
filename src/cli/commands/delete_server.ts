import type { ServerJson } from "../../admin/server_json.ts";
import { ADMIN_FLAGS, callAdmin } from "../admin/client.ts";
import { readUrlFlag, URL_FLAG } from "../admin/server_flags.ts";
import { type Command, JSON_SWITCH } from "../command_line.ts";
import { printable, printJson, printLine } from "../output/print.ts";

const DRAIN_MAX = 86_400;

/** `delete-server`: deletes a server from a running balancer. */
export const deleteServer: Command = {
  name: "delete-server",
  summary: "Delete a server from a running balancer",
  example: "ballast delete-server --url http://127.0.0.1:3004 --drain 30",
  values: {
    ...URL_FLAG,
    drain: {
      value: "SECONDS",
      help: "how long what it is working on may take (default: as long as it takes)",
    },
    ...ADMIN_FLAGS,
  },
  switches: JSON_SWITCH,
  async run(args): Promise<void> {
    const drain = args.wholeNumber("drain", 0, DRAIN_MAX);
    const body = { url: readUrlFlag(args), ...(drain === undefined ? {} : { drain }) };
    const server = await callAdmin(args, "/delete", body) as ServerJson;
    if (args.has("json")) return printJson(server);
    printLine(`Deleted ${server.url} (${printable(server.name)})${limitText(drain)}`);
  },
};

/** What becomes of the requests that the server is working on. */
function limitText(drain: number | undefined): string {
  if (drain === undefined) return "";
  return drain === 0
    ? "; what it was working on is broken off"
    : `; what it is working on has ${drain} s`;
}
