import type { Config } from "../config/config.ts";
import { checkKeys, type KnownKeys } from "../config/known_keys.ts";
import { asksForDashboard, type Dashboard } from "./dashboard.ts";
import { HostCheck } from "./host_check.ts";
import { checkOrigin } from "./origin_check.ts";
import type { AdminCluster } from "./target.ts";
import { TokenCheck } from "./token_check.ts";

/** Who may use an admin API, and what it has and tells beside what the balancer knows. */
export interface AdminOptions {
  /**
   * Host names and IP addresses, without ports, by which the API may be called beside the loopback
   * ones (`localhost`, 127.0.0.0/8, `::1`); `0.0.0.0` or `::` stands for any IP address. Requests
   * for other hosts get 421, so that no web page can reach the API by a name that it makes resolve
   * to this machine. Default: none.
   */
  readonly hosts?: readonly string[];
  /**
   * What callers must send as a bearer token (RFC 6750), 16 to 4096 visible ASCII characters without
   * spaces. `/healthz` and the dashboard's files need none. Default: no token is asked for.
   */
  readonly token?: string;
  /**
   * The web page at `/` that watches and steers the balancer, from `createDashboard()` of
   * `@ballast/lb/dashboard`. Default: none.
   */
  readonly dashboard?: Dashboard;
  /**
   * The cluster that the balancer has joined, from `joinEtcd()` of `@ballast/lb/etcd`: servers are
   * changed at all of its balancers. Default: none; servers are changed at this balancer alone.
   */
  readonly cluster?: AdminCluster;
  /**
   * Settings of the program around the balancer that `GET /config` tells, such as its ports; they
   * count more than the balancer's own. Default: none.
   */
  readonly settings?: Partial<Config>;
}

const OPTION_NAMES: KnownKeys<AdminOptions> = {
  ...{ hosts: true, token: true, dashboard: true, settings: true, cluster: true },
};

/** The path that needs no token: load balancers ask it, and it tells two numbers only. */
export const OPEN_PATH = "/healthz";

/** Decides whether a request may be looked at, before anything of it is. */
export class Guard {
  readonly #hosts: HostCheck;
  readonly #token: TokenCheck | undefined;
  readonly #hasDashboard: boolean;

  /**
   * @param options Who may use the API.
   * @throws {BalancerError} `invalid`, with what is wrong.
   */
  constructor(options: AdminOptions) {
    // A misspelt token would leave the API open to everybody.
    checkKeys("the options", [{ at: "", value: options, known: OPTION_NAMES }]);
    this.#hosts = new HostCheck(options.hosts ?? []);
    this.#token = options.token === undefined ? undefined : new TokenCheck(options.token);
    this.#hasDashboard = options.dashboard !== undefined;
  }

  /**
   * @param request What was received. Its body is not touched.
   * @throws {Problem} 400, 401, 403 or 421.
   */
  async check(request: Request): Promise<void> {
    this.#hosts.check(request);
    checkOrigin(request);
    if (this.#token === undefined || this.#isOpen(request)) return;
    await this.#token.check(request);
  }

  /** Whether the answer is for everyone. What the dashboard shows is not: it asks with a token. */
  #isOpen(request: Request): boolean {
    if (new URL(request.url).pathname === OPEN_PATH) return true;
    return this.#hasDashboard && asksForDashboard(request);
  }
}
