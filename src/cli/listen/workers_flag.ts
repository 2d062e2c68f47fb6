import { rangeOf } from "../../config/fields.ts";
import { workersSchema } from "../../config/settings_schema.ts";
import { mayReusePort } from "../../runtime/reuse_port.ts";
import type { Args, ValueFlag } from "../command_line.ts";
import { CommandError, UsageError } from "../errors.ts";
import type { Say } from "../output/print.ts";

const [WORKERS_MIN, WORKERS_MAX] = rangeOf(workersSchema);

/** The flag with the number of worker threads. */
export const WORKERS_FLAG: Readonly<Record<"workers", ValueFlag>> = {
  "workers": {
    value: "N",
    help: "worker threads that accept connections; auto for one per core (default 1)",
    choices: ["auto"],
  },
};

/**
 * Reads the number of workers from the command line.
 *
 * @throws {UsageError} If it is invalid.
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
 * The number of workers that this process can have.
 *
 * @param say Reports why `auto` gives fewer workers than cores.
 * @throws {CommandError} If several are wanted by number, and only one is possible.
 */
export function countWorkers(workers: number | "auto", say: Say): number {
  const cores = Math.min(navigator.hardwareConcurrency, WORKERS_MAX);
  if (mayReusePort()) return workers === "auto" ? cores : workers;
  const reason = "threads can share a port only if Deno runs with --unstable-net";
  if (workers !== "auto" && workers > 1) {
    throw new CommandError(`Cannot use ${workers} workers: ${reason}. Start it with that flag.`);
  }
  if (workers === "auto" && cores > 1) say(`Using 1 of ${cores} cores: ${reason}`);
  return 1;
}
