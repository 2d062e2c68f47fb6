import { type CliResult, freePorts, runCli, RunningCli } from "./run_cli.ts";

/** The project's folder. */
export const ROOT: URL = new URL("../../", import.meta.url);

/** `listen`, running as a process of its own until disposed of. */
export class RunningBalancer implements AsyncDisposable {
  readonly #program: RunningCli;
  /** Where requests go. */
  readonly url: string;
  /** The port of the admin API. */
  readonly apiPort: number;

  private constructor(program: RunningCli, port: number, apiPort: number) {
    this.#program = program;
    this.url = `http://127.0.0.1:${port}`;
    this.apiPort = apiPort;
  }

  /** Starts it on free ports and waits until it says that it listens. */
  static async start(...args: string[]): Promise<RunningBalancer> {
    for (let tries = 1;; tries++) {
      try {
        return await RunningBalancer.#startOnce(args);
      } catch (error) {
        // Another test may have taken a free port before this one did.
        if (tries === 3 || !String(error).includes("the port is in use")) throw error;
      }
    }
  }

  static async #startOnce(args: readonly string[]): Promise<RunningBalancer> {
    const [port, apiPort] = freePorts(2);
    const program = new RunningCli("listen", `--port=${port}`, `--api-port=${apiPort}`, ...args);
    // There is no terminal, so what it says is in its log, unless that is for people.
    if (args.join() === "--log-format=pretty") await program.waitFor("Dashboard on");
    else await program.waitForError("Dashboard on");
    return new RunningBalancer(program, port!, apiPort!);
  }

  /** The process's id. */
  get pid(): number {
    return this.#program.pid;
  }

  /** Runs a command against this balancer. */
  run(command: string, ...args: string[]): Promise<CliResult> {
    return runCli(command, `--api-port=${this.apiPort}`, ...args);
  }

  /** Its standard output so far. */
  get output(): string {
    return this.#program.output;
  }

  /** Whether it has ended, by itself or not. */
  get ended(): boolean {
    return this.#program.ended;
  }

  /** Its standard error output so far. */
  get errors(): string {
    return this.#program.errors;
  }

  /** Waits until its standard output, where the access log is, contains a text. */
  waitFor(text: string): Promise<void> {
    return this.#program.waitFor(text);
  }

  /** Waits until its log, the standard error output, contains a text so often. Default: once. */
  waitForError(text: string, times = 1): Promise<void> {
    return this.#program.waitForError(text, times);
  }

  /** Sends it a signal. */
  signal(signal: Deno.Signal): void {
    this.#program.kill(signal);
  }

  /** Waits for the end and returns what it exited with. */
  async exitCode(): Promise<number> {
    return (await this.#program.result()).code;
  }

  /** Asks it to stop, waits for the end and returns what it exited with. */
  stop(): Promise<number> {
    this.signal("SIGTERM");
    return this.exitCode();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program[Symbol.asyncDispose]();
  }
}
