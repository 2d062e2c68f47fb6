import { asksForDashboard } from "./dashboard.ts";
import { HostCheck } from "./host_check.ts";
import { Problem } from "./problem.ts";
import { TokenCheck } from "./token_check.ts";

/** Path that needs no token: load balancers probe it, and it reveals little. */
export const OPEN_PATH = "/healthz";

/** Callers that a {@linkcode Guard} lets in. */
export interface GuardOptions {
  /** Host names and IP addresses of the API, beside the loopback ones. Default: none. */
  readonly hosts?: readonly string[] | undefined;
  /** Token that callers must send. Default: none is needed. */
  readonly token?: string | undefined;
  /** Whether a dashboard is served, whose files need no token. */
  readonly hasDashboard: boolean;
}

/** Decides whether a request may be handled, by its header alone. */
export class Guard {
  readonly #hosts: HostCheck;
  readonly #token: TokenCheck | undefined;
  readonly #hasDashboard: boolean;

  /** @throws {BalancerError} `invalid`, with every fault. */
  constructor({ hosts = [], token, hasDashboard }: GuardOptions) {
    this.#hosts = new HostCheck(hosts);
    this.#token = token === undefined ? undefined : new TokenCheck(token);
    this.#hasDashboard = hasDashboard;
  }

  /**
   * Checks a request without touching its body.
   *
   * @throws {Problem} 400, 401, 403 or 421.
   */
  async check(request: Request): Promise<void> {
    this.#hosts.check(request);
    checkOrigin(request);
    if (this.#token === undefined || this.#isOpen(request)) return;
    await this.#token.check(request);
  }

  /** Whether everyone may have the answer. The dashboard itself calls the API with a token. */
  #isOpen(request: Request): boolean {
    if (new URL(request.url).pathname === OPEN_PATH) return true;
    return this.#hasDashboard && asksForDashboard(request);
  }
}

/**
 * Refuses requests that a web page of another site makes its visitor's browser send. Browsers say so
 * in `Origin` (Fetch §3.2) or `Sec-Fetch-Site` (Fetch Metadata §2.4), which no page can change or
 * leave out. Programs send neither.
 */
function checkOrigin(request: Request): void {
  const origin = request.headers.get("origin");
  if (origin !== null && origin !== new URL(request.url).origin) {
    throw crossSite("origin", "must be this API's own, or left out");
  }
  const site = request.headers.get("sec-fetch-site");
  // Browsers send "none" for a URL that the user has typed.
  if (site !== null && site !== "same-origin" && site !== "none") {
    throw crossSite("sec-fetch-site", "must be same-origin or none, or left out");
  }
}

function crossSite(field: string, detail: string): Problem {
  const message = `Pages of other sites cannot use this API: the field ${field} ${detail}`;
  return new Problem(403, message, { faults: [{ field, detail }] });
}
