/** The program's folder. */
export const ROOT: URL = new URL("../../", import.meta.url);

/** The permissions that the program is promised to work with, and no others. */
export const PERMISSIONS: readonly string[] = ["--allow-net", "--allow-read", "--no-prompt"];

/** What a finished command left. */
export interface Outcome {
  /** What it exited with. */
  readonly code: number;
  /** Its standard output. */
  readonly stdout: string;
  /** Its standard error output. */
  readonly stderr: string;
}

/** Runs one command of the program to its end. */
export async function runProgram(...args: string[]): Promise<Outcome> {
  const output = await new Deno.Command(Deno.execPath(), {
    args: ["run", ...PERMISSIONS, "cli.ts", ...args],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return {
    code: output.code,
    stdout: decoder.decode(output.stdout),
    stderr: decoder.decode(output.stderr),
  };
}

/** A port that was free a moment ago. */
export function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  return port;
}

/** `listen`, running as a process of its own until disposed of. */
export class RunningBalancer implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #output: ReadableStreamDefaultReader<string>;
  /** Where requests go. */
  readonly url: string;
  /** The port of the admin API. */
  readonly apiPort: number;

  private constructor(
    process: Deno.ChildProcess,
    output: ReadableStreamDefaultReader<string>,
    ports: { port: number; apiPort: number },
  ) {
    this.#process = process;
    this.#output = output;
    this.url = `http://127.0.0.1:${ports.port}`;
    this.apiPort = ports.apiPort;
  }

  /** Starts it on free ports and waits until it says that it listens. */
  static async start(...args: string[]): Promise<RunningBalancer> {
    const ports = { port: freePort(), apiPort: freePort() };
    const process = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        ...PERMISSIONS,
        "cli.ts",
        "listen",
        `--port=${ports.port}`,
        `--api-port=${ports.apiPort}`,
        ...args,
      ],
      cwd: ROOT,
      env: { NO_COLOR: "1" },
      stdin: "null",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    const output = process.stdout.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    while (!text.includes("Admin API on")) {
      const { value, done } = await output.read();
      if (done) throw new Error(`listen ended before it listened: ${text}`);
      text += value;
    }
    return new RunningBalancer(process, output, ports);
  }

  /** The process's id. */
  get pid(): number {
    return this.#process.pid;
  }

  /** Runs a command against this balancer. */
  run(command: string, ...args: string[]): Promise<Outcome> {
    return runProgram(command, `--api-port=${this.apiPort}`, ...args);
  }

  /** Sends a signal and waits for the end. */
  async stop(signal: Deno.Signal = "SIGTERM"): Promise<number> {
    this.#process.kill(signal);
    while (!(await this.#output.read()).done);
    return (await this.#process.status).code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.stop("SIGKILL");
    } catch {
      // It has ended already.
    }
  }
}
