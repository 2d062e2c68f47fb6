import type { Runtime } from "./installation.ts";
import { until } from "../testing/until.ts";

/** How long it may take to write something, in milliseconds. */
const LIMIT_MS = 120_000;

/** A program that runs on one of the runtimes until disposed of. */
export class RunningProgram implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  /** Its output so far, errors included. */
  #text = "";
  #ended = false;
  readonly #reading: Promise<unknown>;
  /** The expected exit code. */
  readonly #exitCode: number | undefined;

  /**
   * Starts it.
   *
   * @param runtime The runtime.
   * @param file The program.
   * @param options Its arguments, and what it exits with when its standard input ends; without that,
   * it is killed.
   */
  constructor(
    runtime: Omit<Runtime, "name">,
    file: string,
    options: { readonly args?: readonly string[]; readonly exitCode?: number } = {},
  ) {
    const [program, ...args] = runtime.command;
    this.#exitCode = options.exitCode;
    this.#child = new Deno.Command(program!, {
      args: [...args, file, ...options.args ?? []],
      cwd: runtime.folder,
      env: { NO_COLOR: "1", ...runtime.env },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const { stdout, stderr } = this.#child;
    this.#reading = Promise.all([this.#read(stdout), this.#read(stderr)]).then(() => {
      this.#ended = true;
    });
  }

  /**
   * Waits until its output has a text like this.
   *
   * @throws {Error} If it ends before, with what it said.
   */
  async waitFor(text: RegExp): Promise<RegExpExecArray> {
    let found: RegExpExecArray | null = null;
    await until(() => `${text} in: ${this.#text}`, () => {
      found = text.exec(this.#text);
      if (found === null && this.#ended) throw new Error(`It ended: ${this.#text}`);
      return found !== null;
    }, LIMIT_MS);
    return found!;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#exitCode === undefined) this.#child.kill("SIGKILL");
    await this.#child.stdin.close().catch(() => {});
    const [{ code }] = await Promise.all([this.#child.status, this.#reading]);
    if (this.#exitCode === undefined || code === this.#exitCode) return;
    throw new Error(`It exited with ${code}: ${this.#text}`);
  }

  async #read(output: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
    for await (const text of output.pipeThrough(new TextDecoderStream())) {
      this.#text += text;
    }
  }
}
