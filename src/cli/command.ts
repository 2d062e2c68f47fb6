import type { Args, Syntax } from "./args.ts";

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
