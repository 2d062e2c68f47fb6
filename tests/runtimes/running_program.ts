import type { Runtime } from "./installation.ts";

/** A program that runs on one of the runtimes until disposed of. */
export class RunningProgram implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #output: ReadableStreamDefaultReader<string>;
  readonly #errors: Promise<string>;
  #text = "";
  /** What it is to exit with. */
  readonly #exitCode: number | undefined;

  /**
   * Starts it.
   *
   * @param runtime What runs it.
   * @param file The program.
   * @param options Its arguments and environment, and what it exits with when its standard input
   * ends; without that, it is killed.
   */
  constructor(
    runtime: Runtime,
    file: string,
    options: {
      readonly args?: readonly string[];
      readonly env?: Record<string, string>;
      readonly exitCode?: number;
    } = {},
  ) {
    const [program, ...args] = runtime.command;
    this.#exitCode = options.exitCode;
    this.#child = new Deno.Command(program!, {
      args: [...args, file, ...options.args ?? []],
      cwd: runtime.folder,
      env: { NO_COLOR: "1", ...options.env },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#output = this.#child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    this.#errors = new Response(this.#child.stderr).text();
  }

  /**
   * Waits until its output has a line like this.
   *
   * @throws {Error} If it ends before, with what it said.
   */
  async waitFor(line: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = line.exec(this.#text);
      if (found !== null) return found;
      const { value } = await this.#output.read();
      if (value === undefined) throw new Error(`It ended: ${this.#text}${await this.#errors}`);
      this.#text += value;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#exitCode === undefined) this.#child.kill("SIGKILL");
    await this.#child.stdin.close();
    const [{ code }, errors] = await Promise.all([
      this.#child.status,
      this.#errors,
      this.#output.cancel(),
    ]);
    if (this.#exitCode === undefined || code === this.#exitCode) return;
    throw new Error(`It exited with ${code}: ${this.#text}${errors}`);
  }
}
