import type { DiscoveryJson } from "../../admin/discovery.ts";
import type { ServerJson } from "../../admin/server_json.ts";
import { ADMIN_FLAGS, callAdmin } from "../admin/client.ts";
import { ADD_FLAGS, readServerFlags } from "../admin/server_flags.ts";
import { type Command, JSON_SWITCH } from "../command_line.ts";
import { printable, printJson, printLine } from "../output/print.ts";
import { discoveryLines } from "./list_servers.ts";

/** `add-server`: adds a server to a running balancer. */
export const addServer = {
  name: "add-server",
  summary: "Add a server to a running balancer",
  example: "ballast add-server --url http://127.0.0.1:3004 --name four --weight 2",
  values: { ...ADD_FLAGS, ...ADMIN_FLAGS },
  switches: JSON_SWITCH,
  async run(args): Promise<void> {
    const server = await callAdmin<ServerJson>(args, "/add", readServerFlags(args));
    if (args.has("json")) return printJson(server);
    const limit = server.max_connections === 0
      ? ""
      : `, at most ${server.max_connections} concurrent requests`;
    const checks = server.health_check_period === 0
      ? "no health checks"
      : `health check every ${server.health_check_period} s`;
    printLine(
      `Added ${server.url} (${printable(server.name)}): weight ${server.weight}, ${checks}${limit}`,
    );
    if (server.discover === undefined) return;
    const path = `/servers/${encodeURIComponent(server.url)}`;
    const entry = await callAdmin<DiscoveryJson>(args, path);
    for (const line of discoveryLines(entry)) printLine(line);
  },
} satisfies Command;
