import type { DiscoveryJson } from "../../admin/discovery.ts";
import type { ServerJson } from "../../admin/server_json.ts";
import { ADMIN_FLAGS, callAdmin } from "../admin/client.ts";
import {
  ADD_FLAGS,
  readServerFlags,
  readUrlFlag,
  UPDATE_FLAGS,
  URL_FLAG,
  withResets,
} from "../admin/server_flags.ts";
import { type Args, type Command, JSON_SWITCH } from "../command_line.ts";
import { printable, printJson, printLine } from "../output/print.ts";
import { discoveryLines } from "./list_servers.ts";

/** The longest time limit for a drain, in seconds. */
const DRAIN_MAX = 86_400;

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

/** `delete-server`: deletes a server from a running balancer. */
export const deleteServer = {
  name: "delete-server",
  summary: "Delete a server from a running balancer",
  example: "ballast delete-server --url http://127.0.0.1:3004 --drain 30",
  values: {
    ...URL_FLAG,
    drain: { value: "SECONDS", help: "time limit for its active requests (default: none)" },
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
  const text = drain === 0 ? "were aborted" : `have ${drain} s to finish`;
  return `; its active requests ${text}`;
}

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

const ONE_SERVER = { values: { ...URL_FLAG, ...ADMIN_FLAGS }, switches: JSON_SWITCH };

/** `drain-server`: sends a server no new requests. */
export const drainServer = {
  name: "drain-server",
  summary: "Stop sending a server new requests; its active ones may finish",
  example: "ballast drain-server --url http://127.0.0.1:3001",
  ...ONE_SERVER,
  run: (args) => act(args, "drain", "takes no new requests until enable-server"),
} satisfies Command;

/** `enable-server`: undoes `drain-server`. */
export const enableServer = {
  name: "enable-server",
  summary: "Return a draining server to rotation",
  example: "ballast enable-server --url http://127.0.0.1:3001",
  ...ONE_SERVER,
  run: (args) => act(args, "enable", "takes new requests"),
} satisfies Command;

async function act(args: Args, action: "drain" | "enable", outcome: string): Promise<void> {
  const path = `/servers/${encodeURIComponent(readUrlFlag(args))}/${action}`;
  const server = await callAdmin<ServerJson>(args, path, {});
  if (args.has("json")) return printJson(server);
  const still = action === "enable" && server.weight === 0 ? ", but its weight is 0" : "";
  printLine(`${server.url} (${printable(server.name)}) ${outcome}${still}`);
}
