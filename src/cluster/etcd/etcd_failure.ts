import { errorText } from "../../model/error_text.ts";
import { printable } from "../../model/printable.ts";
import { BadAnswer, type Fields, fields } from "./etcd_json.ts";
import type { EtcdFailure } from "./etcd_types.ts";

/** How much of a text that came from outside goes into a message, in characters. */
const TEXT_MAX = 200;

/** What may help: nothing, waiting for an election, or a new token. */
export type Remedy = "none" | "wait" | "renew";

/**
 * Why one endpoint did not do what it was asked for. `unreachable` says that it surely did nothing;
 * `unknown` that it may have.
 */
export class EndpointError extends Error {
  /** Why, for the caller. */
  readonly failure: EtcdFailure;
  /** What may help. */
  readonly remedy: Remedy;

  /**
   * @param failure Why, for the caller.
   * @param message What the endpoint does, to be read after its URL.
   * @param options What may help (default: nothing), and the cause.
   */
  constructor(
    failure: EtcdFailure,
    message: string,
    options: ErrorOptions & { remedy?: Remedy } = {},
  ) {
    super(message, options);
    this.name = "EndpointError";
    this.failure = failure;
    this.remedy = options.remedy ?? "none";
  }
}

/** Codes of gRPC by which a call may have been carried out all the same. */
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
 * What etcd's messages mean, the first that fits. A message that is not among them goes by its code.
 * Those that say `unreachable` come before anything was proposed to the cluster.
 */
const MEANINGS: readonly { text: RegExp; failure: EtcdFailure; remedy?: Remedy }[] = [
  // With "hasleader" in the request, a member without a leader says so and does nothing.
  { text: /etcdserver: no leader/, failure: "unreachable", remedy: "wait" },
  { text: /etcdserver: too many requests/, failure: "unreachable", remedy: "wait" },
  { text: /etcdserver: (not capable|rpc not supported for learner)/, failure: "unreachable" },
  { text: /requested lease not found/, failure: "no_lease" },
  { text: /database space exceeded/, failure: "no_space" },
  { text: /required revision has been compacted/, failure: "compacted" },
  {
    text: /invalid auth token|revision of auth store is old|user name is empty/,
    failure: "denied",
    remedy: "renew",
  },
  { text: /authentication failed|user name not found|permission denied/, failure: "denied" },
];

/** What helps, for people, by a part of the message. */
const HINTS: readonly [text: string, hint: string][] = [
  ["user name is empty", " (it wants a user and a password)"],
  ["database space exceeded", " (compact and defragment it, then disarm its alarm)"],
];

/**
 * What an error of etcd means.
 *
 * @param error `{error, code, message}` as the gateway sends it; in streams, `code` is `grpc_code`
 * before etcd 3.6.
 * @param status The status of the response, for an error without a code.
 */
export function readRefusal(error: Fields, status: number): EndpointError {
  const code = error["grpc_code"] ?? error["code"];
  const told = error["message"] ?? error["error"];
  if (typeof told !== "string" || told.trim() === "") {
    const what = typeof code === "number" ? `code ${code}` : `status ${status}`;
    return new EndpointError(failureOf(code, status), `answers with an error, ${what}`);
  }
  const message = shorten(told);
  const meaning = MEANINGS.find(({ text }) => text.test(message));
  if (meaning !== undefined) {
    const { failure, remedy = "none" } = meaning;
    const hint = HINTS.find(([text]) => message.includes(text))?.[1] ?? "";
    return new EndpointError(failure, `says "${message}"${hint}`, { remedy });
  }
  return new EndpointError(failureOf(code, status), `says "${message}"`);
}

/**
 * What a message of a stream brings.
 *
 * @param message `{result}`, or `{error}` where the stream has failed.
 * @throws {EndpointError} What the error means.
 */
export function resultOf(message: Fields): Fields {
  if (message["error"] !== undefined) throw readRefusal(fields(message["error"]), 200);
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
 * What a response means whose status is not 200.
 *
 * @param status The status.
 * @param content What it says.
 */
export function readErrorResponse(status: number, content: string): EndpointError {
  let error: unknown;
  try {
    error = JSON.parse(content);
  } catch {
    error = undefined;
  }
  if (typeof error === "object" && error !== null && ("error" in error || "message" in error)) {
    return readRefusal(error as Fields, status);
  }
  const text = shorten(content.trim().split("\n", 1)[0]!);
  // Below 500 it is no etcd, or one without a gateway; beyond, it may be one behind a proxy.
  return new EndpointError(
    status < 500 ? "unreachable" : "unknown",
    `answers with status ${status}${text === "" ? "" : ` "${text}"`}: check that this is the ` +
      "client URL of etcd 3.4 or newer, with its gRPC gateway on (--enable-grpc-gateway)",
  );
}

/**
 * What an error means that came up while an endpoint was asked.
 *
 * @param error What was thrown.
 * @returns The same where it is understood already.
 */
export function readThrown(error: unknown): EndpointError {
  if (error instanceof EndpointError) return error;
  if (error instanceof BadAnswer) {
    return new EndpointError("unknown", `${error.message}: check that it is etcd's client URL`);
  }
  const cause = deepest(error);
  const text = errorText(cause);
  // Deno's words first; the rest is what they mean.
  const why = shorten(text.replace(/^error sending request .*?: client error \(\w+\): /, ""));
  const failure = neverConnected(cause, text) ? "unreachable" : "unknown";
  return new EndpointError(failure, `cannot be asked: ${why}`, { cause: error });
}

/** Whether the connection was never made, so that nothing can have been asked. */
function neverConnected(error: unknown, text: string): boolean {
  if (text.includes("client error (Connect)")) return true;
  if (!(error instanceof Error)) return false;
  // Without permission in Deno; with Node's and Bun's codes for connections.
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
