import type { ServerJson } from "../../admin/server_json.ts";
import { ADMIN_FLAGS, callAdmin } from "../admin/client.ts";
import { readServerFlags, UPDATE_FLAGS, withResets } from "../admin/server_flags.ts";
import { type Command, JSON_SWITCH } from "../command_line.ts";
import { printable, printJson, printLine } from "../output/print.ts";

/** `update-server`: changes a server of a running balancer. */
export const updateServer = {
  name: "update-server",
  summary: "Change a server of a running balancer",
  example: "ballast update-server --url http://127.0.0.1:3001 --weight 5 --keep",
  values: { ...UPDATE_FLAGS, ...ADMIN_FLAGS },
  switches: {
    keep: {
      help:
        "leave weight and period unchanged unless given, instead of resetting them to the defaults",
    },
    ...JSON_SWITCH,
  },
  async run(args): Promise<void> {
    const given = readServerFlags(args);
    const change = args.has("keep") ? given : withResets(given);
    const path = `/servers/${encodeURIComponent(given.url)}`;
    const before = await callAdmin<ServerJson>(args, path);
    const after = await callAdmin<ServerJson>(args, "/update", change);
    if (args.has("json")) return printJson(after);
    const changes = (Object.keys(after) as (keyof ServerJson)[])
      .filter((name) => before[name] !== after[name])
      .map((name) => {
        const values = printable(`${before[name]} → ${after[name]}`);
        const isReset = !Object.hasOwn(given, name) && Object.hasOwn(change, name);
        return `${name} ${values}${isReset ? resetReason(name) : ""}`;
      });
    const list = changes.length > 0 ? changes.join(", ") : "no changes";
    printLine(`Updated ${after.url} (${printable(after.name)}): ${list}`);
  },
} satisfies Command;

/** Explains a change that the command line did not ask for. */
function resetReason(name: string): string {
  return ` (default: --${name.replaceAll("_", "-")} was not given; --keep keeps it)`;
}
