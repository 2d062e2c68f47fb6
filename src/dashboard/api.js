/** The balancer did not answer. */
export class Unreachable extends Error {
  name = "Offline";
}

/** A refusal of the API, as `application/problem+json` tells it. */
export class Problem extends Error {
  name = "Problem";

  /**
   * @param {number} status The status of the response.
   * @param {{ detail?: string, errors?: { field: string, detail: string }[] }} body What it says.
   */
  constructor(status, { detail, errors }) {
    super(detail ?? `The balancer answered with status ${status}`);
    /** The status of the response. */
    this.status = status;
    /** The faults by field. */
    this.errors = Array.isArray(errors) ? errors : [];
  }
}

/** Milliseconds that an answer may take. */
const TIMEOUT = 10_000;

/** The path of a server in the API. */
export function serverPath(url) {
  return `servers/${encodeURIComponent(url)}`;
}

/** Calls the admin API that serves this page. */
export class Api {
  #tokens;

  /** @param tokens Holds the token and prompts for it. */
  constructor(tokens) {
    this.#tokens = tokens;
  }

  /** Reads JSON; `etag` is null where there is none. */
  async get(path) {
    return await this.#readJson(path, { method: "GET" });
  }

  /**
   * Changes something.
   *
   * @param {string} method The method.
   * @param {string} path The path, relative to the page.
   * @param {{ body?: unknown, etag?: string | null, dryRun?: boolean }} options What to send; on a
   * dry run nothing changes, and the answer says what would.
   */
  async change(method, path, { body, etag, dryRun = false } = {}) {
    const headers = {};
    if (body !== undefined) headers["content-type"] = "application/json";
    if (typeof etag === "string") headers["if-match"] = etag;
    const init = { method, headers };
    if (body !== undefined) init.body = JSON.stringify(body);
    return await this.#readJson(dryRun ? `${path}?dry_run=true` : path, init);
  }

  /** Opens a stream, which ends when the signal says so. */
  async open(path, headers, signal) {
    const response = await this.#send(path, { method: "GET", headers, signal });
    if (!response.ok) throw await readProblem(response);
    return response.body;
  }

  async #readJson(path, init) {
    const response = await this.#send(path, { ...init, signal: AbortSignal.timeout(TIMEOUT) });
    if (!response.ok) throw await readProblem(response);
    try {
      return { value: await response.json(), etag: response.headers.get("etag") };
    } catch (error) {
      throw new Unreachable("The balancer's answer broke off", { cause: error });
    }
  }

  async #send(path, init) {
    while (true) {
      const token = this.#tokens.current;
      const headers = { ...init.headers };
      if (token !== null) headers.authorization = `Bearer ${token}`;
      const response = await reach(path, { ...init, headers });
      if (response.status !== 401) return response;
      const problem = await readProblem(response);
      if (!await this.#tokens.ask(token)) throw problem;
      // Asking may have taken longer than an answer is waited for.
      if (!(init.signal?.aborted ?? false)) continue;
      init = { ...init, signal: AbortSignal.timeout(TIMEOUT) };
    }
  }
}

async function reach(path, init) {
  try {
    return await fetch(new URL(path, document.baseURI), {
      ...init,
      cache: "no-store",
      credentials: "omit",
      redirect: "error",
    });
  } catch (error) {
    throw new Unreachable("The balancer cannot be reached", { cause: error });
  }
}

async function readProblem(response) {
  try {
    return new Problem(response.status, await response.json());
  } catch {
    return new Problem(response.status, {});
  }
}
