import type { ServerJson } from "../../mod.ts";
import type { Args, ValueFlag } from "./args.ts";
import { CommandError } from "./errors.ts";
import { printable } from "./output.ts";
import { readToken, TOKEN_FLAG } from "./token_file.ts";

/** How long the balancer may take to answer, in milliseconds. */
const TIMEOUT_MS = 10_000;

/** The flags by which a command finds the balancer. */
export const ADMIN_FLAGS: Readonly<
  Record<"api-host" | "api-port" | "api-token-file", ValueFlag>
> = {
  "api-port": { value: "PORT", help: "the balancer's API port (default 8000)" },
  "api-host": { value: "HOST", help: "the balancer's API host (default 127.0.0.1)" },
  ...TOKEN_FLAG,
};

/**
 * Calls the admin API of a running balancer.
 *
 * @param args The command line, with {@linkcode ADMIN_FLAGS}.
 * @param path The path to call, for example `/add`.
 * @param body What to POST as JSON; without it the call is a GET.
 * @returns What the balancer answered.
 * @throws {CommandError} If it cannot be reached, or refuses, or the token cannot be read.
 */
export async function callAdmin(args: Args, path: string, body?: unknown): Promise<unknown> {
  const host = (args.text("api-host") ?? "127.0.0.1").replace(/^\[(.*)\]$/, "$1");
  const port = args.wholeNumber("api-port", 1, 65_535) ?? 8000;
  const base = `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
  const tokenFile = args.text("api-token-file");
  const headers: Record<string, string> = {};
  if (tokenFile !== undefined) headers["authorization"] = `Bearer ${await readToken(tokenFile)}`;
  if (body !== undefined) headers["content-type"] = "application/json";
  let response: Response;
  let answer: unknown;
  try {
    response = await fetch(base + path, {
      signal: AbortSignal.timeout(TIMEOUT_MS),
      // The token is for this address alone.
      redirect: "error",
      headers,
      ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
    });
    answer = await response.json();
    if (response.ok && !areServers(answer)) throw new SyntaxError("Not servers");
  } catch (error) {
    const why = error instanceof SyntaxError ? "what answers there is not Ballast" : reason(error);
    throw new CommandError(
      `Cannot reach the balancer's API at ${base}: ${why}. ` +
        "Is it running? Give its API port with --api-port.",
    );
  }
  if (response.ok) return answer;
  if (response.status === 401) throw new CommandError(tokenRefusal(tokenFile));
  throw new CommandError(`The balancer refused: ${printable(refusal(answer, response.status))}`);
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
  if (!(error instanceof Error)) return String(error);
  if (error.name === "TimeoutError") return `no answer within ${TIMEOUT_MS / 1000} s`;
  const cause = error.cause instanceof Error ? error.cause : error;
  return /refused/i.test(`${error.message} ${cause.message}`)
    ? "connection refused"
    : cause.message;
}
