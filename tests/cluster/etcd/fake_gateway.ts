import { until } from "../../testing/until.ts";

/** A request to a {@linkcode FakeGateway}. */
export interface GatewayCall {
  /** The path. */
  readonly path: string;
  /** The JSON body; undefined if there was none. */
  readonly body: unknown;
  /** The token. */
  readonly token: string | null;
}

/** A server with arbitrary responses in place of etcd. */
export class FakeGateway implements AsyncDisposable {
  /** The requests so far. */
  readonly calls: GatewayCall[] = [];
  readonly #abort = new AbortController();
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  /** @param answer Creates the responses. */
  constructor(answer: (call: GatewayCall) => Response | Promise<Response>) {
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, signal: this.#abort.signal, onListen: () => {} },
      async (request) => {
        const text = await request.text();
        const call = {
          path: new URL(request.url).pathname,
          body: text === "" ? undefined : JSON.parse(text),
          token: request.headers.get("authorization"),
        };
        this.calls.push(call);
        return await answer(call);
      },
    );
  }

  /** Its URL. */
  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}`;
  }

  /** The paths of the requests so far. */
  get paths(): string[] {
    return this.calls.map(({ path }) => path);
  }

  /** Waits for a number of requests to a path. */
  async asked(path: string, times = 1): Promise<void> {
    await until(
      () => `call ${times} of ${path}: there are ${this.paths}`,
      () => this.paths.filter((asked) => asked === path).length >= times,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort();
    await this.#server.finished;
  }
}

/** etcd's response to an empty range or to a transaction. */
export function emptyAnswer(): Response {
  return Response.json({ header: { revision: "7" } });
}

/** A response that never arrives. */
export function noAnswer(): Promise<Response> {
  return new Promise(() => {});
}
