import type { EtcdFetch } from "../../../src/cluster/etcd/etcd_options.ts";

/** A body whose chunks a test sends one by one. */
export class ScriptedBody {
  readonly #pipe = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>(
    undefined,
    undefined,
    new CountQueuingStrategy({ highWaterMark: 1000 }),
  );
  readonly #writer = this.#pipe.writable.getWriter();

  constructor() {
    this.#writer.closed.catch(() => {});
  }

  /** The body for its reader. */
  get stream(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return this.#pipe.readable;
  }

  /** Resolves when its reader cancels it. */
  get given(): Promise<unknown> {
    return this.#writer.closed.catch(() => {});
  }

  /** Sends text or bytes as one chunk. */
  send(chunk: string | Uint8Array<ArrayBuffer>): void {
    const bytes = typeof chunk === "string" ? new TextEncoder().encode(chunk) : chunk;
    this.#writer.write(bytes).catch(() => {});
  }

  /** Ends it. */
  end(): void {
    this.#writer.close().catch(() => {});
  }
}

/** A `fetch` that responds with these bodies in turn, and never after the last one. */
export function scriptedFetch(...bodies: readonly ScriptedBody[]): EtcdFetch {
  let next = 0;
  return async (_url, { signal }) => {
    const body = bodies[next++];
    const aborted = Promise.withResolvers<never>();
    signal!.addEventListener("abort", () => aborted.reject(signal!.reason), { once: true });
    if (body === undefined) return await aborted.promise;
    const { readable, writable } = new TransformStream<Uint8Array<ArrayBuffer>>();
    aborted.promise.catch(() => {});
    body.stream.pipeTo(writable, { signal: signal! }).catch(() => {});
    return new Response(readable);
  };
}
