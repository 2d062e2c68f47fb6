import { TextWatcher } from "./text_watcher.ts";

/** etcd's log message once it is part of a cluster with a leader. */
const READY = "ready to serve client requests";

/** One member of a cluster of etcd: a process that can be hurt, and keeps its data. */
export class EtcdMember {
  /** The URL that clients use, the same for as long as the cluster is there. */
  readonly url: string;
  readonly #args: readonly string[];
  #child: Deno.ChildProcess | undefined;
  #log: TextWatcher | undefined;
  #isPaused = false;

  /**
   * @param url The URL that clients use.
   * @param args The arguments of each start.
   */
  constructor(url: string, args: readonly string[]) {
    this.url = url;
    this.#args = args;
  }

  /** Whether it can answer: it runs, and is not paused. */
  get isRunning(): boolean {
    return this.#child !== undefined && !this.#isPaused;
  }

  /** The log of the process. */
  get log(): string {
    return this.#log?.text ?? "";
  }

  /** Starts the process. It need not be of any use yet: see {@linkcode ready}. */
  start(): void {
    const command = new Deno.Command("etcd", {
      args: [...this.#args],
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    });
    this.#child = command.spawn();
    this.#log = new TextWatcher(this.#child.stderr);
  }

  /** Waits until the process is one of a cluster that has a leader; false if it ends before. */
  async ready(): Promise<boolean> {
    return await this.#log!.includes(READY);
  }

  /** Starts it again with the data that it had, and waits until it can be used. */
  async restart(): Promise<void> {
    for (let tries = 1;; tries++) {
      this.start();
      if (await this.ready()) return;
      await this.kill();
      // Another connection may use its port for a moment.
      if (tries < 20 && this.log.includes("address already in use")) continue;
      throw new Error(`Cannot start etcd again: ${this.log}`);
    }
  }

  /** Deletes its data, like a lost disk; it must be stopped. */
  async wipe(): Promise<void> {
    const flag = "--data-dir=";
    const folder = this.#args.find((arg) => arg.startsWith(flag))!.slice(flag.length);
    await Deno.remove(folder, { recursive: true });
  }

  /** Kills it: no connection is closed properly, nothing is handed over. */
  kill(): Promise<void> {
    return this.#end("SIGKILL");
  }

  /** Asks it to stop, as before maintenance, and waits for that. */
  stop(): Promise<void> {
    return this.#end("SIGTERM");
  }

  /** Makes it hang: connections are accepted, and never answered. */
  pause(): void {
    this.#child!.kill("SIGSTOP");
    this.#isPaused = true;
  }

  /** Lets it go on. */
  resume(): void {
    this.#child!.kill("SIGCONT");
    this.#isPaused = false;
  }

  async #end(signal: Deno.Signal): Promise<void> {
    if (this.#child === undefined) return;
    if (this.#isPaused) this.resume();
    try {
      this.#child.kill(signal);
    } catch {
      // It has ended by itself.
    }
    await this.#child.status;
    await this.#log!.end();
    this.#child = undefined;
  }
}
