import type { DiscoveryJson } from "../../admin/discovery.ts";
import type { CheckReportJson, ServerStatusJson } from "../../admin/server_json.ts";
import { ADMIN_FLAGS, adminClient } from "../admin/client.ts";
import { type Command, JSON_SWITCH } from "../command_line.ts";
import { printable, printJson, printLine, table } from "../output/print.ts";

const HEADER = ["NAME", "URL", "WEIGHT", "PERIOD", "HEALTH", "ACTIVE", "LAST CHECK"];

/** `list-servers`: lists the servers of a running balancer. */
export const listServers = {
  name: "list-servers",
  summary: "List the servers of a running balancer and their health",
  example: "ballast list-servers",
  values: ADMIN_FLAGS,
  switches: JSON_SWITCH,
  async run(args): Promise<void> {
    const client = adminClient(args);
    const servers = await client.readServers<ServerStatusJson>("/servers");
    if (args.has("json")) return printJson(servers);
    const sources = await client.readServers<DiscoveryJson>("/discovery");
    if (servers.length > 0) printLine(table(HEADER, servers.map(row)));
    else if (sources.length > 0) printLine("No servers discovered yet.");
    else printLine("There are no servers. Add one: ballast add-server --url URL");
    for (const line of servers.flatMap(ejectionLine)) printLine(line);
    for (const line of sources.flatMap(discoveryLines)) printLine(line);
  },
} satisfies Command;

function row(server: ServerStatusJson): string[] {
  const { last_check } = server;
  return [
    server.name,
    server.url,
    String(server.weight),
    server.health_check_period === 0 ? "off" : `${server.health_check_period} s`,
    healthText(server),
    String(server.active),
    last_check === null ? "none yet" : checkText(last_check),
  ];
}

function healthText({ healthy, ejection, draining }: ServerStatusJson): string {
  const ejectionState = ejection?.on_trial ? "PROBING" : "EJECTED";
  const health = ejection === null ? "healthy" : ejectionState;
  return `${healthy ? health : "UNHEALTHY"}${draining ? ", draining" : ""}`;
}

function checkText({ detail, duration_ms, at, by }: CheckReportJson): string {
  // The duration of another balancer's check is unknown.
  return by === undefined
    ? `${detail} in ${duration_ms} ms at ${at}`
    : `${detail}, by ${by} at ${at}`;
}

/** The reason for an ejection, which is too long for a column. */
function ejectionLine({ name, ejection }: ServerStatusJson): string[] {
  if (ejection === null) return [];
  const { why, until, on_trial } = ejection;
  const state = on_trial ? "probing with one request at a time" : `ejected until ${until}`;
  return [`${printable(name)}: ${state}: ${printable(why)}`];
}

/** The addresses that a source found: a summary, and a line for each problem. */
export function discoveryLines({ name, url, discover, addresses, error }: DiscoveryJson): string[] {
  const number = addresses.length === 1 ? "1 address" : `${addresses.length} addresses`;
  const problems = addresses.filter(({ problem }) => problem !== null)
    .map((address) => `  ignoring ${address.url}: ${address.problem}`);
  const fault = error === null ? "" : `; ${error}`;
  return [`${name} (${url}): ${number} found by ${discover}${fault}`, ...problems].map(printable);
}
