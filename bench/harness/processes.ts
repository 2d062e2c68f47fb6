import { processState, processTree, signalProcess } from "./proc.ts";

/** How long a process gets to end after SIGTERM, in milliseconds. */
const STOP_TIMEOUT = 3000;
/** How much of what a process wrote to its standard error is kept, in characters. */
const ERROR_TEXT_MAX = 4000;

/** A command to run. */
export interface CommandLine {
  /** The program and its arguments. */
  readonly argv: readonly string[];
  /** Environment variables beside the inherited ones. */
  readonly env?: Readonly<Record<string, string>>;
  /** The core to pin it to; without it, it runs wherever the kernel likes. */
  readonly core?: number | undefined;
}

/** A process that the benchmark has started, with all that descend from it. */
export class RunningProcess {
  readonly #child: Deno.ChildProcess;
  readonly #stderr: Promise<void>;
  #errorText = "";
  #exited = false;

  /** @param command The command. */
  constructor(command: CommandLine) {
    const [program, ...args] = pinned(command);
    this.#child = new Deno.Command(program!, {
      args,
      env: { ...command.env },
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    this.#child.status.then(() => this.#exited = true);
    this.#stderr = this.#keepErrors(this.#child.stderr);
  }

  /** Its id. */
  get pid(): number {
    return this.#child.pid;
  }

  /** Whether it has ended. */
  get exited(): boolean {
    return this.#exited;
  }

  /** The first line that it wrote to its standard error. */
  get firstError(): string {
    return this.#errorText.trim().split("\n", 1)[0] || "it wrote nothing to its standard error";
  }

  /** The processor time that it and its descendants have used, in seconds. */
  cpuSeconds(): number {
    return processTree(this.#child.pid)
      .reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0);
  }

  /** Stops it from running, so that it takes nothing from what is measured. */
  pause(): void {
    this.#signal("SIGSTOP");
  }

  /** Ends {@linkcode pause}. */
  resume(): void {
    this.#signal("SIGCONT");
  }

  /** Ends it and its descendants, whatever state they are in. Harmless a second time. */
  async stop(): Promise<void> {
    const tree = this.#exited ? [] : processTree(this.#child.pid);
    for (const process of tree) signalProcess(process, "SIGCONT");
    if (tree.length > 0) signalProcess(tree[0]!, "SIGTERM");
    const deadline = Date.now() + STOP_TIMEOUT;
    while (Date.now() < deadline && tree.some(isAlive)) await sleep(20);
    for (const process of tree) signalProcess(process, "SIGKILL");
    await this.#child.status;
    await this.#stderr;
  }

  #signal(signal: Deno.Signal): void {
    if (this.#exited) return;
    for (const process of processTree(this.#child.pid)) signalProcess(process, signal);
  }

  /** Reads on after it has kept enough: a full pipe would bring the process to a halt. */
  async #keepErrors(stderr: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
    for await (const text of stderr.pipeThrough(new TextDecoderStream())) {
      this.#errorText += text.slice(0, ERROR_TEXT_MAX - this.#errorText.length);
    }
  }
}

/** Every process that the benchmark has started, so that it can stop each of them by its id. */
export class Processes implements AsyncDisposable {
  readonly #running = new Set<RunningProcess>();
  readonly #disposal = new AbortController();

  /** @throws If everything has been stopped. */
  throwIfDisposed(): void {
    this.#disposal.signal.throwIfAborted();
  }

  /** Starts a process. */
  start(command: CommandLine): RunningProcess {
    this.throwIfDisposed();
    const process = new RunningProcess(command);
    this.#running.add(process);
    return process;
  }

  /**
   * Runs a program to its end.
   *
   * @param command The command.
   * @param timeout When to kill it, in milliseconds.
   */
  run(command: CommandLine, timeout: number): Promise<Output> {
    this.throwIfDisposed();
    return runToEnd(command, { timeout, signal: this.#disposal.signal });
  }

  /** Stops a process. */
  async stop(process: RunningProcess): Promise<void> {
    await process.stop();
    this.#running.delete(process);
  }

  /** Stops every process. None can be started after that. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposal.abort(new Error("The benchmark is being stopped"));
    await Promise.all([...this.#running].map((process) => this.stop(process)));
  }
}

/** The output of a program that ran to its end. */
export interface Output {
  /** Whether it ended with code 0. */
  readonly success: boolean;
  /** Its standard output. */
  readonly stdout: string;
  /** Its standard error output. */
  readonly stderr: string;
}

/** When to kill a program that should run to its end. */
export interface RunLimits {
  /** The longest that it may take, in milliseconds. */
  readonly timeout: number;
  /** Kills it at once. */
  readonly signal?: AbortSignal;
}

/**
 * Runs a program to its end.
 *
 * @param command The command.
 * @param limits When to kill it.
 */
export async function runToEnd(command: CommandLine, limits: RunLimits): Promise<Output> {
  const [program, ...args] = pinned(command);
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), limits.timeout);
  try {
    const child = new Deno.Command(program!, {
      args,
      env: { ...command.env },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
      signal: limits.signal === undefined
        ? limit.signal
        : AbortSignal.any([limit.signal, limits.signal]),
    });
    const { success, stdout, stderr } = await child.output();
    const decoder = new TextDecoder();
    return { success, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return { success: false, stdout: "", stderr: `${program} is not installed` };
  } finally {
    clearTimeout(timer);
  }
}

/** Waits. */
export function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** `taskset` replaces itself by the program, so the process keeps its id. */
function pinned({ argv, core }: CommandLine): readonly string[] {
  return core === undefined ? argv : ["taskset", "-c", String(core), ...argv];
}

function isAlive(process: { pid: number; startTime: string }): boolean {
  return processState(process.pid)?.startTime === process.startTime;
}
