import type { DiscoveryJson } from "../../admin/discovery.ts";
import type { CheckReportJson, ServerStatusJson } from "../../admin/server_json.ts";
import { ADMIN_FLAGS, callAdmin } from "../admin/client.ts";
import { type Command, JSON_SWITCH } from "../command_line.ts";
import { printable, printJson, printLine, table } from "../output/print.ts";

const HEADER = ["NAME", "URL", "WEIGHT", "PERIOD", "HEALTH", "ACTIVE", "LAST CHECK"];

/** `list-servers`: lists the servers of a running balancer. */
export const listServers: Command = {
  name: "list-servers",
  summary: "List the servers of a running balancer, and how they are doing",
  example: "ballast list-servers",
  values: ADMIN_FLAGS,
  switches: JSON_SWITCH,
  async run(args): Promise<void> {
    const servers = await callAdmin(args, "/servers") as ServerStatusJson[];
    if (args.has("json")) return printJson(servers);
    const entries = await callAdmin(args, "/discovery") as DiscoveryJson[];
    if (servers.length > 0) printLine(table(HEADER, servers.map(row)));
    else if (entries.length > 0) printLine("There are no servers yet.");
    else printLine("There are no servers. Add one: ballast add-server --url URL");
    for (const line of servers.flatMap(ejectionLine)) printLine(line);
    for (const line of entries.flatMap(discoveryLines)) printLine(line);
  },
};

/** How a server is, and whether it takes no new requests. */
function health(server: ServerStatusJson): string {
  const state = server.healthy ? standing(server) : "UNHEALTHY";
  return server.draining ? `${state}, draining` : state;
}

/** How a healthy server does with the requests that it gets. */
function standing({ ejection }: ServerStatusJson): string {
  if (ejection === null) return "healthy";
  return ejection.on_trial ? "PROBING" : "EJECTED";
}

/** Why a server is out for failing requests: too long a text for a column. */
function ejectionLine({ name, ejection }: ServerStatusJson): string[] {
  if (ejection === null) return [];
  const { why, until, on_trial } = ejection;
  const state = on_trial ? "is tried with one request at a time" : `is ejected until ${until}`;
  return [`${printable(name)} ${state}: ${printable(why)}`];
}

function row(server: ServerStatusJson): string[] {
  const { last_check } = server;
  return [
    server.name,
    server.url,
    String(server.weight),
    server.health_check_period === 0 ? "off" : `${server.health_check_period} s`,
    health(server),
    String(server.active),
    last_check === null ? "none yet" : checkText(last_check),
  ];
}

function checkText({ detail, duration_ms, at, by }: CheckReportJson): string {
  // How long another balancer's check took is not known.
  return by === undefined
    ? `${detail} in ${duration_ms} ms at ${at}`
    : `${detail}, by ${by} at ${at}`;
}

/** What an entry has found, and what is wrong with that: a line, and one for each problem. */
export function discoveryLines({ name, url, discover, addresses, error }: DiscoveryJson): string[] {
  const count = addresses.length === 1 ? "1 address" : `${addresses.length} addresses`;
  const problems = addresses.filter(({ problem }) => problem !== null)
    .map((address) => `  ${address.url} is left out: ${address.problem}`);
  const fault = error === null ? "" : `; ${error}`;
  return [`${name} (${url}) is discovered by ${discover}: ${count}${fault}`, ...problems]
    .map(printable);
}
