/** An expected failure of a command, which is printed without a stack. */
abstract class CliError extends Error {
  /** Whether the command has printed or logged the message itself. Default: false. */
  readonly isReported: boolean;

  constructor(message: string, isReported = false) {
    super(message);
    this.name = this.constructor.name;
    this.isReported = isReported;
  }
}

/** A wrong command line. The message says what is wrong with it, and what to type instead. */
export class UsageError extends CliError {}

/** A command that failed. The message says why, and what to do next. */
export class CommandError extends CliError {}
