import type { ClusterJson, ClusterMemberJson } from "../../admin/cluster.ts";
import { ADMIN_FLAGS, AdminClient } from "../admin/client.ts";
import { type Command, JSON_SWITCH } from "../command_line.ts";
import { printable, printJson, printLine, table } from "../output/print.ts";
import { formatRate } from "../status/format.ts";

const HEADER = [
  ...["NAME", "ID", "VERSION", "UP SINCE", "REQ/S", "ACTIVE", "HEALTHY", "CHECKS", "API", ""],
];

/** `list-balancers`: lists the balancers that share their servers. */
export const listBalancers: Command = {
  name: "list-balancers",
  summary: "List the balancers that share their servers, and where they do not agree",
  example: "ballast list-balancers",
  values: ADMIN_FLAGS,
  switches: JSON_SWITCH,
  async run(args): Promise<void> {
    const fleet = await new AdminClient(args).readJson("/fleet", isFleet) as ClusterJson;
    if (args.has("json")) return printJson(fleet);
    printLine(table(HEADER, fleet.members.map((member) => row(member, fleet))));
    for (const line of notes(fleet)) printLine(printable(line));
  },
};

function row(member: ClusterMemberJson, { self }: ClusterJson): string[] {
  const { id, name, version, started_at, admin, status, behind } = member;
  const remarks = [
    ...(id === self ? ["answers"] : []),
    ...(behind ? ["BEHIND"] : []),
    ...(status === null ? ["has not told yet how it does"] : []),
  ];
  const since = started_at.replace("T", " ").replace(/\.\d+Z$/, " UTC");
  return [
    ...[name, id, version, since],
    status === null ? "-" : formatRate(status.requests_per_second),
    status === null ? "-" : String(status.active),
    status === null ? "-" : `${status.healthy} of ${status.servers}`,
    status === null ? "-" : String(status.checks),
    admin ?? "-",
    remarks.join(", "),
  ];
}

function notes({ members, disagreements, error, muted }: ClusterJson): string[] {
  const names = new Map(members.map(({ id, name }) => [id, name]));
  const list = (ids: readonly string[]) => ids.map((id) => names.get(id) ?? id).join(", ");
  return [
    ...disagreements.map(({ url, healthy, unhealthy }) =>
      `They do not agree on ${url}: unhealthy for ${list(unhealthy)}; healthy for ${list(healthy)}`
    ),
    ...(muted === undefined ? [] : [`This is what was told before, as ${muted}`]),
    ...(error === null ? [] : [`This is what was known before, as etcd is away: ${error}`]),
  ];
}

/** Whether this is what Ballast answers. */
function isFleet(answer: unknown): boolean {
  const fleet = answer as Partial<ClusterJson> | null;
  return typeof fleet?.self === "string" && Array.isArray(fleet.members) &&
    Array.isArray(fleet.disagreements);
}
