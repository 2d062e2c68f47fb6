import type { Command } from "../command_line.ts";

/** Completions of a value: words, files, or none because anything can be typed. */
export type Completion = readonly string[] | "files" | "anything";

/** A flag as the help and the shells' completions list it. */
export interface FlagEntry {
  /** Its name, without the dashes. */
  readonly name: string;
  /** Its meaning. */
  readonly help: string;
  /** Placeholder of its value; undefined for a flag without one. */
  readonly value?: string;
  /** Completions of its value. */
  readonly completion: Completion;
}

/** The flags of a command, with `--help`. */
export function flagsOf({ values, switches }: Command): FlagEntry[] {
  return [
    ...Object.entries(values).map(([name, { help, value, choices }]) => ({
      ...{ name, help, value, completion: completionOf(value, choices) },
    })),
    ...Object.entries({ ...switches, help: { help: "show this help" } }).map((
      [name, { help }],
    ) => ({
      ...{ name, help, completion: "anything" as const },
    })),
  ];
}

/** Completions of a command's argument. */
export function argumentOf({ argument, argumentChoices }: Command): Completion {
  return completionOf(argument, argumentChoices);
}

function completionOf(
  placeholder: string | undefined,
  choices: readonly string[] | undefined,
): Completion {
  return choices ?? (placeholder === "FILE" ? "files" : "anything");
}

/** Text as one word that a POSIX shell takes literally. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
