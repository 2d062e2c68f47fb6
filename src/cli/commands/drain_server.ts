import type { ServerJson } from "../../admin/server_json.ts";
import { ADMIN_FLAGS, callAdmin } from "../admin/client.ts";
import { readUrlFlag, URL_FLAG } from "../admin/server_flags.ts";
import { type Args, type Command, JSON_SWITCH } from "../command_line.ts";
import { printable, printJson, printLine } from "../output/print.ts";

const VALUES = { ...URL_FLAG, ...ADMIN_FLAGS };

/** `drain-server`: sends a server no new requests. */
export const drainServer = {
  name: "drain-server",
  summary: "Send a server no new requests, and let its active ones finish",
  example: "ballast drain-server --url http://127.0.0.1:3001",
  values: VALUES,
  switches: JSON_SWITCH,
  async run(args): Promise<void> {
    await act(args, "drain", "takes no new requests until enable-server");
  },
} satisfies Command;

/** `enable-server`: undoes `drain-server`. */
export const enableServer = {
  name: "enable-server",
  summary: "Send a draining server new requests again",
  example: "ballast enable-server --url http://127.0.0.1:3001",
  values: VALUES,
  switches: JSON_SWITCH,
  async run(args): Promise<void> {
    await act(args, "enable", "takes new requests");
  },
} satisfies Command;

async function act(args: Args, action: "drain" | "enable", outcome: string): Promise<void> {
  const path = `/servers/${encodeURIComponent(readUrlFlag(args))}/${action}`;
  const server = await callAdmin<ServerJson>(args, path, {});
  if (args.has("json")) return printJson(server);
  const still = action === "enable" && server.weight === 0 ? ", but its weight is 0" : "";
  printLine(`${server.url} (${printable(server.name)}) ${outcome}${still}`);
}
