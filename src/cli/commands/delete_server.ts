import type { ServerJson } from "../../../mod.ts";
import { ADMIN_FLAGS, callAdmin } from "../admin_client.ts";
import type { Command } from "../command.ts";
import { printable, printJson, printLine } from "../output.ts";
import { readUrlFlag, SERVER_FLAGS } from "../server_flags.ts";
import { JSON_SWITCH } from "../switches.ts";

/** `delete-server`: deletes a server from a running balancer. */
export const deleteServer: Command = {
  name: "delete-server",
  summary: "Delete a server from a running balancer",
  example: "ballast delete-server --url http://127.0.0.1:3004",
  values: { url: SERVER_FLAGS["url"]!, ...ADMIN_FLAGS },
  switches: JSON_SWITCH,
  async run(args): Promise<void> {
    const server = await callAdmin(args, "/delete", { url: readUrlFlag(args) }) as ServerJson;
    if (args.has("json")) return printJson(server);
    printLine(`Deleted ${server.url} (${printable(server.name)})`);
  },
};
