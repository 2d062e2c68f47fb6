import { until } from "../../testing/until.ts";

/** A request that a {@linkcode FakeGateway} has got. */
export interface GatewayCall {
  /** The path. */
  readonly path: string;
  /** What was sent as JSON; undefined for nothing. */
  readonly body: unknown;
  /** The token. */
  readonly token: string | null;
}

/** What answers instead of etcd: anything. */
export class FakeGateway implements AsyncDisposable {
  /** What it was asked so far. */
  readonly calls: GatewayCall[] = [];
  readonly #abort = new AbortController();
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  /** @param answer What it answers. */
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

  /** The paths that it was asked for so far. */
  get paths(): string[] {
    return this.calls.map(({ path }) => path);
  }

  /** Waits until it was asked for a path so many times. */
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

/** An answer of etcd to a range that finds nothing, or to a transaction. */
export function emptyAnswer(): Response {
  return Response.json({ header: { revision: "7" } });
}

/** An answer that never comes. */
export function noAnswer(): Promise<Response> {
  return new Promise(() => {});
}
