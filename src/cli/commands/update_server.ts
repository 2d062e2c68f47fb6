import type { ServerJson } from "../../../mod.ts";
import { ADMIN_FLAGS, callAdmin } from "../admin_client.ts";
import type { Command } from "../command.ts";
import { printable, printJson, printLine } from "../output.ts";
import { readServerFlags, SERVER_FLAGS } from "../server_flags.ts";
import { JSON_SWITCH } from "../switches.ts";

const FIELDS = ["name", "weight", "health_check_period", "max_connections", "draining"] as const;

/** `update-server`: changes a server of a running balancer. */
export const updateServer: Command = {
  name: "update-server",
  summary: "Change a server of a running balancer",
  example: "ballast update-server --url http://127.0.0.1:3001 --weight 5",
  values: {
    ...SERVER_FLAGS,
    name: { value: "NAME", help: "a name for people (default: the name it has)" },
    "max-connections": {
      value: "N",
      help: "how many requests the server works on at once (default: what it has)",
    },
    ...ADMIN_FLAGS,
  },
  switches: JSON_SWITCH,
  async run(args): Promise<void> {
    const flags = readServerFlags(args);
    // Weight and period default to 1 and 10 as the seed says, not to what they were, so that
    // what was changed is shown.
    const path = `/servers/${encodeURIComponent(flags.url)}`;
    const before = await callAdmin(args, path) as ServerJson;
    const after = await callAdmin(args, "/update", flags) as ServerJson;
    if (args.has("json")) return printJson(after);
    const changes = FIELDS.filter((name) => before[name] !== after[name]).map((name) =>
      `${name} ${printable(`${before[name]} → ${after[name]}`)}`
    );
    const list = changes.length > 0 ? changes.join(", ") : "nothing was different";
    printLine(`Updated ${after.url} (${printable(after.name)}): ${list}`);
  },
};
