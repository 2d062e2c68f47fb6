import { TextWatcher } from "./text_watcher.ts";

/** The directory that the program is run in: the project's. */
const root = new URL("../../", import.meta.url);

/** The result of a program that has ended. */
export interface CliResult {
  /** The exit code. */
  readonly code: number;
  /** The standard output. */
  readonly stdout: string;
  /** The standard error output. */
  readonly stderr: string;
}

/**
 * Runs the command line program until it ends: with net and read permission only, or with those
 * that are among the arguments (`--allow-net=…`).
 */
export async function runCli(...args: string[]): Promise<CliResult> {
  const { code, stdout, stderr } = await command(args).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** A command line program that goes on running. Disposing of it kills it. */
export class RunningCli implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #stdout: TextWatcher;
  readonly #stderr: TextWatcher;
  #ended = false;

  /**
   * @param args The command line behind the program's name; before it, what its environment has
   * beside that of the test.
   */
  constructor(...args: string[] | [environment: Record<string, string>, ...args: string[]]) {
    const [first, ...rest] = args;
    const child = typeof first === "object"
      ? command(rest as string[], first)
      : command(args as string[]);
    this.#child = child.spawn();
    this.#stdout = new TextWatcher(this.#child.stdout);
    this.#stderr = new TextWatcher(this.#child.stderr);
  }

  /** The process's id. */
  get pid(): number {
    return this.#child.pid;
  }

  /** Its standard error output so far. */
  get errors(): string {
    return this.#stderr.text;
  }

  /** Its standard output so far. */
  get output(): string {
    return this.#stdout.text;
  }

  /** Whether it has ended, by itself or not. */
  get ended(): boolean {
    return this.#stdout.ended;
  }

  /** Waits until the standard output contains a text, and rejects if it does not. */
  async waitFor(text: string): Promise<void> {
    if (await this.#stdout.includes(text)) return;
    const errors = this.#stdout.ended ? await this.#stderr.end() : this.#stderr.text;
    throw new Error(`Cannot find "${text}" in: ${this.#stdout.text}${errors}`);
  }

  /** Waits until the standard error output contains a text so often, and rejects if it does not. */
  async waitForError(text: string, times = 1): Promise<void> {
    if (await this.#stderr.includes(text, times)) return;
    throw new Error(`Cannot find "${text}" in: ${this.#stderr.text}`);
  }

  /** Sends a signal. */
  kill(signal: Deno.Signal): void {
    this.#child.kill(signal);
  }

  /** Waits for the end. */
  async result(): Promise<CliResult> {
    const { code } = await this.#child.status;
    const [stdout, stderr] = await Promise.all([this.#stdout.end(), this.#stderr.end()]);
    this.#ended = true;
    return { code, stdout, stderr };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#ended) return;
    this.#child.kill("SIGKILL");
    await this.result();
  }
}

/** Whether an argument is one of Deno's, in place of the usual permissions. */
function isPermission(arg: string): boolean {
  return arg.startsWith("--allow-");
}

/** Ports of 127.0.0.1 on which nothing listens, all different. */
export function freePorts(count: number): number[] {
  const listeners = Array.from(
    { length: count },
    () => Deno.listen({ hostname: "127.0.0.1", port: 0 }),
  );
  const ports = listeners.map(({ addr }) => addr.port);
  for (const listener of listeners) listener.close();
  return ports;
}

function command(
  args: readonly string[],
  environment: Record<string, string> = {},
): Deno.Command {
  const given = args.filter(isPermission);
  const permissions = given.length === 0 ? ["--allow-net", "--allow-read"] : given;
  const others = args.filter((arg) => !isPermission(arg));
  return new Deno.Command(Deno.execPath(), {
    args: ["run", ...permissions, "--no-prompt", "cli.ts", ...others],
    cwd: root,
    env: { NO_COLOR: "1", ...environment },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
}
