import type { Command } from "../command_line.ts";
import { bashCompletions } from "../completions/bash.ts";
import { fishCompletions } from "../completions/fish.ts";
import { zshCompletions } from "../completions/zsh.ts";
import { UsageError } from "../errors.ts";
import { printLine } from "../output/print.ts";

const SHELLS: Readonly<Record<string, (commands: readonly Command[]) => string>> = {
  bash: bashCompletions,
  zsh: zshCompletions,
  fish: fishCompletions,
};

/**
 * `completions`: prints a script that completes the program's command lines in a shell.
 *
 * @param commands Returns the program's commands, this one included.
 */
export function completions(commands: () => readonly Command[]): Command {
  const shells = Object.keys(SHELLS);
  return {
    name: "completions",
    summary: "Print a completion script for a shell: bash, zsh or fish",
    example: "ballast completions bash",
    values: {},
    switches: {},
    argument: "SHELL",
    argumentChoices: shells,
    // deno-lint-ignore require-await
    async run({ argument = "" }): Promise<void> {
      if (Object.hasOwn(SHELLS, argument)) return printLine(SHELLS[argument]!(commands()));
      const found = argument === "" ? "" : `, not "${argument}"`;
      throw new UsageError(`SHELL must be one of ${shells.join(", ")}${found}`);
    },
  };
}
