import type { ServerJson } from "../../admin/server_json.ts";
import { errorText } from "../../model/error_text.ts";
import type { Args, ValueFlag } from "../command_line.ts";
import { CommandError } from "../errors.ts";
import { readToken, TOKEN_FLAG } from "../files/token_file.ts";
import { printable } from "../output/print.ts";
import { readAdminAddress } from "./address.ts";

/** How long the balancer may take to answer, in milliseconds. */
const TIMEOUT_MS = 10_000;

/** The flags by which a command finds the balancer. */
export const ADMIN_FLAGS: Readonly<
  Record<"api-host" | "api-port" | "api-token-file", ValueFlag>
> = {
  "api-port": { value: "PORT", help: "the balancer's API port (default 8000)" },
  "api-host": {
    value: "HOST|URL",
    help: "the balancer's API host, or its URL (default 127.0.0.1)",
  },
  ...TOKEN_FLAG,
};

/** What is asked of the admin API. */
export interface AdminCallOptions {
  /** The method. Default: POST with a body, else GET. */
  readonly method?: string;
  /** What to send as JSON. Default: nothing. */
  readonly body?: unknown;
  /** Further fields of the request. Default: none. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Ends the call, and what is still to come of the response. Default: 10 s for all of it. */
  readonly signal?: AbortSignal;
}

/**
 * Calls the admin API of a running balancer.
 *
 * @param args The command line, with {@linkcode ADMIN_FLAGS}.
 * @param path The path to call, for example `/add`.
 * @param body What to POST as JSON; without it the call is a GET.
 * @returns What the balancer answered: a server or a list of them.
 * @throws {CommandError} If it cannot be reached, or refuses, or the token cannot be read.
 */
export function callAdmin(args: Args, path: string, body?: unknown): Promise<unknown> {
  return new AdminClient(args).readJson(path, areServers, body === undefined ? {} : { body });
}

/** The admin API of the balancer that a command line names. */
export class AdminClient {
  readonly #base: string;
  readonly #tokenFile: string | undefined;

  /**
   * @param args The command line, with {@linkcode ADMIN_FLAGS}.
   * @throws {UsageError} If it names no address.
   */
  constructor(args: Args) {
    this.#base = readAdminAddress(args);
    this.#tokenFile = args.text("api-token-file");
  }

  /**
   * Calls the API and reads the JSON that it answers.
   *
   * @param path The path to call.
   * @param isExpected Whether this is what Ballast answers there, and not some other program.
   * @param options What to ask.
   * @throws {CommandError} If it cannot be reached, or refuses, or the token cannot be read.
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
    throw this.#unreachable("what answers there is not Ballast");
  }

  /**
   * Calls the API and reads the text that it answers.
   *
   * @param path The path to call.
   * @param type The media type that Ballast answers there.
   * @throws {CommandError} If it cannot be reached, or refuses, or the token cannot be read.
   */
  async readText(path: string, type: string): Promise<string> {
    const response = await this.open(path);
    try {
      const text = await response.text();
      if (response.headers.get("content-type") === type) return text;
    } catch (error) {
      throw this.#unreachable(reason(error));
    }
    throw this.#unreachable("what answers there is not Ballast");
  }

  /**
   * Calls the API and waits for the head of its response.
   *
   * @param path The path to call.
   * @param options What to ask.
   * @returns The response, whose status says that all went well.
   * @throws {CommandError} If it cannot be reached, or refuses, or the token cannot be read.
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
        // The token is for this address alone.
        redirect: "error",
        method,
        headers,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      if (response.ok) return response;
      answer = await response.json();
    } catch (error) {
      throw this.#unreachable(
        error instanceof SyntaxError ? "what answers there is not Ballast" : reason(error),
      );
    }
    if (response.status === 401) throw new CommandError(tokenRefusal(this.#tokenFile));
    throw new CommandError(`The balancer refused: ${printable(refusal(answer, response.status))}`);
  }

  #unreachable(why: string): CommandError {
    return new CommandError(
      `Cannot reach the balancer's API at ${this.#base}: ${why}. ` +
        "Is it running? Give its API port with --api-port.",
    );
  }
}

/** Whether this is what Ballast answers: a server or a list of servers. */
function areServers(answer: unknown): boolean {
  const servers = [answer].flat() as (Partial<ServerJson> | null)[];
  return servers.every((server) =>
    typeof server?.url === "string" && typeof server.name === "string"
  );
}

function tokenRefusal(tokenFile: string | undefined): string {
  return tokenFile === undefined
    ? "The balancer refused: it asks for its API token. Give the file: --api-token-file FILE"
    : `The balancer refused: the token in ${tokenFile} is not the one that it was started with`;
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
