import type { JoinOptions } from "../../src/cluster/mod.ts";
import type { LoadBalancerOptions } from "../../mod.ts";
import type { Runtime } from "./installation.ts";
import { RunningProgram } from "./running_program.ts";

/** How often {@linkcode RemoteBalancer.untilIdle} asks. */
const ASKED_MAX = 2000;

/** A server of `GET /servers`. */
interface ServerJson {
  readonly url: string;
  readonly active: number;
  readonly healthy: boolean;
}

/** A balancer on another runtime, in front of the servers of a test. */
export class RemoteBalancer implements AsyncDisposable {
  readonly #program: RunningProgram;
  /** Where requests go. */
  readonly url: string;
  /** Where the admin API is. */
  readonly adminUrl: string;

  private constructor(program: RunningProgram, port: number, adminPort: number) {
    this.#program = program;
    this.url = `http://127.0.0.1:${port}`;
    this.adminUrl = `http://127.0.0.1:${adminPort}`;
  }

  /** Starts one with these options, which shares its servers with others if it is told how. */
  static async start(
    runtime: Runtime,
    options: LoadBalancerOptions,
    etcd?: JoinOptions,
  ): Promise<RemoteBalancer> {
    const program = new RunningProgram(runtime, `${runtime.folder}/balance.mjs`, {
      args: [JSON.stringify(options), ...(etcd === undefined ? [] : [JSON.stringify(etcd)])],
      exitCode: 0,
    });
    const [line] = await program.waitFor(/^\{.*\}$/m);
    const { port, adminPort } = JSON.parse(line) as { port: number; adminPort: number };
    return new RemoteBalancer(program, port, adminPort);
  }

  /** Starts one over these servers, which are not checked. */
  static over(runtime: Runtime, ...urls: string[]): Promise<RemoteBalancer> {
    return RemoteBalancer.start(runtime, {
      servers: urls.map((url) => ({ url, healthCheckPeriod: 0 })),
    });
  }

  /** Calls the admin API, or what the program has beside it. */
  async admin(path: string, body?: unknown): Promise<Response> {
    if (body === undefined) return await fetch(this.adminUrl + path);
    return await fetch(this.adminUrl + path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  }

  /** The servers, as the admin API shows them. */
  async servers(): Promise<readonly ServerJson[]> {
    return await (await this.admin("/servers")).json();
  }

  /** Waits until no request is active any more. */
  async untilIdle(): Promise<void> {
    for (let asked = 0; asked < ASKED_MAX; asked++) {
      if ((await this.servers()).every(({ active }) => active === 0)) return;
    }
    throw new Error("There are still active requests");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program[Symbol.asyncDispose]();
  }
}
