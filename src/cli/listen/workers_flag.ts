import { rangeOf } from "../../config/fields.ts";
import { workersSchema } from "../../config/settings_schema.ts";
import { mayReusePort } from "../../runtime/reuse_port.ts";
import type { Args, ValueFlag } from "../command_line.ts";
import { CommandError, UsageError } from "../errors.ts";
import type { Say } from "./logs.ts";

const [WORKERS_MIN, WORKERS_MAX] = rangeOf(workersSchema);

/** The flag that says how many threads accept connections. */
export const WORKERS_FLAG: Readonly<Record<"workers", ValueFlag>> = {
  "workers": {
    value: "N",
    help: "how many threads accept connections; auto is one for each core (default 1)",
    choices: ["auto"],
  },
};

/**
 * What the command line says of the workers.
 *
 * @throws {UsageError} If it makes no sense.
 */
export function readWorkersFlag(args: Args): number | "auto" | undefined {
  const text = args.text("workers");
  if (text === "auto") return "auto";
  if (text !== undefined && !/^[0-9]+$/.test(text)) {
    const allowed = `auto or a whole number from ${WORKERS_MIN} to ${WORKERS_MAX}`;
    throw new UsageError(`--workers must be ${allowed}, not "${text}"`);
  }
  return args.wholeNumber("workers", WORKERS_MIN, WORKERS_MAX);
}

/**
 * How many threads there will be. Says in one line why they are fewer than there are cores.
 *
 * @param workers What the user wants.
 * @param say What takes that line.
 * @throws {CommandError} If several are wanted by number, and there can be only one.
 */
export function countWorkers(workers: number | "auto", say: Say): number {
  const cores = Math.min(navigator.hardwareConcurrency, WORKERS_MAX);
  if (mayReusePort()) return workers === "auto" ? cores : workers;
  const reason = "several threads can share a port only where Deno runs with --unstable-net";
  if (workers !== "auto" && workers > 1) {
    throw new CommandError(`Cannot use ${workers} workers: ${reason}. Start it with that flag.`);
  }
  if (workers === "auto" && cores > 1) say(`Using 1 of ${cores} cores: ${reason}`);
  return 1;
}
