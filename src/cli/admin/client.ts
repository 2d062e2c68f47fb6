import type { ServerJson } from "../../admin/server_json.ts";
import { errorText } from "../../model/error_text.ts";
import type { Args, ValueFlag } from "../command_line.ts";
import { CommandError } from "../errors.ts";
import { readToken, TOKEN_FLAG } from "../files/token_file.ts";
import { printable } from "../output/print.ts";
import { readAdminAddress } from "./address.ts";

/** Time limit for a response, in milliseconds. */
const TIMEOUT_MS = 10_000;
const NOT_BALLAST = "the server at this address is not Ballast";

/** The flags with the address and token of the admin API. */
export const ADMIN_FLAGS: Readonly<
  Record<"api-host" | "api-port" | "api-token-file", ValueFlag>
> = {
  "api-port": { value: "PORT", help: "port of the admin API (default 8000)" },
  "api-host": {
    value: "HOST|URL",
    help: "host or URL of the admin API (default 127.0.0.1)",
  },
  ...TOKEN_FLAG,
};

/** Options of a request to the admin API. */
export interface AdminCallOptions {
  /** The method. Default: POST with a body, else GET. */
  readonly method?: string;
  /** The content, sent as JSON. Default: none. */
  readonly body?: unknown;
  /** Further header fields. Default: none. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Ends the request and its response. Default: after 10 s. */
  readonly signal?: AbortSignal;
}

/**
 * Calls the admin API of a running balancer.
 *
 * @param path The path, for example `/add`.
 * @throws {CommandError} If the balancer is unreachable or refuses, or the token cannot be read.
 */
export function callAdmin(args: Args, path: string, body?: unknown): Promise<unknown> {
  return new AdminClient(args).readJson(path, areServers, body === undefined ? {} : { body });
}

/** Client of the admin API at the address on the command line. */
export class AdminClient {
  readonly #base: string;
  readonly #tokenFile: string | undefined;

  /** @throws {UsageError} If the address is invalid. */
  constructor(args: Args) {
    this.#base = readAdminAddress(args);
    this.#tokenFile = args.text("api-token-file");
  }

  /**
   * Calls the API and reads JSON from it.
   *
   * @param isExpected Whether Ballast, and not some other program, could have answered this.
   * @throws {CommandError} If the balancer is unreachable or refuses, or the token cannot be read.
   */
  async readJson(
    path: string,
    isExpected: (answer: unknown) => boolean,
    options: AdminCallOptions = {},
  ): Promise<unknown> {
    const response = await this.open(path, options);
    try {
      const answer: unknown = await response.json();
      if (isExpected(answer)) return answer;
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw this.#unreachable(reason(error));
    }
    throw this.#unreachable(NOT_BALLAST);
  }

  /**
   * Calls the API and reads text from it.
   *
   * @param type The media type of Ballast's answer.
   * @throws {CommandError} If the balancer is unreachable or refuses, or the token cannot be read.
   */
  async readText(path: string, type: string): Promise<string> {
    const response = await this.open(path);
    try {
      const text = await response.text();
      if (response.headers.get("content-type") === type) return text;
    } catch (error) {
      throw this.#unreachable(reason(error));
    }
    throw this.#unreachable(NOT_BALLAST);
  }

  /**
   * Calls the API and waits for the head of its response.
   *
   * @returns The response, whose status is 200 to 299.
   * @throws {CommandError} If the balancer is unreachable or refuses, or the token cannot be read.
   */
  async open(path: string, options: AdminCallOptions = {}): Promise<Response> {
    const { body, method = body === undefined ? "GET" : "POST" } = options;
    const headers: Record<string, string> = { ...options.headers };
    if (this.#tokenFile !== undefined) {
      headers["authorization"] = `Bearer ${await readToken(this.#tokenFile)}`;
    }
    if (body !== undefined) headers["content-type"] = "application/json";
    let response: Response;
    let answer: unknown;
    try {
      response = await fetch(this.#base + path, {
        signal: options.signal ?? AbortSignal.timeout(TIMEOUT_MS),
        // The token must not go to any other address.
        redirect: "error",
        method,
        headers,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      if (response.ok) return response;
      answer = await response.json();
    } catch (error) {
      throw this.#unreachable(
        error instanceof SyntaxError ? NOT_BALLAST : reason(error),
      );
    }
    if (response.status === 401) throw new CommandError(tokenRefusal(this.#tokenFile));
    throw new CommandError(`The balancer refused: ${printable(refusal(answer, response.status))}`);
  }

  #unreachable(why: string): CommandError {
    return new CommandError(
      `Cannot reach the admin API at ${this.#base}: ${why}. ` +
        "Is the balancer running? If so, give its API port with --api-port.",
    );
  }
}

function areServers(answer: unknown): boolean {
  const servers = [answer].flat() as (Partial<ServerJson> | null)[];
  return servers.every((server) =>
    typeof server?.url === "string" && typeof server.name === "string"
  );
}

function tokenRefusal(tokenFile: string | undefined): string {
  return tokenFile === undefined
    ? "The balancer requires its API token; give the file with --api-token-file FILE"
    : `The balancer refused the token in ${tokenFile}: it was started with another one`;
}

function refusal(answer: unknown, status: number): string {
  const detail = (answer as { detail?: unknown } | null)?.detail;
  return typeof detail === "string" ? detail : `HTTP ${status}`;
}

function reason(error: unknown): string {
  if (!(error instanceof Error)) return errorText(error);
  if (error.name === "TimeoutError") return `no answer within ${TIMEOUT_MS / 1000} s`;
  const text = errorText(error.cause instanceof Error ? error.cause : error);
  return /refused/i.test(`${error.message} ${text}`) ? "connection refused" : text;
}
