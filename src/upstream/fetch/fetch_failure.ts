import { errorText } from "../../model/error_text.ts";
import { BalancerError } from "../../model/errors.ts";
import { localFailure } from "../local_failure.ts";
import { badResponse, incomplete, stalled } from "../../http1/response_errors.ts";

/** The details of an error, which each runtime words differently. */
interface Clue {
  readonly error: Error;
  readonly name: string;
  readonly code: string;
  readonly syscall: string;
  readonly message: string;
}

/** Codes that can only come from before the connection was there. */
const NOT_CONNECTED: ReadonlySet<string> = new Set([
  "ConnectionRefused",
  "EAI_AGAIN",
  "ECONNREFUSED",
  "ENOTFOUND",
  "FailedToOpenSocket",
]);

/** A certificate that was refused, by OpenSSL's names. */
const CERTIFICATE_REFUSED =
  /^(?:CERT_\w+|UNABLE_TO_\w+|(?:DEPTH_ZERO_)?SELF_SIGNED_CERT\w*|ERR_TLS_CERT_\w+|HOSTNAME_MISMATCH)$/;

/** Ports that the Fetch standard does not allow, as Node and Deno say it. */
const BAD_PORT = /^bad port$|Requests to port \d+ are blocked/;

/** Codes of Node and Bun for a response that breaks HTTP. */
const BAD_RESPONSE: ReadonlySet<string> = new Set([
  "InvalidContentLength",
  "InvalidHTTPResponse",
  "Malformed_HTTP_Response",
  "UND_ERR_HEADERS_OVERFLOW",
  "UND_ERR_RES_CONTENT_LENGTH_MISMATCH",
  "UnrequestedUpgrade",
]);

/** How Deno says that it could not make sense of a response. */
const DENO_BAD_RESPONSE = /client error \(SendRequest\): (?:invalid|unexpected|message head)/;

/**
 * Why `fetch` rejected, as far as the runtime tells. What cannot be told counts as sent: only where
 * it is sure that there was no connection may a request that is not idempotent go to another
 * server.
 *
 * @param thrown The exception.
 * @param serverUrl The server.
 */
export function explainFetchFailure(thrown: unknown, serverUrl: string): BalancerError {
  const clues = findClues(thrown);
  const { origin } = new URL(serverUrl);
  const why = clues.at(-1)?.message || errorText(thrown);
  const upstream = { source: "upstream", cause: thrown } as const;
  if (clues.some(({ message }) => BAD_PORT.test(message))) {
    return new BalancerError(
      "connect_failed",
      `Cannot connect to ${origin}: this runtime's fetch refuses the port, which is on the Fetch ` +
        "standard's list of bad ports; use another port for the server",
      upstream,
    );
  }
  for (const { code, syscall, error } of clues) {
    const local = localFailure(origin, code, error);
    // Without a route, a request may be given up that is on its way already.
    if (local?.code === "out_of_resources" || syscall === "connect" && local) return local;
  }
  if (clues.some(connectTimedOut)) {
    return new BalancerError("connect_timeout", `Cannot connect to ${origin}: ${why}`, upstream);
  }
  if (clues.some(notConnected)) {
    return new BalancerError("connect_failed", `Cannot connect to ${origin}: ${why}`, upstream);
  }
  if (clues.some(({ code }) => code === "UND_ERR_HEADERS_TIMEOUT")) return stalled("server");
  if (clues.some(breaksHttp)) return badResponse(`is not valid HTTP: ${why}`);
  return new BalancerError(
    "closed_early",
    `The server closed the connection before the head of its response was complete: ${why}`,
    upstream,
  );
}

/**
 * Why the content of a response broke off, as far as the runtime tells.
 *
 * @param thrown The exception of the read.
 */
export function explainContentFailure(thrown: unknown): BalancerError {
  const clues = findClues(thrown);
  if (clues.some(({ code }) => code === "UND_ERR_BODY_TIMEOUT")) return stalled("server");
  // zlib's codes begin like this.
  if (clues.some((clue) => breaksHttp(clue) || clue.code.startsWith("Z_"))) {
    return badResponse(`has content that is not valid: ${clues.at(-1)!.message}`);
  }
  return incomplete();
}

/** An error and what it was caused by, the outermost first. */
function findClues(thrown: unknown): Clue[] {
  const clues: Clue[] = [];
  let error = thrown;
  // A cause may lead back to its effect.
  while (error instanceof Error && clues.length < 10) {
    const { code, syscall } = error as { code?: unknown; syscall?: unknown };
    clues.push({
      error,
      name: error.name,
      code: String(code ?? ""),
      syscall: String(syscall ?? ""),
      message: error.message,
    });
    // Node tries all addresses of a name.
    error = error instanceof AggregateError ? error.errors[0] : error.cause;
  }
  return clues;
}

function connectTimedOut({ code, syscall }: Clue): boolean {
  return code === "UND_ERR_CONNECT_TIMEOUT" || (code === "ETIMEDOUT" && syscall === "connect");
}

function notConnected({ code, syscall, message }: Clue): boolean {
  return NOT_CONNECTED.has(code) || CERTIFICATE_REFUSED.test(code) || syscall === "connect" ||
    syscall === "getaddrinfo" || message.includes("client error (Connect)");
}

function breaksHttp({ name, code, message }: Clue): boolean {
  return name === "HTTPParserError" || BAD_RESPONSE.has(code) || message === "bad upgrade" ||
    DENO_BAD_RESPONSE.test(message);
}
