import { ROOT } from "./program.ts";
import { within } from "./until.ts";

/** The program on a terminal of its own, by `script` of util-linux. Disposing of it kills it. */
export class Terminal implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #keyboard: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  readonly #reader: ReadableStreamDefaultReader<string>;
  #ended = false;
  /** The terminal's content so far. */
  output = "";

  /**
   * @param size How many columns and lines it has.
   * @param env Further variables of the environment.
   * @param args The command line behind the program's name.
   */
  constructor(size: readonly [number, number], env: Record<string, string>, args: string[]) {
    // Quiet, as the runtime writes to a terminal too, when it loads modules.
    const flags = ["--quiet", "--allow-net", "--allow-read", "--no-prompt"];
    const program = [Deno.execPath(), "run", ...flags, "cli.ts"];
    const [columns, lines] = size;
    const command = `stty cols ${columns} rows ${lines}; exec ${[...program, ...args].join(" ")}`;
    const { NO_COLOR: _, ...rest } = Deno.env.toObject();
    this.#child = new Deno.Command("script", {
      args: ["--quiet", "--return", "--flush", "--command", command, "/dev/null"],
      cwd: ROOT,
      env: { ...rest, TERM: "xterm", ...env },
      clearEnv: true,
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    this.#keyboard = this.#child.stdin.getWriter();
    this.#reader = this.#child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  }

  /** Waits until something was written behind a place in the output, and tells where it ends. */
  async waitFor(text: string, from = 0): Promise<number> {
    while (!this.output.includes(text, from)) {
      const more = await within(() => `"${text}" in: ${this.output}`, this.#read());
      if (!more) throw new Error(`Cannot find "${text}" in: ${this.output}`);
    }
    return this.output.indexOf(text, from) + text.length;
  }

  /** Types something. */
  async type(text: string): Promise<void> {
    await this.#keyboard.write(new TextEncoder().encode(text));
  }

  /** Waits for the end, and tells what the program exited with. */
  async exitCode(): Promise<number> {
    while (await this.#read());
    const { code } = await this.#child.status;
    this.#ended = true;
    await this.#keyboard.close().catch(() => {});
    return code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#ended) return;
    this.#child.kill("SIGKILL");
    await this.exitCode();
  }

  async #read(): Promise<boolean> {
    const { value, done } = await this.#reader.read();
    this.output += value ?? "";
    return !done;
  }
}
