/** Passes connections on to a port, until they are cut, held up, or refused. */
export class Relay implements AsyncDisposable {
  readonly #target: { readonly hostname: string; readonly port: number };
  readonly #sockets = new Set<Deno.TcpConn>();
  readonly #tasks = new Set<Promise<unknown>>();
  #listener: Deno.TcpListener | undefined;
  #held: PromiseWithResolvers<void> | undefined;
  readonly #port: number;

  /** @param target The URL of what is behind it. */
  constructor(target: string) {
    const { hostname, port } = new URL(target);
    this.#target = { hostname, port: Number(port) };
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.#port = this.#listener.addr.port;
    this.#run(this.#accept(this.#listener));
  }

  /** Where it listens. */
  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Closes every connection. New ones are accepted. */
  cut(): void {
    for (const socket of this.#sockets) close(socket);
  }

  /** Closes every connection, and refuses new ones. */
  refuse(): void {
    this.#listener?.close();
    this.#listener = undefined;
    this.cut();
  }

  /** Accepts connections again. */
  accept(): void {
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: this.#port });
    this.#run(this.#accept(this.#listener));
  }

  /** Passes nothing on any more, and keeps the connections. */
  hold(): void {
    this.#held ??= Promise.withResolvers<void>();
  }

  /** Passes on again. */
  release(): void {
    this.#held?.resolve();
    this.#held = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.refuse();
    this.release();
    await Promise.all(this.#tasks);
  }

  async #accept(listener: Deno.TcpListener): Promise<void> {
    try {
      for await (const socket of listener) this.#run(this.#connect(socket));
    } catch {
      // It was closed.
    }
  }

  async #connect(near: Deno.TcpConn): Promise<void> {
    this.#sockets.add(near);
    let far: Deno.TcpConn | undefined;
    try {
      far = await Deno.connect(this.#target);
      this.#sockets.add(far);
      await Promise.race([this.#pass(near, far), this.#pass(far, near)]);
    } catch {
      // Nobody listens there.
    } finally {
      for (const socket of [near, far]) {
        if (socket === undefined) continue;
        close(socket);
        this.#sockets.delete(socket);
      }
    }
  }

  async #pass(from: Deno.TcpConn, to: Deno.TcpConn): Promise<void> {
    const buffer = new Uint8Array(65_536);
    try {
      for (let count = await from.read(buffer); count !== null; count = await from.read(buffer)) {
        await this.#held?.promise;
        for (let at = 0; at < count;) at += await to.write(buffer.subarray(at, count));
      }
    } catch {
      // One of the two was closed.
    }
  }

  #run(task: Promise<void>): void {
    const done = task.finally(() => this.#tasks.delete(done));
    this.#tasks.add(done);
  }
}

function close(socket: Deno.TcpConn): void {
  try {
    socket.close();
  } catch {
    // It is closed already.
  }
}
