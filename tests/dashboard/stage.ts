import type { ConsoleMessage, Page, Request } from "playwright-core";
import { createDashboard } from "../../src/dashboard/mod.ts";
import {
  createAdmin,
  type DnsSettings,
  type Listener,
  LoadBalancer,
  type ServerInit,
} from "../../mod.ts";
import type { AdminCluster } from "../../src/admin/target.ts";
import { SampleServer } from "../testing/sample_server.ts";

/** Milliseconds that anything on the page may take. */
const PATIENCE = 15_000;

/** Options of a stage. */
export interface StageOptions {
  /** The names of its sample servers, which are checked every second. Default: one, two, three. */
  readonly names?: readonly string[];
  /** The token of the admin API. Default: none. */
  readonly token?: string;
  /** Further servers, which need not be there. */
  readonly servers?: readonly ServerInit[];
  /** The name server that is asked for entries. Default: none is needed. */
  readonly dns?: DnsSettings;
  /** The balancer's view of its cluster. Default: it has none. */
  readonly shared?: Pick<AdminCluster, "registry" | "report">;
}

/** The user's preferences. */
export interface Preferences {
  /** The colours that the system has. Default: light. */
  readonly colorScheme?: "light" | "dark";
  /** Whether things may move. Default: they may. */
  readonly reducedMotion?: "reduce";
}

/**
 * A balancer over sample servers, its admin API with the dashboard, and a tab of a browser. All
 * stages share the tab; each has an origin of its own, so none sees what another one has kept.
 */
export class Stage implements AsyncDisposable {
  /** The balancer behind the dashboard. */
  readonly balancer: LoadBalancer;
  /** The sample servers. */
  readonly samples: readonly SampleServer[];
  /** The pages' complaints: errors, and requests to other origins. */
  readonly complaints: string[] = [];
  readonly #tab: Page;
  readonly #token: string | undefined;
  readonly #shared: StageOptions["shared"];
  #proxy: Listener | undefined;
  #admin: Deno.HttpServer | undefined;
  #adminPort = 0;
  #stop = new AbortController();

  private constructor(tab: Page, options: StageOptions) {
    this.#tab = tab;
    this.#token = options.token;
    this.#shared = options.shared;
    const { names = ["one", "two", "three"], servers = [], dns = {} } = options;
    this.samples = names.map((name) => new SampleServer(name));
    const checked = this.samples.map(({ name, url }) => ({ url, name, healthCheckPeriod: 1 }));
    this.balancer = new LoadBalancer({ servers: [...checked, ...servers], dns });
  }

  /** Starts everything; the tab has another page yet. */
  static async start(tab: Page, options: StageOptions = {}): Promise<Stage> {
    const stage = new Stage(tab, options);
    stage.#proxy = await stage.balancer.listen({ hostname: "127.0.0.1", port: 0 });
    stage.startAdmin();
    return stage;
  }

  /** The origin of the dashboard. */
  get origin(): string {
    return `http://127.0.0.1:${this.#adminPort}`;
  }

  /** Serves the admin API, again on the same port. */
  startAdmin(): void {
    const token = this.#token === undefined ? {} : { token: this.#token };
    // Changes go to the balancer: nothing else is shared.
    const { balancer } = this;
    const cluster = this.#shared && {
      ...this.#shared,
      add: (server) => Promise.resolve(balancer.add(server)),
      update: (url, change) => Promise.resolve(balancer.update(url, change)),
      remove: (url, drain) => Promise.resolve(balancer.remove(url, drain)),
      acceptServers: () => Promise.resolve([]),
    } satisfies AdminCluster;
    this.#stop = new AbortController();
    const server = Deno.serve(
      {
        hostname: "127.0.0.1",
        port: this.#adminPort,
        signal: this.#stop.signal,
        onListen: () => {},
      },
      createAdmin(balancer, { dashboard: createDashboard(), ...token, ...(cluster && { cluster }) })
        .fetch,
    );
    this.#adminPort = server.addr.port;
    this.#admin = server;
  }

  /** Stops the admin API at once, with every connection. */
  async stopAdmin(): Promise<void> {
    this.#stop.abort();
    await this.#admin?.finished;
  }

  /** Opens the dashboard. */
  async open({ colorScheme = "light", reducedMotion }: Preferences = {}): Promise<Page> {
    const tab = this.#tab;
    tab.setDefaultTimeout(PATIENCE);
    tab.on("console", this.#onConsole);
    tab.on("pageerror", this.#onError);
    tab.on("request", this.#onRequest);
    await tab.setViewportSize({ width: 1280, height: 900 });
    await tab.emulateMedia({ colorScheme, reducedMotion: reducedMotion ?? null });
    await tab.goto(this.origin);
    return tab;
  }

  /** Sends requests through the balancer and counts the answers by the name of their server. */
  async send(count: number): Promise<Record<string, number>> {
    const url = `http://127.0.0.1:${this.#proxy!.addr.port}/`;
    const counts: Record<string, number> = {};
    for (let sent = 0; sent < count; sent++) {
      const name = await (await fetch(url)).text();
      counts[name] = (counts[name] ?? 0) + 1;
    }
    return counts;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const tab = this.#tab;
    tab.removeListener("console", this.#onConsole);
    tab.removeListener("pageerror", this.#onError);
    tab.removeListener("request", this.#onRequest);
    await tab.goto("about:blank");
    await this.stopAdmin();
    await this.#proxy?.shutdown();
    await this.balancer.close();
    for (const sample of this.samples) await sample[Symbol.asyncDispose]();
  }

  readonly #onConsole = (message: ConsoleMessage): void => {
    const isComplaint = message.type() === "error" || message.type() === "warning";
    if (isComplaint) this.complaints.push(message.text());
  };

  readonly #onError = (error: Error): void => {
    this.complaints.push(String(error));
  };

  readonly #onRequest = (request: Request): void => {
    if (!request.url().startsWith(`${this.origin}/`)) this.complaints.push(request.url());
  };
}
