import { errorText } from "../../model/error_text.ts";
import { printable } from "../../model/printable.ts";
import { type Fields, fields, InvalidResponse } from "./etcd_json.ts";
import type { EtcdFailure } from "./etcd_types.ts";

/** Maximum length of foreign text in a message, in characters. */
const TEXT_MAX = 200;

/** How the client can recover from a failure: not at all, after an election, or with a new token. */
export type Recovery = "none" | "election" | "token";

/**
 * Failure of a call at one endpoint. `unreachable` means that the call certainly had no effect,
 * `unknown` that it may have had one.
 */
export class EndpointError extends Error {
  /** The failure to report to the caller. */
  readonly failure: EtcdFailure;
  /** How the client can recover. */
  readonly recovery: Recovery;

  /**
   * @param failure The failure to report to the caller.
   * @param message A predicate that reads well after the endpoint's URL.
   * @param options How the client can recover (default: `none`), and the cause.
   */
  constructor(
    failure: EtcdFailure,
    message: string,
    options: ErrorOptions & { recovery?: Recovery } = {},
  ) {
    super(message, options);
    this.name = "EndpointError";
    this.failure = failure;
    this.recovery = options.recovery ?? "none";
  }
}

/** gRPC status codes after which the call may still have taken effect. */
const UNCERTAIN = new Set([
  1, // canceled
  2, // unknown
  4, // deadline exceeded: "etcdserver: request timed out" among others
  10, // aborted
  13, // internal
  14, // unavailable
]);
const PERMISSION_DENIED = 7;
const UNAUTHENTICATED = 16;

/**
 * The meaning of etcd's error messages; the first match counts. Other messages are classified by
 * their code. `unreachable` is for errors raised before anything was proposed to the cluster.
 */
const MEANINGS: readonly { text: RegExp; failure: EtcdFailure; recovery?: Recovery }[] = [
  // With "hasleader" in the request, a member without a leader refuses it.
  { text: /etcdserver: no leader/, failure: "unreachable", recovery: "election" },
  { text: /etcdserver: too many requests/, failure: "unreachable", recovery: "election" },
  { text: /etcdserver: (not capable|rpc not supported for learner)/, failure: "unreachable" },
  { text: /requested lease not found/, failure: "no_lease" },
  { text: /database space exceeded/, failure: "no_space" },
  { text: /required revision has been compacted/, failure: "compacted" },
  {
    text: /invalid auth token|revision of auth store is old|user name is empty/,
    failure: "denied",
    recovery: "token",
  },
  { text: /authentication failed|user name not found|permission denied/, failure: "denied" },
];

/** Hints for users, by a part of the message. */
const HINTS: readonly [text: string, hint: string][] = [
  ["user name is empty", " (it requires a user and a password)"],
  ["database space exceeded", " (compact and defragment it, then disarm its alarm)"],
];

/**
 * Parses an error of etcd.
 *
 * @param error `{error, code, message}` as the gateway sends it; in streams before etcd 3.6, `code` is
 * `grpc_code`.
 * @param status Status of the response, for an error without a code.
 */
export function parseError(error: Fields, status: number): EndpointError {
  const code = error["grpc_code"] ?? error["code"];
  const text = error["message"] ?? error["error"];
  if (typeof text !== "string" || text.trim() === "") {
    const what = typeof code === "number" ? `code ${code}` : `status ${status}`;
    return new EndpointError(failureOf(code, status), `answered with an error, ${what}`);
  }
  const message = shorten(text);
  const meaning = MEANINGS.find(({ text: pattern }) => pattern.test(message));
  if (meaning !== undefined) {
    const { failure, recovery = "none" } = meaning;
    const hint = HINTS.find(([part]) => message.includes(part))?.[1] ?? "";
    return new EndpointError(failure, `says "${message}"${hint}`, { recovery });
  }
  return new EndpointError(failureOf(code, status), `says "${message}"`);
}

/**
 * The result in a stream message.
 *
 * @param message `{result}`, or `{error}` if the stream has failed.
 * @throws {EndpointError} For an `{error}`.
 */
export function resultOf(message: Fields): Fields {
  if (message["error"] !== undefined) throw parseError(fields(message["error"]), 200);
  return fields(message["result"]);
}

function failureOf(code: unknown, status: number): EtcdFailure {
  if (typeof code !== "number") {
    if (status === 401 || status === 403) return "denied";
    return status >= 400 && status < 500 ? "refused" : "unknown";
  }
  if (code === PERMISSION_DENIED || code === UNAUTHENTICATED) return "denied";
  return UNCERTAIN.has(code) ? "unknown" : "refused";
}

/**
 * Parses a response whose status is not 200.
 *
 * @param status The status.
 * @param content The body.
 */
export function parseErrorResponse(status: number, content: string): EndpointError {
  let error: unknown;
  try {
    error = JSON.parse(content);
  } catch {
    error = undefined;
  }
  if (typeof error === "object" && error !== null && ("error" in error || "message" in error)) {
    return parseError(error as Fields, status);
  }
  const text = shorten(content.trim().split("\n", 1)[0]!);
  // Below 500 it is not etcd, or its gateway is off; from 500 on it may be etcd behind a proxy.
  return new EndpointError(
    status < 500 ? "unreachable" : "unknown",
    `answered with status ${status}${text === "" ? "" : ` "${text}"`}: check that this is the ` +
      "client URL of etcd 3.4 or newer, with its gRPC gateway on (--enable-grpc-gateway)",
  );
}

/**
 * Converts an error thrown during a call to an {@linkcode EndpointError}.
 *
 * @param error The error; an `EndpointError` is returned as it is.
 */
export function toEndpointError(error: unknown): EndpointError {
  if (error instanceof EndpointError) return error;
  if (error instanceof InvalidResponse) {
    return new EndpointError(
      "unknown",
      `sent an invalid response (${error.message}): check that it is etcd's client URL`,
    );
  }
  const cause = deepest(error);
  const text = errorText(cause);
  // Deno puts a generic preamble before the reason.
  const why = shorten(text.replace(/^error sending request .*?: client error \(\w+\): /, ""));
  const failure = neverConnected(cause, text) ? "unreachable" : "unknown";
  return new EndpointError(failure, `cannot be reached: ${why}`, { cause: error });
}

/** Whether no connection was established, so that the request cannot have been sent. */
function neverConnected(error: unknown, text: string): boolean {
  if (text.includes("client error (Connect)")) return true;
  if (!(error instanceof Error)) return false;
  // Deno without permission; then the connection error codes of Node and Bun.
  if (error.name === "NotCapable") return true;
  const code = "code" in error ? String(error.code) : "";
  return /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ConnectionRefused)$/.test(
    code,
  );
}

function deepest(error: unknown): unknown {
  let found = error;
  for (let depth = 0; depth < 5 && found instanceof Error && found.cause !== undefined; depth++) {
    found = found.cause;
  }
  return found;
}

function shorten(text: string): string {
  return printable(text.length > TEXT_MAX ? `${text.slice(0, TEXT_MAX)}…` : text);
}
