import type { ServerJson } from "../../admin/server_json.ts";
import { ADMIN_FLAGS, callAdmin } from "../admin/client.ts";
import {
  type GivenFlags,
  readGivenFlags,
  readServerFlags,
  SERVER_FLAGS,
} from "../admin/server_flags.ts";
import { type Command, JSON_SWITCH } from "../command_line.ts";
import { printable, printJson, printLine } from "../output/print.ts";

const FIELDS = ["name", "weight", "health_check_period", "max_connections", "draining"] as const;
type Field = typeof FIELDS[number];

/** `update-server`: changes a server of a running balancer. */
export const updateServer = {
  name: "update-server",
  summary: "Change a server of a running balancer",
  example: "ballast update-server --url http://127.0.0.1:3001 --weight 5 --keep",
  values: {
    ...SERVER_FLAGS,
    name: { value: "NAME", help: "display name (default: unchanged)" },
    "max-connections": {
      value: "N",
      help: "most concurrent requests (default: unchanged)",
    },
    ...ADMIN_FLAGS,
  },
  switches: {
    keep: {
      help:
        "leave weight and period unchanged unless given, instead of resetting them to the defaults",
    },
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
    const list = changes.length > 0 ? changes.join(", ") : "no changes";
    printLine(`Updated ${after.url} (${printable(after.name)}): ${list}`);
  },
} satisfies Command;

/** The reason why a field changed that the command line does not name: flags have defaults. */
function reason(name: Field, given: GivenFlags, change: GivenFlags): string {
  if (name === "draining" || given[name] !== undefined || change[name] === undefined) return "";
  return ` (default: --${name.replaceAll("_", "-")} was not given; --keep keeps it)`;
}
