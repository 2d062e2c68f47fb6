import { isHost } from "../model/host.ts";
import { UsageError } from "./errors.ts";

/** A whole number in decimal. Without leading zeros, which some read as octal. */
const WHOLE = /^(?:0|[1-9][0-9]*)$/;
/** A number with an optional fraction and exponent. */
const NUMBER = /^(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:e-?[0-9]+)?$/i;

/** A flag that takes a value. */
export interface ValueFlag {
  /** Placeholder of the value in the help, for example `PORT`. */
  readonly value: string;
  /** Meaning of the flag, with its default. */
  readonly help: string;
  /** Values for shells to complete. Default: files for `FILE`, else none. */
  readonly choices?: readonly string[];
}

/** A flag without a value. */
export interface SwitchFlag {
  /** Meaning of the flag. */
  readonly help: string;
}

/** The flags and the argument that a command accepts. */
export interface Syntax {
  /** Flags with a value, by name without the dashes. */
  readonly values: Readonly<Record<string, ValueFlag>>;
  /** Flags without a value, by name without the dashes. */
  readonly switches: Readonly<Record<string, SwitchFlag>>;
  /** Placeholder of the command's positional argument, if it takes one. */
  readonly argument?: string;
  /** Values of that argument for shells to complete. Default: files for `FILE`, else none. */
  readonly argumentChoices?: readonly string[];
}

/**
 * A command of the program. Declare one with `satisfies Command`, so that the names of its flags stay
 * known to the compiler.
 */
export interface Command extends Syntax {
  /** Its name on the command line. */
  readonly name: string;
  /** Summary in one line, in the imperative. */
  readonly summary: string;
  /** A command line that works. */
  readonly example: string;
  /**
   * Runs the command.
   *
   * @throws {UsageError} If the command line is wrong.
   * @throws {CommandError} If the command fails.
   */
  run(args: Args): Promise<void>;
}

/** The flag by which a command writes JSON instead of text. */
export const JSON_SWITCH: Readonly<Record<"json", SwitchFlag>> = {
  json: { help: "print JSON" },
};

/** A parsed command line. */
export class Args {
  readonly #values: ReadonlyMap<string, string>;
  readonly #switches: ReadonlySet<string>;
  /** The positional argument. */
  readonly argument: string | undefined;

  constructor(
    values: ReadonlyMap<string, string>,
    switches: ReadonlySet<string>,
    argument: string | undefined,
  ) {
    this.#values = values;
    this.#switches = switches;
    this.argument = argument;
  }

  /** Whether a flag was given, with or without a value. */
  has(name: string): boolean {
    return this.#switches.has(name) || this.#values.has(name);
  }

  /** A flag's value, if it was given. */
  text(name: string): string | undefined {
    return this.#values.get(name);
  }

  /**
   * The value of a required flag.
   *
   * @throws {UsageError} If it was not given.
   */
  required(name: string): string {
    const value = this.#values.get(name);
    if (value === undefined) throw new UsageError(`--${name} is required`);
    return value;
  }

  /**
   * The value of a flag that takes one of several words, if it was given.
   *
   * @throws {UsageError} If it is none of them.
   */
  oneOf<T extends string>(name: string, words: readonly T[]): T | undefined {
    const value = this.#values.get(name);
    const word = words.find((each) => each === value);
    if (word !== undefined || value === undefined) return word;
    throw new UsageError(`--${name} must be ${words.join(" or ")}, not "${value}"`);
  }

  /**
   * A flag's value as a whole number, if it was given.
   *
   * @throws {UsageError} If it is not one, or out of range.
   */
  wholeNumber(name: string, min: number, max: number): number | undefined {
    return this.#number(name, { kind: "a whole number", pattern: WHOLE, min, max });
  }

  /**
   * A flag's value as a number, possibly a fraction, if it was given.
   *
   * @throws {UsageError} If it is not one, or out of range.
   */
  number(name: string, min: number, max: number): number | undefined {
    return this.#number(name, { kind: "a number", pattern: NUMBER, min, max });
  }

  #number(
    name: string,
    { kind, pattern, min, max }: { kind: string; pattern: RegExp; min: number; max: number },
  ): number | undefined {
    const value = this.#values.get(name);
    if (value === undefined) return undefined;
    const number = pattern.test(value) ? Number(value) : NaN;
    if (number >= min && number <= max) return number;
    const zeros = /^0[0-9]/.test(value) ? " without leading zeros" : "";
    throw new UsageError(`--${name} must be ${kind} from ${min} to ${max}${zeros}, not "${value}"`);
  }

  /**
   * A flag's value as an address to listen on, if it was given.
   *
   * @throws {UsageError} If it is neither a host name nor an IP address.
   */
  host(name: string): string | undefined {
    const value = this.#values.get(name);
    if (value === undefined || isHost(value)) return value;
    throw new UsageError(`--${name} must be a host name or an IP address, not "${value}"`);
  }
}
