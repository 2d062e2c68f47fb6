import type { AcceptedJson, ClusterJson, ClusterMemberJson } from "../../admin/cluster.ts";
import { ADMIN_FLAGS, adminClient } from "../admin/client.ts";
import { type Command, JSON_SWITCH } from "../command_line.ts";
import { formatRate, formatTime } from "../output/format.ts";
import { count, printable, printJson, printLine, table } from "../output/print.ts";

const HEADER = [
  ...["NAME", "ID", "VERSION", "UP SINCE", "REQ/S", "ACTIVE", "HEALTHY", "CHECKS", "API", ""],
];

const SHAPE = { self: "string", members: "array", disagreements: "array" } as const;

/** `list-balancers`: lists the balancers of the cluster. */
export const listBalancers = {
  name: "list-balancers",
  summary: "List the balancers of the cluster and the servers they disagree on",
  example: "ballast list-balancers",
  values: ADMIN_FLAGS,
  switches: JSON_SWITCH,
  async run(args): Promise<void> {
    const cluster = await adminClient(args).readJson<ClusterJson>("/fleet", SHAPE);
    if (args.has("json")) return printJson(cluster);
    printLine(table(HEADER, cluster.members.map((member) => row(member, cluster))));
    for (const line of notes(cluster)) printLine(printable(line));
  },
} satisfies Command;

function row(member: ClusterMemberJson, { self }: ClusterJson): string[] {
  const { id, name, version, started_at, admin, status, behind } = member;
  const remarks = [
    ...(id === self ? ["this one"] : []),
    ...(behind ? ["BEHIND"] : []),
    ...(status === null ? ["no status yet"] : []),
  ];
  const numbers = status === null ? ["-", "-", "-", "-"] : [
    formatRate(status.requests_per_second),
    String(status.active),
    `${status.healthy} of ${status.servers}`,
    String(status.checks),
  ];
  return [
    ...[name, id, version, formatTime(started_at)],
    ...numbers,
    admin ?? "-",
    remarks.join(", "),
  ];
}

function notes({ members, disagreements, error, muted }: ClusterJson): string[] {
  const names = new Map(members.map(({ id, name }) => [id, name]));
  const list = (ids: readonly string[]) => ids.map((id) => names.get(id) ?? id).join(", ");
  return [
    ...disagreements.map(({ url, healthy, unhealthy }) =>
      `Disagreement on ${url}: unhealthy for ${list(unhealthy)}; healthy for ${list(healthy)}`
    ),
    ...[muted, error].filter((reason) => typeof reason === "string")
      .map((reason) => `This list may be out of date: ${reason}`),
  ];
}

/** `accept-servers`: confirms the removal of servers that disappeared from etcd. */
export const acceptServers = {
  name: "accept-servers",
  summary: "Accept that etcd has lost servers, and remove them from every balancer now",
  example: "ballast accept-servers",
  values: ADMIN_FLAGS,
  switches: JSON_SWITCH,
  async run(args): Promise<void> {
    const answer = await adminClient(args)
      .readJson<AcceptedJson>("/accept-servers", { accepted: "array" }, { method: "POST" });
    const { accepted } = answer;
    if (args.has("json")) return printJson(answer);
    if (accepted.length === 0) return printLine("No servers are missing from etcd; no changes");
    printLine(`Removed ${count(accepted.length, "server")} missing from etcd:`);
    for (const url of accepted) printLine(`  ${printable(url)}`);
  },
} satisfies Command;
