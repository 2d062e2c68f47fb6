import { within } from "../../chaos/pace.ts";

/** The longest time that the servers may take to start on a busy machine, in milliseconds. */
const START_MS = 60_000;

/** Process with the servers of `upstreams.ts`, which is killed when disposed. */
export class HoldingProcess implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  /** The servers' URLs. */
  readonly urls: readonly string[];

  private constructor(child: Deno.ChildProcess, ports: readonly number[]) {
    this.#child = child;
    this.urls = ports.map((port) => `http://127.0.0.1:${port}`);
  }

  /** Starts it and waits until its servers accept connections. */
  static async start(): Promise<HoldingProcess> {
    const script = new URL("upstreams.ts", import.meta.url).pathname;
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", script],
      stdin: "null",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const reader = child.stdout.getReader();
    try {
      const { value } = await within(START_MS, "The start of the servers", reader.read());
      return new HoldingProcess(child, JSON.parse(new TextDecoder().decode(value)));
    } finally {
      await reader.cancel();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#child.status;
  }
}
