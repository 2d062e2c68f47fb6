import type { Command } from "../command_line.ts";

/** What can be typed for a value: words, files, or anything. */
export type Completion = readonly string[] | "files" | "anything";

/** What completes the value of a flag, or the argument of a command. */
export function completionOf(
  value: string | undefined,
  choices: readonly string[] | undefined,
): Completion {
  return choices ?? (value === "FILE" ? "files" : "anything");
}

/** A flag as shells complete it. */
export interface FlagCompletion {
  /** Its name, without the dashes. */
  readonly name: string;
  /** What it does. */
  readonly help: string;
  /** What stands for its value; undefined where it has none. */
  readonly value: string | undefined;
  /** What completes that value. */
  readonly completion: Completion;
}

/** The flags of a command, the help's included. */
export function flagsOf({ values, switches }: Command): FlagCompletion[] {
  return [
    ...Object.entries(values).map(([name, { help, value, choices }]) => ({
      ...{ name, help, value, completion: completionOf(value, choices) },
    })),
    ...Object.entries({ ...switches, help: { help: "show the help" } }).map(([name, { help }]) => ({
      ...{ name, help, value: undefined, completion: "anything" as const },
    })),
  ];
}

/** What completes the argument of a command. */
export function argumentOf({ argument, argumentChoices }: Command): Completion {
  return completionOf(argument, argumentChoices);
}

/** Text as one word that a shell takes literally. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
