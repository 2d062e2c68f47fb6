import { type Args, type Command, JSON_SWITCH } from "../command_line.ts";
import { readListenConfig } from "../files/config_file.ts";
import { neededPermissions, pathOf } from "../listen/needed_permissions.ts";
import { printable, printError, printJson, printLine } from "../output/print.ts";
import { listen } from "./listen.ts";

/**
 * `permissions`: says with which permissions, and no others, `listen` can do what a configuration
 * says. It takes the flags of `listen`, so that any command line of that can be asked about.
 */
export const permissions: Command = {
  name: "permissions",
  summary: "Print the narrowest Deno permissions with which listen can use a configuration",
  example: "ballast permissions --config servers.yaml --port 8080",
  values: listen.values,
  switches: { ...listen.switches, ...JSON_SWITCH },
  async run(args): Promise<void> {
    const { config } = await readListenConfig(args);
    const { net, read, note } = await neededPermissions(args, config);
    if (args.has("json")) return printJson({ allow_net: net, allow_read: read });
    const flags = [
      `--allow-net=${net.join(",")}`,
      ...(read.length === 0 ? [] : [`--allow-read=${read.join(",")}`]),
    ].map(shellWord).join(" ");
    printLine(flags);
    // The standard output has the flags alone, for scripts.
    const run = `deno run --no-prompt ${fromRegistry() ? "--unstable-net " : ""}${flags}`;
    if (note !== undefined) printError(note);
    printError(`Paste it like this:\n  ${run} ${listenCommand(args)}`);
  },
};

/** The command line that the permissions are for, behind those of Deno. */
function listenCommand(args: Args): string {
  const words = [programModule(), "listen"];
  for (const name of Object.keys(listen.values)) {
    const value = args.text(name);
    if (value !== undefined) words.push(`--${name}`, value);
  }
  for (const name of Object.keys(listen.switches)) if (args.has(name)) words.push(`--${name}`);
  return words.map(shellWord).join(" ");
}

/** What `deno run` takes as this program. */
function programModule(): string {
  if (fromRegistry()) return "jsr:@ballast/lb/cli";
  return Deno.build.standalone ? "cli.ts" : pathOf(new URL("../../../cli.ts", import.meta.url));
}

/** Whether this was loaded from JSR, where no `deno.json` turns on what workers and TLS need. */
function fromRegistry(): boolean {
  return !import.meta.url.startsWith("file:");
}

/** Text as one word of a POSIX shell. */
function shellWord(text: string): string {
  const word = printable(text);
  return /^[\w@%+=:,./\\-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
