import type { AcceptedJson } from "../../admin/cluster.ts";
import { ADMIN_FLAGS, AdminClient } from "../admin/client.ts";
import { type Command, JSON_SWITCH } from "../command_line.ts";
import { printable, printJson, printLine } from "../output/print.ts";

/** `accept-servers`: confirms that the servers that etcd has lost are to go. */
export const acceptServers: Command = {
  name: "accept-servers",
  summary: "Remove the servers that etcd has lost, at every balancer, without waiting any longer",
  example: "ballast accept-servers",
  values: ADMIN_FLAGS,
  switches: JSON_SWITCH,
  async run(args): Promise<void> {
    const answer = await new AdminClient(args).readJson("/accept-servers", isAccepted, {
      method: "POST",
    });
    const { accepted } = answer as AcceptedJson;
    if (args.has("json")) return printJson(answer);
    if (accepted.length === 0) return printLine("No server is missing here; nothing has changed");
    const count = accepted.length === 1 ? "1 server" : `${accepted.length} servers`;
    printLine(`Removed ${count} that etcd had lost:`);
    for (const url of accepted) printLine(`  ${printable(url)}`);
  },
};

/** Whether this is what Ballast answers. */
function isAccepted(answer: unknown): boolean {
  return Array.isArray((answer as Partial<AcceptedJson> | null)?.accepted);
}
