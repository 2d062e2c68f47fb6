import type { Clock } from "../../runtime/clock.ts";
import { TimeLimit } from "../../runtime/time.ts";
import { secondsText } from "../../model/seconds_text.ts";
import { EndpointError, parseErrorResponse, resultOf, toEndpointError } from "./etcd_failure.ts";
import { type Fields, InvalidResponse, parseFields } from "./etcd_json.ts";
import type { EtcdFetch } from "./etcd_options.ts";

/** Time limit for a response head, in milliseconds. */
const RESPONSE_MS = 3_000;
/** Time limit for a response body, in milliseconds: a range can be large. */
const BODY_MS = 10_000;
/** Maximum size of a response or of a stream message, in bytes. */
const SIZE_MAX = 64 * 1024 * 1024;
/** How much of an error response is read, in bytes. */
const ERROR_SIZE_MAX = 64 * 1024;

/** A request to one endpoint. */
export interface GatewayRequest {
  /** The endpoint's URL, without a trailing slash. */
  readonly endpoint: string;
  /** The path, such as `/v3/kv/range`. */
  readonly path: string;
  /** The body, sent as JSON. */
  readonly body: unknown;
  /** The auth token; undefined without authentication. */
  readonly token: string | undefined;
  /** Aborts the request. */
  readonly signal: AbortSignal | undefined;
}

/**
 * Sends requests to the JSON gateways of single endpoints, with time and size limits. Every failure is
 * thrown as an {@linkcode EndpointError}, except the reason of the caller's signal.
 */
export class EtcdGateway {
  readonly #fetch: EtcdFetch;
  readonly #clock: Clock;

  /**
   * @param fetch Sends the requests.
   * @param clock Clock of the time limits.
   */
  constructor(fetch: EtcdFetch, clock: Clock) {
    this.#fetch = fetch;
    this.#clock = clock;
  }

  /**
   * Sends a unary request.
   *
   * @param request The request.
   * @param parse Parses the response.
   */
  async call<T>(request: GatewayRequest, parse: (response: Fields) => T): Promise<T> {
    const limit = new TimeLimit(this.#clock, request.signal);
    try {
      const response = await this.#post(request, limit);
      limit.start(BODY_MS);
      return parse(parseFields(await readText(response, SIZE_MAX)));
    } catch (error) {
      throw this.#toError(error, limit, request.signal);
    } finally {
      limit.end();
    }
  }

  /**
   * Opens a stream of messages. The time limit applies only until the first one.
   *
   * @param request The request.
   * @param parse Parses a message.
   */
  async *stream<T>(
    request: GatewayRequest,
    parse: (result: Fields) => T,
  ): AsyncGenerator<T, void> {
    const limit = new TimeLimit(this.#clock, request.signal);
    try {
      const response = await this.#post(request, limit);
      for await (const line of linesOf(response)) {
        limit.stop();
        yield parse(resultOf(parseFields(line)));
      }
    } catch (error) {
      throw this.#toError(error, limit, request.signal);
    } finally {
      limit.end();
    }
  }

  /**
   * Checks whether an endpoint responds.
   *
   * @param endpoint The endpoint's URL.
   * @param signal Aborts the request.
   */
  async ping(endpoint: string, signal: AbortSignal | undefined): Promise<void> {
    const limit = new TimeLimit(this.#clock, signal);
    try {
      limit.start(RESPONSE_MS);
      const init: RequestInit = { redirect: "manual", signal: limit.signal };
      const response = await this.#fetch(`${endpoint}/version`, init);
      const text = await readText(response, ERROR_SIZE_MAX);
      // Behind a proxy that forwards only /v3/ this path does not exist.
      if (response.status >= 500) throw parseErrorResponse(response.status, text);
    } catch (error) {
      const { message, cause } = this.#toError(error, limit, signal);
      // A ping has no effect, so neither had this one.
      throw new EndpointError("unreachable", message, { cause });
    } finally {
      limit.end();
    }
  }

  async #post(
    { endpoint, path, body, token }: GatewayRequest,
    limit: TimeLimit,
  ): Promise<Response> {
    limit.start(RESPONSE_MS);
    const response = await this.#fetch(endpoint + path, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        // A member without a leader then fails at once, and ends its watches.
        "grpc-metadata-hasleader": "true",
        ...(token === undefined ? {} : { authorization: token }),
      },
      body: JSON.stringify(body),
      // Credentials must not follow a redirect.
      redirect: "manual",
      signal: limit.signal,
    });
    if (response.status === 200) return response;
    throw parseErrorResponse(response.status, await readText(response, ERROR_SIZE_MAX));
  }

  #toError(error: unknown, limit: TimeLimit, signal: AbortSignal | undefined): EndpointError {
    signal?.throwIfAborted();
    if (limit.exceeded === undefined) return toEndpointError(error);
    return new EndpointError(
      "unknown",
      `did not answer within ${secondsText(limit.exceeded / 1000)}`,
    );
  }
}

async function readText(response: Response, sizeMax: number): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let size = 0;
  // Leaving the loop cancels the response.
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > sizeMax) throw new InvalidResponse(`it exceeds ${sizeMax} bytes`);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

/** The messages of a stream, one per line, regardless of chunk boundaries. */
async function* linesOf(response: Response): AsyncGenerator<string, void> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of response.body ?? []) {
    const lines = decoder.decode(chunk, { stream: true }).split("\n");
    lines[0] = rest + lines[0];
    rest = lines.pop()!;
    if (rest.length > SIZE_MAX) {
      throw new InvalidResponse(`a message exceeds ${SIZE_MAX} bytes`);
    }
    for (const line of lines) if (line.trim() !== "") yield line;
  }
  if (rest.trim() !== "") yield rest;
}
