import { BalancerError } from "../model/errors.ts";
import { VERSION } from "../model/version.ts";
import { type Command, readArgs, type SwitchFlag } from "./command_line.ts";
import { acceptServers } from "./commands/accept_servers.ts";
import { addServer } from "./commands/add_server.ts";
import { checkConfig } from "./commands/check_config.ts";
import { completions } from "./commands/completions.ts";
import { deleteServer } from "./commands/delete_server.ts";
import { drainServer, enableServer } from "./commands/drain_server.ts";
import { events } from "./commands/events.ts";
import { explain } from "./commands/explain.ts";
import { exportConfig } from "./commands/export_config.ts";
import { listBalancers } from "./commands/list_balancers.ts";
import { listServers } from "./commands/list_servers.ts";
import { listen } from "./commands/listen.ts";
import { permissions } from "./commands/permissions.ts";
import { replay } from "./commands/replay.ts";
import { simulate } from "./commands/simulate.ts";
import { status } from "./commands/status.ts";
import { updateServer } from "./commands/update_server.ts";
import { CommandError, UsageError } from "./errors.ts";
import { commandHelp, programHelp } from "./help.ts";
import { printable, printError, printLine } from "./output/print.ts";

/** What the program exits with when all was done. */
const DONE = 0;
/** What it exits with when the balancer refused, could not be reached or could not be started. */
const FAILED = 1;
/** What it exits with when the command line makes no sense. */
const WRONG_USAGE = 2;

/** The program's commands. */
export const COMMANDS: readonly Command[] = [
  listen,
  addServer,
  deleteServer,
  updateServer,
  drainServer,
  enableServer,
  listServers,
  listBalancers,
  acceptServers,
  status,
  events,
  explain,
  exportConfig,
  checkConfig,
  permissions,
  simulate,
  replay,
  completions(() => COMMANDS),
];

const HELP: Readonly<Record<"help", SwitchFlag>> = { help: { help: "show this help" } };

/**
 * Runs the program.
 *
 * @param args The command line behind the program's name.
 * @returns What to exit with.
 */
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
      printError(`ballast: ${printable(error.message)}. See "${help}".`);
      return WRONG_USAGE;
    }
    if (error instanceof CommandError) {
      printError(`ballast: ${error.message}`);
      return FAILED;
    }
    if (error instanceof BalancerError) {
      printError(`ballast: ${printable(error.message)}`);
      return FAILED;
    }
    throw error;
  }
}

async function runCommand(command: Command, rest: readonly string[]): Promise<void> {
  const withHelp = { ...command, switches: { ...command.switches, ...HELP } };
  // Help is asked for when something about the command line is unclear, so it need not be right.
  if (rest.includes("--help") || rest.includes("-h")) {
    printLine(commandHelp(withHelp));
  } else await command.run(readArgs(rest, withHelp));
}

function runWithoutCommand(name: string | undefined): void {
  if (name === "--version" || name === "-V") printLine(`ballast ${VERSION}`);
  else if (name === "--help" || name === "-h") printLine(programHelp(COMMANDS));
  else if (name === undefined) throw new UsageError("a command is missing");
  else throw new UsageError(`"${name}" is not a command`);
}
