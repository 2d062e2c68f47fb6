import type { Clock } from "../../runtime/clock.ts";
import { secondsText } from "../../model/seconds_text.ts";
import { EndpointError, readErrorResponse, readThrown, resultOf } from "./etcd_failure.ts";
import { BadAnswer, type Fields, parseFields } from "./etcd_json.ts";
import type { EtcdFetch } from "./etcd_options.ts";
import { TimeLimit } from "./time_limit.ts";

/** How long an endpoint may take to begin an answer, in milliseconds. */
const ANSWER_MS = 3_000;
/** How long the rest of an answer may take then, in milliseconds: a range can be large. */
const CONTENT_MS = 10_000;
/** How large an answer, or a message of a stream, may be, in bytes. */
const SIZE_MAX = 64 * 1024 * 1024;
/** How much of an answer that is an error is read, in bytes. */
const ERROR_SIZE_MAX = 64 * 1024;

/** What is asked of one endpoint. */
export interface GatewayRequest {
  /** The endpoint's URL, without a slash at the end. */
  readonly endpoint: string;
  /** The path, such as `/v3/kv/range`. */
  readonly path: string;
  /** What is sent as JSON. */
  readonly body: unknown;
  /** By which etcd knows who asks; undefined where it need not. */
  readonly token: string | undefined;
  /** Calls it off. */
  readonly signal: AbortSignal | undefined;
}

/**
 * Asks single endpoints by etcd's JSON gateway, within limits of time and size. Everything that can
 * go wrong is thrown as an {@linkcode EndpointError}, but the reason of the caller's signal as it is.
 */
export class EtcdGateway {
  readonly #fetch: EtcdFetch;
  readonly #clock: Clock;

  /**
   * @param fetch What sends requests.
   * @param clock What the time limits run on.
   */
  constructor(fetch: EtcdFetch, clock: Clock) {
    this.#fetch = fetch;
    this.#clock = clock;
  }

  /**
   * Asks for one answer.
   *
   * @param request What is asked.
   * @param read Takes the answer apart.
   * @returns What `read` has made of it.
   */
  async ask<T>(request: GatewayRequest, read: (answer: Fields) => T): Promise<T> {
    const limit = new TimeLimit(this.#clock, request.signal);
    try {
      const response = await this.#post(request, limit);
      limit.restart(CONTENT_MS);
      return read(parseFields(await readText(response, SIZE_MAX)));
    } catch (error) {
      throw this.#understand(error, limit, request.signal);
    } finally {
      limit.end();
    }
  }

  /**
   * Asks for a stream of messages. The first one has to come in time, the others may take as long as
   * they like.
   *
   * @param request What is asked.
   * @param read Takes a message apart.
   */
  async *stream<T>(
    request: GatewayRequest,
    read: (result: Fields) => T,
  ): AsyncGenerator<T, void> {
    const limit = new TimeLimit(this.#clock, request.signal);
    try {
      const response = await this.#post(request, limit);
      for await (const line of linesOf(response)) {
        limit.lift();
        yield read(resultOf(parseFields(line)));
      }
    } catch (error) {
      throw this.#understand(error, limit, request.signal);
    } finally {
      limit.end();
    }
  }

  /**
   * Asks an endpoint for anything, to see whether it is there.
   *
   * @param endpoint The endpoint's URL.
   * @param signal Calls it off.
   */
  async greet(endpoint: string, signal: AbortSignal | undefined): Promise<void> {
    const limit = new TimeLimit(this.#clock, signal);
    try {
      limit.restart(ANSWER_MS);
      const init: RequestInit = { redirect: "manual", signal: limit.signal };
      const response = await this.#fetch(`${endpoint}/version`, init);
      const text = await readText(response, ERROR_SIZE_MAX);
      // A proxy that passes on nothing but /v3/ may not know this path.
      if (response.status >= 500) throw readErrorResponse(response.status, text);
    } catch (error) {
      const { message, cause } = this.#understand(error, limit, signal);
      // There was nothing that could have been done.
      throw new EndpointError("unreachable", message, { cause });
    } finally {
      limit.end();
    }
  }

  async #post(
    { endpoint, path, body, token }: GatewayRequest,
    limit: TimeLimit,
  ): Promise<Response> {
    limit.restart(ANSWER_MS);
    const response = await this.#fetch(endpoint + path, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        // A member that has no leader says so at once, and ends the watches that it has.
        "grpc-metadata-hasleader": "true",
        ...(token === undefined ? {} : { authorization: token }),
      },
      body: JSON.stringify(body),
      // What is sent is for this endpoint alone.
      redirect: "manual",
      signal: limit.signal,
    });
    if (response.status === 200) return response;
    throw readErrorResponse(response.status, await readText(response, ERROR_SIZE_MAX));
  }

  #understand(error: unknown, limit: TimeLimit, signal: AbortSignal | undefined): EndpointError {
    signal?.throwIfAborted();
    if (limit.passed === undefined) return readThrown(error);
    return new EndpointError(
      "unknown",
      `does not answer within ${secondsText(limit.passed / 1000)}`,
    );
  }
}

async function readText(response: Response, sizeMax: number): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let size = 0;
  // Leaving the loop ends the response.
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > sizeMax) throw new BadAnswer(`its answer is larger than ${sizeMax} bytes`);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

/** The messages of a stream, one a line, wherever its chunks begin and end. */
async function* linesOf(response: Response): AsyncGenerator<string, void> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of response.body ?? []) {
    const lines = decoder.decode(chunk, { stream: true }).split("\n");
    lines[0] = rest + lines[0];
    rest = lines.pop()!;
    if (rest.length > SIZE_MAX) throw new BadAnswer(`it sends more than ${SIZE_MAX} bytes at once`);
    for (const line of lines) if (line.trim() !== "") yield line;
  }
  if (rest.trim() !== "") yield rest;
}
