import { freePorts } from "../../testing/run_cli.ts";

/** The most attempts to get an answer. */
const LOOKS_MAX = 20_000;

/** A Prometheus process that scrapes one target often, until disposed of. */
export class RunningPrometheus implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #folder: string;
  readonly #url: string;
  readonly #log: Promise<string>;

  private constructor(child: Deno.ChildProcess, folder: string, port: number) {
    this.#child = child;
    this.#folder = folder;
    this.#url = `http://127.0.0.1:${port}`;
    const { promise, resolve } = Promise.withResolvers<string>();
    this.#log = promise;
    this.#readLog().then(resolve);
  }

  /**
   * Starts Prometheus.
   *
   * @param target The host and port that serves `/metrics`.
   */
  static async start(target: string): Promise<RunningPrometheus> {
    const folder = await Deno.makeTempDir();
    const [port] = freePorts(1) as [number];
    const config = { scrape_configs: [scrapeConfig(target)] };
    await Deno.writeTextFile(`${folder}/prometheus.yml`, JSON.stringify(config));
    const child = new Deno.Command("prometheus", {
      args: [
        `--config.file=${folder}/prometheus.yml`,
        `--storage.tsdb.path=${folder}/data`,
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    const prometheus = new RunningPrometheus(child, folder, port);
    const log = await prometheus.#log;
    if (!log.includes(READY)) throw new Error(`Cannot start Prometheus: ${log}`);
    return prometheus;
  }

  /** The value of an expression, as soon as there is one: a failed scrape leaves none. */
  async value(expression: string): Promise<number> {
    return await this.waitFor(expression, () => true);
  }

  /** Polls until the answer is as wanted, and returns it. */
  async waitFor(expression: string, wanted: (value: number) => boolean): Promise<number> {
    let value: number | undefined;
    for (let look = 0; look < LOOKS_MAX; look++) {
      value = await this.#query(expression);
      if (value !== undefined && wanted(value)) return value;
    }
    throw new Error(`${expression} has come to ${value}, which is not what was waited for`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#child.status;
    await this.#log;
    await Deno.remove(this.#folder, { recursive: true });
  }

  async #query(expression: string): Promise<number | undefined> {
    const url = `${this.#url}/api/v1/query?query=${encodeURIComponent(expression)}`;
    const { status, data, error } = await (await fetch(url)).json();
    if (status !== "success") throw new Error(`Cannot query ${expression}: ${error}`);
    const [first, ...others] = data.result;
    if (others.length > 0) throw new Error(`${expression} has ${others.length + 1} values`);
    return first === undefined ? undefined : Number(first.value[1]);
  }

  /**
   * Reads the log for as long as the process lives, so that it never blocks; resolves once it is
   * ready.
   */
  async #readLog(): Promise<string> {
    let log = "";
    const { promise, resolve } = Promise.withResolvers<string>();
    (async () => {
      for await (const text of this.#child.stderr.pipeThrough(new TextDecoderStream())) {
        log += text;
        if (log.includes(READY)) resolve(log);
      }
      resolve(log);
    })();
    return await promise;
  }
}

/** Log message of a Prometheus that accepts queries. */
const READY = "Server is ready to receive web requests";

function scrapeConfig(target: string): Record<string, unknown> {
  return {
    job_name: "ballast",
    scrape_interval: "500ms",
    scrape_timeout: "500ms",
    static_configs: [{ targets: [target] }],
  };
}
