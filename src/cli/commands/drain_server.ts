import type { ServerJson } from "../../admin/server_json.ts";
import { ADMIN_FLAGS, callAdmin } from "../admin/client.ts";
import { readUrlFlag, URL_FLAG } from "../admin/server_flags.ts";
import { type Args, type Command, JSON_SWITCH } from "../command_line.ts";
import { printable, printJson, printLine } from "../output/print.ts";

const VALUES = { ...URL_FLAG, ...ADMIN_FLAGS };

/** `drain-server`: gives a server no new requests. */
export const drainServer: Command = {
  name: "drain-server",
  summary: "Give a server no new requests; what it is working on goes on",
  example: "ballast drain-server --url http://127.0.0.1:3001",
  values: VALUES,
  switches: JSON_SWITCH,
  async run(args): Promise<void> {
    await act(args, "drain", "takes no new requests until enable-server");
  },
};

/** `enable-server`: ends what `drain-server` began. */
export const enableServer: Command = {
  name: "enable-server",
  summary: "Give a server that is draining new requests again",
  example: "ballast enable-server --url http://127.0.0.1:3001",
  values: VALUES,
  switches: JSON_SWITCH,
  async run(args): Promise<void> {
    await act(args, "enable", "takes new requests");
  },
};

async function act(args: Args, action: "drain" | "enable", outcome: string): Promise<void> {
  const path = `/servers/${encodeURIComponent(readUrlFlag(args))}/${action}`;
  const server = await callAdmin(args, path, {}) as ServerJson;
  if (args.has("json")) return printJson(server);
  const still = action === "enable" && server.weight === 0 ? "; its weight is 0, though" : "";
  printLine(`${server.url} (${printable(server.name)}) ${outcome}${still}`);
}
