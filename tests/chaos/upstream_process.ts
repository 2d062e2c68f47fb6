import { within } from "./pace.ts";

/** How long a server may take to start on a machine that has a lot to do, in milliseconds. */
const START_MS = 60_000;

/** A server as a process that can be killed, stopped and started again on its port. */
export class UpstreamProcess implements AsyncDisposable {
  readonly #index: number;
  readonly #log: string;
  #child: Deno.ChildProcess | undefined;
  #orders: WritableStreamDefaultWriter<Uint8Array> | undefined;
  /** Its port. */
  readonly port: number;
  /** Its URL. */
  readonly url: string;

  /** @param at Its number, its port and the file in which it writes the ids it gets. */
  constructor({ index, port, log }: { index: number; port: number; log: string }) {
    this.#index = index;
    this.#log = log;
    this.port = port;
    this.url = `http://127.0.0.1:${port}`;
  }

  /** Starts it and waits until it accepts connections, which it does not before `delay` ms. */
  async start(delay = 0): Promise<void> {
    const script = new URL("upstream.ts", import.meta.url).pathname;
    const child = this.#child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", script, ...[this.port, this.#index].map(String), this.#log]
        .concat(String(delay)),
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#orders = child.stdin.getWriter();
    const reader = child.stdout.getReader();
    try {
      const { done } = await within(START_MS, `The start of server ${this.#index}`, reader.read());
      if (done) throw new Error(`Server ${this.#index} ended before it listened`);
    } finally {
      await reader.cancel();
    }
  }

  /** Whether it was started and not killed. */
  get running(): boolean {
    return this.#child !== undefined;
  }

  /** Sends it a signal. */
  signal(signal: Deno.Signal): void {
    this.#child?.kill(signal);
  }

  /** Tells it to break responses off, or not to any more. */
  async order(order: "break" | "mend"): Promise<void> {
    if (this.running) await this.#orders!.write(new TextEncoder().encode(`${order}\n`));
  }

  /** Kills it, also where it is stopped, and waits for its end. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    this.#child = undefined;
    child.kill("SIGKILL");
    await child.status;
    await this.#orders!.abort().catch(() => {});
  }

  /** Asks it to end once it has no connections, and tells whether it came to that. */
  async retire(milliseconds: number): Promise<boolean> {
    const child = this.#child!;
    child.kill("SIGTERM");
    try {
      const { code } = await within(milliseconds, "The last connection", child.status);
      this.#child = undefined;
      await this.#orders!.abort().catch(() => {});
      return code === 0;
    } catch {
      await this.kill();
      return false;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}
