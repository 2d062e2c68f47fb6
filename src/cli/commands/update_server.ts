import type { ServerJson } from "../../admin/server_json.ts";
import { ADMIN_FLAGS, callAdmin } from "../admin_client.ts";
import type { Command } from "../command.ts";
import { printable, printJson, printLine } from "../output.ts";
import { type GivenFlags, readGivenFlags, readServerFlags, SERVER_FLAGS } from "../server_flags.ts";
import { JSON_SWITCH } from "../switches.ts";

const FIELDS = ["name", "weight", "health_check_period", "max_connections", "draining"] as const;
type Field = typeof FIELDS[number];

/** `update-server`: changes a server of a running balancer. */
export const updateServer: Command = {
  name: "update-server",
  summary: "Change a server of a running balancer",
  example: "ballast update-server --url http://127.0.0.1:3001 --weight 5 --keep",
  values: {
    ...SERVER_FLAGS,
    name: { value: "NAME", help: "a name for people (default: the name it has)" },
    "max-connections": {
      value: "N",
      help: "how many requests the server works on at once (default: what it has)",
    },
    ...ADMIN_FLAGS,
  },
  switches: {
    keep: { help: "keep the weight and the period where they are not given, not their defaults" },
    ...JSON_SWITCH,
  },
  async run(args): Promise<void> {
    const given = readGivenFlags(args);
    const change = args.has("keep") ? given : readServerFlags(args);
    const path = `/servers/${encodeURIComponent(given.url)}`;
    const before = await callAdmin(args, path) as ServerJson;
    const after = await callAdmin(args, "/update", change) as ServerJson;
    if (args.has("json")) return printJson(after);
    const changes = FIELDS.filter((name) => before[name] !== after[name]).map((name) =>
      `${name} ${printable(`${before[name]} → ${after[name]}`)}${reason(name, given, change)}`
    );
    const list = changes.length > 0 ? changes.join(", ") : "nothing was different";
    printLine(`Updated ${after.url} (${printable(after.name)}): ${list}`);
  },
};

/** Why something changed that the command line does not name: the seed has defaults for it. */
function reason(name: Field, given: GivenFlags, change: GivenFlags): string {
  if (name === "draining" || given[name] !== undefined || change[name] === undefined) return "";
  return ` (default: --${name.replaceAll("_", "-")} was not given; --keep keeps it)`;
}
