import { parseArgs } from "node:util";
import { REFERENCE } from "../peers/mod.ts";
import { ALL_CORES, type Mode, ONE_CORE } from "./modes.ts";
import { SCENARIOS } from "./scenarios.ts";

/** How the benchmark is called. */
export const USAGE = `deno run -A bench/main.ts [flags]
  --rounds N           rounds through all peers per scenario (default 5)
  --duration SECONDS   length of one measurement (default 4)
  --only NAME,…        these scenarios only: ${SCENARIOS.map(({ name }) => name).join(", ")}
  --peers NAME,…       these peers only; without ${REFERENCE.name} there are no ratios
  --before DIR         compare with the Ballast of another checkout, in place of HAProxy
  --one-core           pinned to one core each only
  --all-cores          unpinned only (default: both, one after the other)
  --out FILE           where the report goes (default bench/results.md)
  --help               this`;

/** Options of the command line. */
export interface Options {
  /** How many rounds. */
  readonly rounds: number;
  /** Length of one measurement, in seconds. */
  readonly duration: number;
  /** Names of scenarios; undefined for all. */
  readonly only: readonly string[] | undefined;
  /** Names of peers; undefined for all. */
  readonly peers: readonly string[] | undefined;
  /** Another checkout of Ballast, which is the reference then. */
  readonly before: string | undefined;
  /** The directory to run in. */
  readonly modes: readonly Mode[];
  /** Where the report goes. */
  readonly out: string;
}

/** The names that can be asked for. */
export interface KnownNames {
  readonly scenarios: readonly string[];
  readonly peers: readonly string[];
}

/**
 * Reads the command line.
 *
 * @param args The arguments.
 * @param known The names that can be asked for.
 * @returns Undefined for `--help`.
 * @throws {TypeError} For what cannot be understood; the message says what it is.
 */
export function readOptions(args: readonly string[], known: KnownNames): Options | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      "rounds": { type: "string", default: "5" },
      "duration": { type: "string", default: "4" },
      "only": { type: "string" },
      "peers": { type: "string" },
      "before": { type: "string" },
      "one-core": { type: "boolean", default: false },
      "all-cores": { type: "boolean", default: false },
      "out": { type: "string" },
      "help": { type: "boolean", default: false },
    },
  });
  if (values.help) return undefined;
  const both = values["one-core"] === values["all-cores"];
  return {
    rounds: wholeNumber("rounds", values.rounds),
    duration: wholeNumber("duration", values.duration),
    only: names("only", values.only, known.scenarios),
    peers: names("peers", values.peers, known.peers),
    before: values.before,
    modes: both ? [ONE_CORE, ALL_CORES] : [values["one-core"] ? ONE_CORE : ALL_CORES],
    out: values.out ?? new URL("../results.md", import.meta.url).pathname,
  };
}

function wholeNumber(flag: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 1000) {
    throw new TypeError(`--${flag} takes a whole number from 1 to 1000, not "${text}"`);
  }
  return value;
}

function names(
  flag: string,
  text: string | undefined,
  known: readonly string[],
): string[] | undefined {
  if (text === undefined) return undefined;
  const asked = text.split(",");
  const unknown = asked.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new TypeError(`--${flag} does not know "${unknown}"; there are ${known.join(", ")}`);
  }
  return asked;
}
