import { COMMANDS } from "../../src/cli/commands.ts";
import { readArgs } from "../../src/cli/read_args.ts";
import { ROOT } from "./program.ts";

/**
 * Checks a command line of the program against its commands and their flags, without running it.
 *
 * @param words The words behind the program's name.
 * @throws {Error} If the program would not understand it; the message says why.
 */
export function checkProgramArgs(words: readonly string[]): void {
  const [name, ...rest] = words;
  if (name === "--help" || name === "--version") return;
  const command = COMMANDS.find((candidate) => candidate.name === name);
  if (command === undefined) throw new Error(`"${name}" is not a command`);
  const args = readArgs(rest.filter((word) => word !== "--help"), command);
  for (const flag of Object.keys(command.values)) {
    if (/port|weight|period|workers/.test(flag)) args.wholeNumber(flag, 0, 2 ** 32 - 1);
  }
}

/**
 * Checks a line of shell that this project's documentation shows: where it runs the program or one
 * of the project's tasks, those must exist and understand it.
 *
 * @param line One command, with everything on one line.
 * @returns Whether it was one of those; for other programs nothing is known.
 * @throws {Error} If it would not be understood.
 */
export async function checkShellLine(line: string): Promise<boolean> {
  const words = splitWords(line);
  const at = words.findIndex((word) =>
    /^(\S*\/)?(ballast|cli\.ts|jsr:@ballast\/lb\/cli)$/.test(word)
  );
  const task = /\bdeno(?:@\S+)? task ([a-z:-]+)/.exec(line)?.[1];
  if (task !== undefined) {
    const { tasks } = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
    if (!(task in tasks)) throw new Error(`"${task}" is not a task`);
    return true;
  }
  // The name is also that of a container, a service and a package.
  if (at === -1 || !(at === 0 || words[0] === "deno" && words[1] === "run")) return false;
  checkProgramArgs(words.slice(at + 1));
  return true;
}

/** The words of a command; quotes are understood, where its output goes to is left out. */
function splitWords(line: string): string[] {
  const words =
    line.replace(/\s#.*$/, "").replace(/\s>\s*\S+$/, "").match(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g) ??
      [];
  return words.map((word) => word.replaceAll(/['"]/g, ""));
}
