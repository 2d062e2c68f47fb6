import type { Command } from "../command_line.ts";
import { argumentOf, type Completion, flagsOf } from "./vocabulary.ts";

/** The script by which fish completes the program's command lines. */
export function fishCompletions(commands: readonly Command[]): string {
  return [
    "# Completes ballast in fish. Load it: ballast completions fish | source",
    "complete -c ballast -f",
    "complete -c ballast -n __fish_use_subcommand -l help -d 'show the help'",
    "complete -c ballast -n __fish_use_subcommand -l version -d 'show the version'",
    ...commands.map(({ name, summary }) =>
      `complete -c ballast -n __fish_use_subcommand -a ${name} -d ${quotedForFish(summary)}`
    ),
    ...commands.flatMap(commandLines),
  ].join("\n");
}

function commandLines(command: Command): string[] {
  const when = `complete -c ballast -n '__fish_seen_subcommand_from ${command.name}'`;
  const argument = argumentOf(command);
  return [
    ...flagsOf(command).map(({ name, help, value, completion }) => {
      const kind = value === undefined ? "" : ` ${action(completion)}`;
      return `${when} -l ${name}${kind} -d ${quotedForFish(help)}`;
    }),
    ...(argument === "files" ? [`${when} -F`] : []),
    ...(Array.isArray(argument) ? [`${when} -a ${quotedForFish(argument.join(" "))}`] : []),
  ];
}

function action(completion: Completion): string {
  if (completion === "files") return "-r -F";
  return completion === "anything" ? "-x" : `-x -a ${quotedForFish(completion.join(" "))}`;
}

/** Between single quotes, fish takes a backslash for more than itself. */
function quotedForFish(text: string): string {
  return `'${text.replace(/[\\']/g, "\\$&")}'`;
}
