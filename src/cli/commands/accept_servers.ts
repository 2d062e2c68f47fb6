import type { AcceptedJson } from "../../admin/cluster.ts";
import { ADMIN_FLAGS, adminClient } from "../admin/client.ts";
import { type Command, JSON_SWITCH } from "../command_line.ts";
import { count, printable, printJson, printLine } from "../output/print.ts";

/** `accept-servers`: confirms the removal of servers that disappeared from etcd. */
export const acceptServers = {
  name: "accept-servers",
  summary: "Remove the servers that disappeared from etcd now, from every balancer",
  example: "ballast accept-servers",
  values: ADMIN_FLAGS,
  switches: JSON_SWITCH,
  async run(args): Promise<void> {
    const answer = await adminClient(args)
      .readJson<AcceptedJson>("/accept-servers", { accepted: "object" }, { method: "POST" });
    const { accepted } = answer;
    if (args.has("json")) return printJson(answer);
    if (accepted.length === 0) return printLine("No servers are missing from etcd; no changes");
    printLine(`Removed ${count(accepted.length, "server")} missing from etcd:`);
    for (const url of accepted) printLine(`  ${printable(url)}`);
  },
} satisfies Command;
