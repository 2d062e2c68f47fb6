/** The directory that the program is run in: the project's. */
const root = new URL("../../", import.meta.url);

/** What a program that has ended leaves. */
export interface CliResult {
  /** What it exited with. */
  readonly code: number;
  /** What it wrote to the standard output. */
  readonly stdout: string;
  /** What it wrote to the standard error output. */
  readonly stderr: string;
}

/** Runs the command line program, with net and read permission only, until it ends. */
export async function runCli(...args: string[]): Promise<CliResult> {
  const { code, stdout, stderr } = await command(args).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** A command line program that goes on running. Disposing of it kills it. */
export class RunningCli implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #stdout: ReadableStreamDefaultReader<string>;
  readonly #stderr: Promise<string>;
  #output = "";
  #ended = false;

  /** @param args The command line behind the program's name. */
  constructor(...args: string[]) {
    this.#child = command(args).spawn();
    this.#stdout = this.#child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    this.#stderr = new Response(this.#child.stderr).text();
  }

  /** The process's id. */
  get pid(): number {
    return this.#child.pid;
  }

  /** Waits until the standard output contains a text, and rejects if it ends without. */
  async waitFor(text: string): Promise<void> {
    while (!this.#output.includes(text)) {
      if (await this.#read()) continue;
      throw new Error(`Cannot find "${text}" in: ${this.#output}${await this.#stderr}`);
    }
  }

  /** Sends a signal. */
  kill(signal: Deno.Signal): void {
    this.#child.kill(signal);
  }

  /** Waits for the end. */
  async result(): Promise<CliResult> {
    while (await this.#read());
    const [{ code }, stderr] = await Promise.all([this.#child.status, this.#stderr]);
    this.#ended = true;
    return { code, stdout: this.#output, stderr };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#ended) return;
    this.#child.kill("SIGKILL");
    await this.result();
  }

  async #read(): Promise<boolean> {
    const { done, value } = await this.#stdout.read();
    if (!done) this.#output += value;
    return !done;
  }
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

function command(args: readonly string[]): Deno.Command {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-net", "--allow-read", "--no-prompt", "cli.ts", ...args],
    cwd: root,
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
}
