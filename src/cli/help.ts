import type { Command } from "./command_line.ts";

/** The help for the program as a whole. */
export function programHelp(commands: readonly Command[]): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  const list = commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`);
  return `Ballast, an HTTP load balancer.

Usage: ballast COMMAND [OPTIONS]

Commands:
${list.join("\n")}

"ballast COMMAND --help" shows a command's options, "ballast --version" the version.
Exit codes: 0 done, 1 the balancer refused or could not be reached or started, 2 wrong usage.`;
}

/** The help for one command. */
export function commandHelp(command: Command): string {
  const flags = [
    ...Object.entries(command.values).map(([name, flag]) => ({
      left: `--${name} ${flag.value}`,
      help: flag.help,
    })),
    ...Object.entries(command.switches).map(([name, { help }]) => ({ left: `--${name}`, help })),
  ];
  const width = Math.max(...flags.map(({ left }) => left.length));
  const list = flags.map(({ left, help }) => `  ${left.padEnd(width)}  ${help}`);
  const argument = command.argument === undefined ? "" : ` ${command.argument}`;
  return `${command.summary}.

Usage: ballast ${command.name}${argument} [OPTIONS]

Options:
${list.join("\n")}

Example:
  ${command.example}`;
}
