import { errorText } from "../../model/error_text.ts";
import { printable } from "../../model/printable.ts";

/** Time limit for a response, in milliseconds. */
const TIMEOUT_MS = 10_000;
const SERVER_SHAPE = { url: "string", name: "string" } as const;
const NOT_BALLAST = "the server at this address is not Ballast";

/** Members by which an answer of Ballast is recognised, with their types. */
export type Shape = Readonly<Record<string, "string" | "number" | "object" | "array">>;

/** Options of an {@linkcode AdminClient}. */
export interface AdminClientOptions {
  /** The URL of the admin API, without a trailing slash. */
  readonly base: string;
  /** The source of the token, for messages, and how to read it. Default: no token. */
  readonly token?: { readonly source: string; readonly read: () => Promise<string> } | undefined;
}

/** Options of a request. */
export interface AdminRequest {
  /** The method. Default: POST with a body, else GET. */
  readonly method?: string;
  /** The content, sent as JSON. Default: none. */
  readonly body?: unknown;
  /** Further header fields. Default: none. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Ends the request and its response. Default: after 10 s. */
  readonly signal?: AbortSignal;
}

/** A request to the admin API that failed: no connection, no valid token, or refused. */
export class AdminClientError extends Error {
  /** The kind of failure. */
  readonly kind: "unreachable" | "unauthorized" | "refused";

  constructor(kind: AdminClientError["kind"], message: string) {
    super(message);
    this.name = "AdminClientError";
    this.kind = kind;
  }
}

/** Client of the admin API of a running balancer. */
export class AdminClient {
  readonly #base: string;
  readonly #token: AdminClientOptions["token"];

  constructor({ base, token }: AdminClientOptions) {
    this.#base = base;
    this.#token = token;
  }

  /**
   * Calls the API and reads JSON from it.
   *
   * @param shape The shape of the answer.
   * @throws {AdminClientError} If the request fails, or the answer has another shape.
   */
  async readJson<Answer>(path: string, shape: Shape, request?: AdminRequest): Promise<Answer> {
    const answer = await this.#read(path, (response) => response.json(), request);
    if (!hasShape(answer, shape)) throw this.notBallast();
    return answer as Answer;
  }

  /**
   * Calls a route of the API whose answer is a server.
   *
   * @throws {AdminClientError} If the request fails, or the answer is anything else.
   */
  async readServer<Answer>(path: string, request?: AdminRequest): Promise<Answer> {
    return await this.readJson(path, SERVER_SHAPE, request);
  }

  /**
   * Calls a route of the API whose answer is a list of servers.
   *
   * @throws {AdminClientError} If the request fails, or the answer is anything else.
   */
  async readServers<Answer>(path: string): Promise<Answer[]> {
    const answer: unknown = await this.#read(path, (response) => response.json());
    const isValid = Array.isArray(answer) && answer.every((item) => hasShape(item, SERVER_SHAPE));
    if (!isValid) throw this.notBallast();
    return answer;
  }

  /**
   * Calls the API and reads text from it.
   *
   * @param type The media type of Ballast's answer.
   * @throws {AdminClientError} If the request fails, or the answer has another type.
   */
  async readText(path: string, type: string): Promise<string> {
    return await this.#read(path, (response) => {
      if (response.headers.get("content-type") !== type) throw new SyntaxError(NOT_BALLAST);
      return response.text();
    });
  }

  /**
   * Calls the API and waits for the head of its response.
   *
   * @returns The response, whose status is 200 to 299.
   * @throws {AdminClientError} If the request fails.
   */
  async open(path: string, request: AdminRequest = {}): Promise<Response> {
    const { body, method = body === undefined ? "GET" : "POST" } = request;
    const headers: Record<string, string> = { ...request.headers };
    if (this.#token !== undefined) headers["authorization"] = `Bearer ${await this.#token.read()}`;
    if (body !== undefined) headers["content-type"] = "application/json";
    let response: Response;
    let answer: { readonly detail?: unknown } | null;
    try {
      response = await fetch(this.#base + path, {
        signal: request.signal ?? AbortSignal.timeout(TIMEOUT_MS),
        // The token must not go to any other address.
        redirect: "error",
        method,
        headers,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      if (response.ok) return response;
      answer = await response.json();
    } catch (error) {
      throw this.#unreachable(reason(error));
    }
    if (response.status === 401) throw new AdminClientError("unauthorized", this.#tokenRefusal());
    const detail = typeof answer?.detail === "string" ? answer.detail : `HTTP ${response.status}`;
    throw new AdminClientError("refused", `The balancer refused: ${printable(detail)}`);
  }

  /** The error for an answer that Ballast never gives. */
  notBallast(): AdminClientError {
    return this.#unreachable(NOT_BALLAST);
  }

  async #read<Answer>(
    path: string,
    read: (response: Response) => Promise<Answer>,
    request?: AdminRequest,
  ): Promise<Answer> {
    const response = await this.open(path, request);
    try {
      return await read(response);
    } catch (error) {
      throw this.#unreachable(reason(error));
    }
  }

  #unreachable(why: string): AdminClientError {
    return new AdminClientError(
      "unreachable",
      `Cannot reach the admin API at ${this.#base}: ${why}`,
    );
  }

  #tokenRefusal(): string {
    return this.#token === undefined
      ? "The balancer requires its API token"
      : `The balancer refused the token in ${this.#token.source}: it was started with another one`;
  }
}

function hasShape(answer: unknown, shape: Shape): boolean {
  const members = (answer ?? {}) as Readonly<Record<string, unknown>>;
  return Object.entries(shape).every(([name, type]) => {
    const member = members[name];
    if (type === "array") return Array.isArray(member);
    return typeof member === type && member !== null;
  });
}

function reason(error: unknown): string {
  if (error instanceof SyntaxError) return NOT_BALLAST;
  if (!(error instanceof Error)) return errorText(error);
  if (error.name === "TimeoutError") return `no answer within ${TIMEOUT_MS / 1000} s`;
  const text = errorText(error.cause instanceof Error ? error.cause : error);
  return /refused/i.test(`${error.message} ${text}`) ? "connection refused" : text;
}
