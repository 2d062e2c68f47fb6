import { AdminClientError } from "../admin/client/admin_client.ts";
import { BalancerError } from "../model/errors.ts";
import { VERSION } from "../model/version.ts";
import { ADMIN_HINTS } from "./admin/client.ts";
import type { Command } from "./command_line.ts";
import { COMMANDS } from "./commands.ts";
import { flagsOf } from "./completions/vocabulary.ts";
import { didYouMean } from "./did_you_mean.ts";
import { CommandError, UsageError } from "./errors.ts";
import { printable, printError, printLine } from "./output/print.ts";
import { readArgs } from "./read_args.ts";

/** Exit code of a command that succeeded. */
const DONE = 0;
/** Exit code of a command that failed: refused, unreachable, or not started. */
const FAILED = 1;
/** Exit code for a wrong command line. */
const WRONG_USAGE = 2;

/** Runs the program. */
export async function main(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  const command = COMMANDS.find((candidate) => candidate.name === name);
  try {
    if (command !== undefined) await runCommand(command, rest);
    else runWithoutCommand(name);
    return DONE;
  } catch (error) {
    if (error instanceof UsageError) {
      const help = command === undefined ? "ballast --help" : `ballast ${command.name} --help`;
      if (!error.isReported) {
        printError(`ballast: ${printable(error.message)}. See "${help}".`);
      }
      return WRONG_USAGE;
    }
    if (error instanceof CommandError) {
      if (!error.isReported) printError(`ballast: ${error.message}`);
      return FAILED;
    }
    if (error instanceof AdminClientError) {
      printError(`ballast: ${error.message}${ADMIN_HINTS[error.kind]}`);
      return FAILED;
    }
    if (!(error instanceof BalancerError)) throw error;
    printError(`ballast: ${printable(error.message)}`);
    return FAILED;
  }
}

async function runCommand(command: Command, rest: readonly string[]): Promise<void> {
  // Asking for help works even if the rest of the command line is wrong.
  if (rest.includes("--help") || rest.includes("-h")) printLine(commandHelp(command));
  else await command.run(readArgs(rest, command));
}

function runWithoutCommand(name: string | undefined): void {
  if (name === "--version" || name === "-V") return printLine(`ballast ${VERSION}`);
  if (name === "--help" || name === "-h") return printLine(programHelp());
  if (name === undefined) throw new UsageError("missing command");
  const hint = didYouMean(name, COMMANDS.map((command) => command.name));
  throw new UsageError(`unknown command "${name}"${hint}`);
}

function programHelp(): string {
  return `Ballast, an HTTP load balancer.

Usage: ballast COMMAND [OPTIONS]

Commands:
${twoColumns(COMMANDS.map(({ name, summary }) => [name, summary]))}

Run "ballast COMMAND --help" for the options of a command, "ballast --version" for the version.
Exit codes: 0 success, 1 failure, 2 invalid usage.`;
}

function commandHelp(command: Command): string {
  const flags = flagsOf(command).map(({ name, value, help }): [string, string] => [
    value === undefined ? `--${name}` : `--${name} ${value}`,
    help,
  ]);
  const argument = command.argument === undefined ? "" : ` ${command.argument}`;
  return `${command.summary}.

Usage: ballast ${command.name}${argument} [OPTIONS]

Options:
${twoColumns(flags)}

Example:
  ${command.example}`;
}

function twoColumns(rows: readonly [left: string, right: string][]): string {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`).join("\n");
}
