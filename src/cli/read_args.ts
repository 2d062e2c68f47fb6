import { parseArgs } from "@std/cli/parse-args";
import { Args, type Syntax } from "./command_line.ts";
import { SWITCH_NAMES, VALUE_NAMES } from "./commands.ts";
import { didYouMean } from "./did_you_mean.ts";
import { UsageError } from "./errors.ts";

/**
 * Parses the command line of a command.
 *
 * @throws {UsageError} If the command line does not fit.
 */
export function readArgs(args: readonly string[], syntax: Syntax): Args {
  const valueNames = Object.keys(syntax.values);
  const switchNames = Object.keys(syntax.switches);
  const joined = joinNegativeNumbers(args, valueNames);
  checkKnown(joined, [...valueNames, ...switchNames]);
  const parsed: Record<string, unknown> = parseArgs(joined, {
    string: [...VALUE_NAMES, "_"],
    collect: VALUE_NAMES,
    boolean: SWITCH_NAMES,
  });
  const values = new Map<string, string>();
  for (const name of valueNames) {
    const given = parsed[name] as string[];
    if (given.length > 1) throw new UsageError(`--${name} was given more than once`);
    if (given[0] === "") throw new UsageError(`--${name} needs a value`);
    if (given[0] !== undefined) values.set(name, given[0]);
  }
  const switches = new Set(switchNames.filter((name) => parsed[name] === true));
  const [argument, ...rest] = (parsed._ as unknown[]).map(String);
  const surplus = syntax.argument === undefined ? argument : rest[0];
  if (surplus !== undefined) throw new UsageError(`unexpected argument "${surplus}"`);
  return new Args(values, switches, argument);
}

/** Refuses a flag that the command does not take, even if other commands do. */
function checkKnown(args: readonly string[], names: readonly string[]): void {
  for (const arg of args) {
    if (arg === "--") return;
    const flag = arg.split("=", 1)[0]!;
    if (!/^-./.test(arg) || flag.startsWith("--") && names.includes(flag.slice(2))) continue;
    const hint = didYouMean(flag, names.map((name) => `--${name}`));
    throw new UsageError(`unknown option ${flag}${hint}`);
  }
}

/** `--weight -1` as `--weight=-1`, because the parser takes `-1` for a flag. */
function joinNegativeNumbers(args: readonly string[], valueNames: readonly string[]): string[] {
  const joined: string[] = [];
  for (const arg of args) {
    const flag = joined.at(-1);
    if (/^-[0-9.]/.test(arg) && flag !== undefined && valueNames.includes(flag.slice(2))) {
      joined.push(`${joined.pop()}=${arg}`);
    } else joined.push(arg);
  }
  return joined;
}
