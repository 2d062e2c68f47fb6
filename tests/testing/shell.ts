import { ROOT } from "./program.ts";

/** Stands behind the output of a block, with what the block exited with. */
const END = "\u001e";

/** The result of a block of commands. */
export interface BlockResult {
  /** The last command's exit code. */
  readonly code: number;
  /** The standard output and error output. */
  readonly output: string;
}

/** A terminal in which somebody types commands: one Bash, in the project's folder. */
export class Shell implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #reader: ReadableStreamDefaultReader<string>;
  #read = "";

  /** Opens it. `deno` is the one that runs the tests. */
  constructor() {
    const folder = Deno.execPath().replace(/\/[^/]*$/, "");
    this.#process = new Deno.Command("bash", {
      args: ["--norc"],
      cwd: ROOT,
      env: { PATH: `${folder}:${Deno.env.get("PATH")}`, NO_COLOR: "1" },
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    this.#writer = this.#process.stdin.getWriter();
    this.#reader = this.#process.stdout.pipeThrough(new TextDecoderStream()).getReader();
    this.#type("exec 2>&1");
  }

  /** Types commands and waits until the last one is done. */
  async run(block: string): Promise<BlockResult> {
    this.#type(`${block}\nprintf '${END}%s${END}' $?`);
    const [, output, code] = await this.#readUntil(new RegExp(`^([^]*?)${END}(\\d+)${END}`));
    return { code: Number(code), output: output! };
  }

  /** Types a command that goes on. */
  start(command: string): void {
    this.#type(command);
  }

  /** Waits until what goes on has written this. */
  async see(text: string): Promise<void> {
    await this.#readUntil(new RegExp(`^[^]*?${text}`));
  }

  /** Types Ctrl-C: interrupts what goes on. */
  async interrupt(): Promise<void> {
    for (const pid of await childrenOf(this.#process.pid)) Deno.kill(pid, "SIGINT");
  }

  /** Interrupts what goes on, and closes the terminal. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.interrupt();
    await this.#writer.close();
    await this.#reader.cancel();
    await this.#process.status;
  }

  #type(text: string): void {
    this.#writer.write(new TextEncoder().encode(`${text}\n`)).catch(() => {});
  }

  async #readUntil(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.#read);
      if (match !== null) {
        this.#read = this.#read.slice(match[0].length);
        return match;
      }
      const { value, done } = await this.#reader.read();
      if (done) throw new Error(`The shell has ended; it wrote ${this.#read}`);
      this.#read += value;
    }
  }
}

async function childrenOf(pid: number): Promise<number[]> {
  const { stdout } = await new Deno.Command("pgrep", { args: ["-P", String(pid)] }).output();
  return new TextDecoder().decode(stdout).split("\n").filter((line) => line !== "").map(Number);
}
