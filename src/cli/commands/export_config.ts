import { ADMIN_FLAGS, AdminClient } from "../admin/client.ts";
import type { Command } from "../command_line.ts";
import { printable, printLine } from "../output/print.ts";

/** `export-config`: writes what a running balancer goes by, as a configuration file. */
export const exportConfig: Command = {
  name: "export-config",
  summary: "Write the configuration of a running balancer as it is now, for listen --config",
  example: "ballast export-config > servers.yaml",
  values: ADMIN_FLAGS,
  switches: {},
  async run(args): Promise<void> {
    const text = await new AdminClient(args).readText("/config", "application/yaml");
    printLine(text.trimEnd().split("\n").map(printable).join("\n"));
  },
};
