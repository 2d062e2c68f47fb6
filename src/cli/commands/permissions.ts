import { type Args, type Command, JSON_SWITCH } from "../command_line.ts";
import { quoted } from "../completions/vocabulary.ts";
import { readListenConfig } from "../files/config_file.ts";
import { neededPermissions, pathOf } from "../listen/needed_permissions.ts";
import { printable, printError, printJson, printLine } from "../output/print.ts";
import { listen } from "./listen.ts";

/**
 * `permissions`: prints the Deno permissions that `listen` needs. It takes the flags of `listen`, so
 * that it can be asked about any command line of that.
 */
export const permissions = {
  name: "permissions",
  summary: "Print the minimal Deno permissions that listen needs",
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
    // Scripts read the standard output, so it has the flags alone.
    printLine(flags);
    const run = `deno run --no-prompt ${isFromRegistry() ? "--unstable-net " : ""}${flags}`;
    if (note !== undefined) printError(note);
    printError(`Full command:\n  ${run} ${listenCommand(args)}`);
  },
} satisfies Command;

/** The command line behind the permissions. */
function listenCommand(args: Args): string {
  const words = [programModule(), "listen"];
  for (const name of Object.keys(listen.values)) {
    const value = args.text(name);
    if (value !== undefined) words.push(`--${name}`, value);
  }
  for (const name of Object.keys(listen.switches)) if (args.has(name)) words.push(`--${name}`);
  return words.map(shellWord).join(" ");
}

/** The module of this program for `deno run`. */
function programModule(): string {
  if (isFromRegistry()) return "jsr:@ballast/lb/cli";
  return Deno.build.standalone ? "cli.ts" : pathOf(new URL("../../../cli.ts", import.meta.url));
}

/** Whether the program was loaded from JSR, without the `deno.json` that turns on unstable APIs. */
function isFromRegistry(): boolean {
  return !import.meta.url.startsWith("file:");
}

/** Text as one word of a POSIX shell, quoted if necessary. */
function shellWord(text: string): string {
  const word = printable(text);
  return /^[\w@%+=:,./\\-]+$/.test(word) ? word : quoted(word);
}
