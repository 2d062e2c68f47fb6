import { ADMIN_FLAGS, adminClient } from "../admin/client.ts";
import type { Command } from "../command_line.ts";
import { printable, printLine } from "../output/print.ts";

/** `export-config`: prints the running configuration as a configuration file. */
export const exportConfig = {
  name: "export-config",
  summary: "Print the running configuration as a file for listen --config",
  example: "ballast export-config > servers.yaml",
  values: ADMIN_FLAGS,
  switches: {},
  async run(args): Promise<void> {
    const text = await adminClient(args).readText("/config", "application/yaml");
    printLine(text.trimEnd().split("\n").map(printable).join("\n"));
  },
} satisfies Command;
