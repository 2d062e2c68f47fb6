import { parseArgs } from "@std/cli/parse-args";
import { isHost } from "../model/host.ts";
import { UsageError } from "./errors.ts";
import { SWITCH_NAMES, type SwitchName, VALUE_NAMES, type ValueName } from "./flag_names.ts";

/** A whole number in decimal; one that begins with a zero is octal to some. */
const WHOLE = /^(?:0|[1-9][0-9]*)$/;
/** A number that may be a fraction. */
const NUMBER = /^(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:e-?[0-9]+)?$/i;

/** A flag that takes a value. */
export interface ValueFlag {
  /** What stands for the value in the help, for example `PORT`. */
  readonly value: string;
  /** What the flag does, with its default. */
  readonly help: string;
  /** Values to choose from, for shells to complete. Default: files for `FILE`, else none. */
  readonly choices?: readonly string[];
}

/** A flag that is there or not. */
export interface SwitchFlag {
  /** What the flag does. */
  readonly help: string;
}

/** What a command accepts on its command line. */
export interface Syntax {
  /** Flags with a value, by name without the dashes. */
  readonly values: Readonly<Partial<Record<ValueName, ValueFlag>>>;
  /** Flags without a value, by name without the dashes. */
  readonly switches: Readonly<Partial<Record<SwitchName, SwitchFlag>>>;
  /** The name of the one argument without a flag, if the command takes one. */
  readonly argument?: string;
  /** What that argument can be, for shells to complete. Default: files for `FILE`, else none. */
  readonly argumentChoices?: readonly string[];
}

/** The switch by which a command writes JSON instead of text. */
export const JSON_SWITCH: Readonly<Record<"json", SwitchFlag>> = {
  json: { help: "write JSON, for programs" },
};

/** One of the program's commands. */
export interface Command extends Syntax {
  /** Its name on the command line. */
  readonly name: string;
  /** What it does, in one line. */
  readonly summary: string;
  /** A command line that works. */
  readonly example: string;
  /**
   * Does it.
   *
   * @throws {UsageError} If the command line makes no sense.
   * @throws {CommandError} If it cannot be done.
   */
  run(args: Args): Promise<void>;
}

/** A command line that fits its syntax. */
export class Args {
  readonly #values: ReadonlyMap<string, string>;
  readonly #switches: ReadonlySet<string>;
  /** The argument without a flag. */
  readonly argument: string | undefined;

  /**
   * @param values The flags with a value that were given.
   * @param switches The flags without a value that were given.
   * @param argument The argument without a flag.
   */
  constructor(
    values: ReadonlyMap<string, string>,
    switches: ReadonlySet<string>,
    argument: string | undefined,
  ) {
    this.#values = values;
    this.#switches = switches;
    this.argument = argument;
  }

  /** Whether a flag without a value was given. */
  has(name: string): boolean {
    return this.#switches.has(name);
  }

  /** A flag's value, if it was given. */
  text(name: string): string | undefined {
    return this.#values.get(name);
  }

  /**
   * A flag's value, which has to be there.
   *
   * @throws {UsageError} If it was not given.
   */
  required(name: string): string {
    const value = this.#values.get(name);
    if (value === undefined) throw new UsageError(`--${name} is missing`);
    return value;
  }

  /**
   * A flag's value as a whole number, if it was given.
   *
   * @throws {UsageError} If it is not one, or out of range.
   */
  wholeNumber(name: string, min: number, max: number): number | undefined {
    const value = this.#values.get(name);
    if (value === undefined) return undefined;
    const number = WHOLE.test(value) ? Number(value) : NaN;
    if (number >= min && number <= max) return number;
    const what = `a whole number from ${min} to ${max}${leadingZeros(value)}`;
    throw new UsageError(`--${name} must be ${what}, not "${value}"`);
  }

  /**
   * A flag's value as a number, possibly a fraction, if it was given.
   *
   * @throws {UsageError} If it is not one, or out of range.
   */
  number(name: string, min: number, max: number): number | undefined {
    const value = this.#values.get(name);
    if (value === undefined) return undefined;
    const number = NUMBER.test(value) ? Number(value) : NaN;
    if (number >= min && number <= max) return number;
    const what = `a number from ${min} to ${max}${leadingZeros(value)}`;
    throw new UsageError(`--${name} must be ${what}, not "${value}"`);
  }

  /**
   * A flag's value as the address to listen on, if it was given.
   *
   * @throws {UsageError} If it is neither a host name nor an IP address.
   */
  host(name: string): string | undefined {
    const value = this.#values.get(name);
    if (value === undefined || isHost(value)) return value;
    throw new UsageError(`--${name} must be a host name or an IP address, not "${value}"`);
  }
}

/** What to say of a number that is refused, beside its range. */
function leadingZeros(value: string): string {
  return /^0[0-9]/.test(value) ? " without leading zeros" : "";
}

/**
 * Reads a command line.
 *
 * @param args What stands behind the command's name.
 * @param syntax What the command accepts.
 * @throws {UsageError} If it does not fit.
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
    if (given.length > 1) throw new UsageError(`--${name} is given more than once`);
    if (given[0] === "") throw new UsageError(`--${name} needs a value`);
    if (given[0] !== undefined) values.set(name, given[0]);
  }
  const switches = new Set(switchNames.filter((name) => parsed[name] === true));
  const [argument, ...rest] = (parsed._ as unknown[]).map(String);
  const surplus = syntax.argument === undefined ? argument : rest[0];
  if (surplus !== undefined) throw new UsageError(`"${surplus}" is one argument too many`);
  return new Args(values, switches, argument);
}

/** Refuses a flag that the command does not take, whether or not others do. */
function checkKnown(args: readonly string[], names: readonly string[]): void {
  for (const arg of args) {
    if (arg === "--") return;
    const flag = arg.split("=", 1)[0]!;
    if (!/^-./.test(arg) || flag.startsWith("--") && names.includes(flag.slice(2))) continue;
    throw new UsageError(`${flag} is not known here`);
  }
}

/** `--weight -1` as `--weight=-1`: the parser would take `-1` for a flag, and the error with it. */
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
