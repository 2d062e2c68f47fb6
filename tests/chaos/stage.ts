import type { ServerStatusJson } from "../../src/admin/server_json.ts";
import { RunningBalancer } from "../testing/program.ts";
import { freePorts } from "../testing/run_cli.ts";
import { until } from "./pace.ts";
import { UpstreamProcess } from "./upstream_process.ts";

/** How long a reload may take, in milliseconds. */
const RELOAD_MS = 30_000;

/** A server as the configuration file has it. */
export interface StagedServer {
  /** Which of the servers it is. */
  readonly server: number;
  /** Its weight. */
  readonly weight: number;
}

/** Options of a stage. */
export interface StageOptions {
  /** How many servers there are. */
  readonly servers: number;
  /** How many of them, from the first, are running and in the file at the start. */
  readonly started: number;
  /** How many threads the balancer has. */
  readonly workers: number;
  /** Settings for the configuration file. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/** The balancer and the servers, each a process of its own, and everything to move them about. */
export class Stage implements AsyncDisposable {
  readonly #folder: string;
  readonly #settings: Readonly<Record<string, unknown>>;
  #balancer!: RunningBalancer;
  #reloads: Promise<void> = Promise.resolve();
  #files = 0;
  /** The servers. */
  readonly servers: readonly UpstreamProcess[];
  /** Unexpected answers of the admin API. */
  readonly surprises: string[] = [];

  private constructor(folder: string, { servers, settings }: StageOptions) {
    this.#folder = folder;
    this.#settings = settings;
    this.servers = freePorts(servers).map((port, index) =>
      new UpstreamProcess({ index, port, log: `${folder}/posts.log` })
    );
  }

  /** Sets everything up. */
  static async start(options: StageOptions): Promise<Stage> {
    const stage = new Stage(await Deno.makeTempDir({ prefix: "ballast-chaos-" }), options);
    try {
      const started = stage.servers.slice(0, options.started);
      await Promise.all(started.map((server) => server.start()));
      await stage.#write(started.map((_, server) => ({ server, weight: 1 })));
      stage.#balancer = await RunningBalancer.start(
        `--config=${stage.#configPath}`,
        "--host=127.0.0.1",
        ...(options.workers > 1 ? [`--workers=${options.workers}`] : []),
      );
    } catch (error) {
      await stage[Symbol.asyncDispose]();
      throw error;
    }
    return stage;
  }

  /** Where requests go. */
  get port(): number {
    return Number(new URL(this.#balancer.url).port);
  }

  /** The balancer's standard error output. */
  get errors(): string {
    return this.#balancer.errors;
  }

  /** Whether the balancer's process has ended. */
  get ended(): boolean {
    return this.#balancer.ended;
  }

  /** Asks the balancer to stop and returns what it exits with. */
  stop(): Promise<number> {
    return this.#balancer.stop();
  }

  /** Adds a server. It may be there already, as a reload may have come first. */
  async add(server: number, weight: number): Promise<void> {
    const body = { url: this.servers[server]!.url, weight, health_check_period: 1 };
    await this.#call("/add", body, [200, 409]);
  }

  /** Changes a server's weight. A reload may have removed it. */
  async setWeight(server: number, weight: number): Promise<void> {
    await this.#call("/update", { url: this.servers[server]!.url, weight }, [200, 404]);
  }

  /** Deletes a server. A reload may have come first. */
  async delete(server: number, drain?: number): Promise<void> {
    const { url } = this.servers[server]!;
    await this.#call("/delete", drain === undefined ? { url } : { url, drain }, [200, 404]);
  }

  /** Makes these the servers in the configuration file and lets the balancer read it. */
  reload(servers: readonly StagedServer[]): Promise<void> {
    this.#reloads = this.#reloads.then(async () => {
      const count = this.#countReloads();
      await this.#write(servers);
      this.#balancer.signal("SIGHUP");
      const isDone = () => this.#countReloads() > count || this.#balancer.ended;
      if (!await until(isDone, RELOAD_MS)) this.surprises.push("a reload was not done");
    });
    return this.#reloads;
  }

  /** Resolves when every reload is done. */
  reloaded(): Promise<void> {
    return this.#reloads;
  }

  /** The servers as the balancer has them. */
  async status(): Promise<ServerStatusJson[]> {
    const response = await fetch(`http://127.0.0.1:${this.#balancer.apiPort}/servers`);
    return await response.json();
  }

  /** The memory in use, in KiB. */
  async memory(): Promise<number> {
    const text = await Deno.readTextFile(`/proc/${this.#balancer.pid}/status`);
    return Number(/VmRSS:\s+(\d+)/.exec(text)![1]);
  }

  /** How many handles the balancer has open. */
  handles(): number {
    return [...Deno.readDirSync(`/proc/${this.#balancer.pid}/fd`)].length;
  }

  /** The ids of the POSTs that servers got, each with the servers that got it. */
  async posts(): Promise<Map<string, number[]>> {
    const posts = new Map<string, number[]>();
    for (const line of (await Deno.readTextFile(`${this.#folder}/posts.log`)).split("\n")) {
      const [id, server] = line.split(" ");
      if (id) posts.set(id, [...posts.get(id) ?? [], Number(server)]);
    }
    return posts;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#balancer?.[Symbol.asyncDispose]();
    await Promise.all(this.servers.map((server) => server.kill()));
    await Deno.remove(this.#folder, { recursive: true });
  }

  get #configPath(): string {
    return `${this.#folder}/ballast.yaml`;
  }

  async #write(servers: readonly StagedServer[]): Promise<void> {
    const config = {
      ...this.#settings,
      servers: servers.map(({ server, weight }) => ({
        url: this.servers[server]!.url,
        weight,
        health_check_period: 1,
      })),
    };
    // In one piece, as whoever replaces a file that is in use should. JSON is YAML.
    const path = `${this.#configPath}.${this.#files++}`;
    await Deno.writeTextFile(path, JSON.stringify(config));
    await Deno.rename(path, this.#configPath);
  }

  #countReloads(): number {
    return this.#balancer.errors.split('"Reloaded ').length - 1;
  }

  async #call(path: string, body: unknown, expected: readonly number[]): Promise<void> {
    try {
      const response = await fetch(`http://127.0.0.1:${this.#balancer.apiPort}${path}`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      });
      const text = await response.text();
      if (expected.includes(response.status)) return;
      this.surprises.push(`${path} ${JSON.stringify(body)}: ${response.status} ${text}`);
    } catch (error) {
      this.surprises.push(`${path} ${JSON.stringify(body)}: ${error}`);
    }
  }
}
