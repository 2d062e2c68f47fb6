// deno-lint-ignore-file no-console
import { parseArgs } from "@std/cli/parse-args";

/** The flags that the scripts have. The types of `parseArgs` follow from the names. */
const NAMES = ["clients", "minutes", "resets", "rounds", "seconds", "seed", "workers"] as const;

/**
 * Reads the flags of a script that runs for long. What it does not know, it says, and ends the
 * process with 2: nobody wants to wait half an hour for `--help`.
 *
 * @param defaults The flags, each of which is a number from 0, with their defaults.
 * @param args The command line. Default: that of the process.
 */
export function readNumberFlags<Name extends typeof NAMES[number]>(
  defaults: Readonly<Record<Name, number>>,
  args: readonly string[] = Deno.args,
): Record<Name, number> {
  const names = Object.keys(defaults) as Name[];
  const unknown: string[] = [];
  const given: Record<string, unknown> = parseArgs([...args], {
    string: NAMES,
    unknown: (argument) => {
      unknown.push(argument);
      return false;
    },
  });
  for (const name of NAMES) {
    if (given[name] !== undefined && !(name in defaults)) unknown.push(`--${name}`);
  }
  const values = { ...defaults } as Record<Name, number>;
  for (const name of names) {
    const text = given[name];
    if (text === undefined) continue;
    values[name] = typeof text === "string" && /^[0-9]+(\.[0-9]+)?$/.test(text)
      ? Number(text)
      : NaN;
    if (Number.isNaN(values[name])) unknown.push(`--${name} ${text}`);
  }
  if (unknown.length === 0) return values;
  console.error(`Cannot use ${unknown.join(", ")}. The flags, each with a number:`);
  for (const name of names) console.error(`  --${name}  (default ${defaults[name]})`);
  Deno.exit(2);
}
