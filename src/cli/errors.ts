/** The command line cannot be understood; the message says what to type instead. */
export class UsageError extends Error {
  /** @param message What is wrong, and what to type instead. */
  constructor(message: string) {
    super(message);
    this.name = "UsageError";
  }
}

/** The command was understood and cannot be done; the message says why, and what to do next. */
export class CommandError extends Error {
  /** @param message What happened, to what, and what to do next. */
  constructor(message: string) {
    super(message);
    this.name = "CommandError";
  }
}
