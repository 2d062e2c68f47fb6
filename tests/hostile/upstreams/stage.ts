import { assert, assertEquals } from "@std/assert";
import type { LoadBalancerOptions } from "../../../mod.ts";
import { activeRequests, serveBalancer, type ServedBalancer } from "../../testing/balancer.ts";
import { exchangeRaw } from "../../testing/raw_client.ts";
import { ResettableServer, type ResettableSocket } from "../resettable.ts";
import { readResponse } from "../strict_http.ts";
import type { Script } from "./script.ts";

/** How often something that comes with an event is looked for before it counts as missing. */
const LOOKS_MAX = 2000;

/** A script whose turn it is. */
interface Playing {
  readonly script: Script;
  /** Resolves when the client has all that it is going to get. */
  readonly answered: Promise<void>;
  /** Called when the connection is over, or is free for another request. */
  readonly onOver: () => void;
}

/**
 * A server that plays scripts, the balancer in front of it, and a client. Requests that belong to no
 * script are answered with their own target, so that an answer which reaches the wrong request
 * shows; their connections are used once, so that any connection left in the pool is the script's.
 */
export class Stage implements AsyncDisposable {
  #server!: ResettableServer;
  #served!: ServedBalancer;
  #playing: Playing | undefined;
  #markers = 0;
  /** Data that arrived on connections that must not be reused. */
  readonly #misused: string[] = [];

  private constructor() {}

  /** Sets everything up; the options are the balancer's. */
  static async open(options: LoadBalancerOptions = {}): Promise<Stage> {
    const stage = new Stage();
    stage.#server = await ResettableServer.listen((socket) => stage.#serve(socket));
    stage.#served = await serveBalancer([stage.#server.url], options);
    return stage;
  }

  /** Plays a script, and checks what the client saw and that nothing is left of it. */
  async play(script: Script): Promise<void> {
    const { method = "GET" } = script;
    const { promise: answered, resolve: onAnswered } = Promise.withResolvers<void>();
    let over = false;
    this.#playing = { script, answered, onOver: () => over = true };
    const request = `${method} /script HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`;
    const received = await exchangeRaw(this.#served.url, request);
    onAnswered();
    assertExpected(received, script);
    await this.#until(() => over, `${script.name}: the connection is over`);
    await this.#marker();
    await this.#until(
      () => activeRequests(this.#served.balancer) === 0,
      `${script.name}: nothing is active`,
    );
    assertEquals(this.#misused, [], `${script.name}: its connection is not used again`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // The server first: what is still under way ends with it, where a test has failed.
    await this.#server[Symbol.asyncDispose]();
    await this.#served[Symbol.asyncDispose]();
  }

  /** Sends a request that belongs to no script, and checks that it gets its own answer. */
  async #marker(): Promise<void> {
    const target = `/marker/${++this.#markers}`;
    const request = `GET ${target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`;
    const response = readResponse(await exchangeRaw(this.#served.url, request));
    assertEquals(
      [response?.status, response?.body, response?.complete, response?.rest],
      [200, target, true, ""],
    );
  }

  /** Looks again after each request, as the event has to come by itself. */
  async #until(condition: () => boolean, what: string): Promise<void> {
    for (let looks = 0; !condition(); looks++) {
      assert(looks < LOOKS_MAX, what);
      await this.#marker();
    }
  }

  async #serve(socket: ResettableSocket): Promise<void> {
    for (;;) {
      const request = await socket.readUntil("\r\n\r\n");
      if (request === "") return socket.close();
      const playing = this.#playing;
      this.#playing = undefined;
      if (playing === undefined) await answerMarker(socket, request);
      else if (!await this.#perform(socket, playing)) return;
    }
  }

  /** Plays a script on a connection, and tells whether the connection may be used again. */
  async #perform(
    socket: ResettableSocket,
    { script, answered, onOver }: Playing,
  ): Promise<boolean> {
    try {
      const pieces = script.bytewise ? [...script.bytes] : [script.bytes];
      for (const piece of pieces) if (piece !== "") await socket.write(piece);
      // A request between two drops takes its time, and shows that others go on.
      for (; script.drip !== undefined; await this.#marker()) await socket.write(script.drip);
      if (script.late !== undefined) {
        await answered;
        await socket.write(script.late);
      }
      if (script.reusable) return true;
      if (script.then === "hold") {
        // Closed when it is used again, as whoever uses it would wait for an answer.
        const text = await socket.read();
        if (text !== "") this.#misused.push(text);
      }
    } catch {
      // The balancer has closed the connection, as it may in the middle of all this.
    } finally {
      if (script.then === "reset") socket.reset();
      else if (!script.reusable) socket.close();
      onOver();
    }
    return false;
  }
}

function assertExpected(received: string, { name, method, expected }: Script): void {
  const told = `${name}: ${JSON.stringify(received.slice(0, 300))}`;
  const response = readResponse(received, method);
  assert(response !== undefined, told);
  if ("error" in expected) {
    const { status, headers, complete } = response;
    assertEquals(
      [status, headers.get("proxy-status"), complete],
      [expected.error, `ballast; error=${expected.type}`, true],
      told,
    );
  } else {
    const complete = "body" in expected;
    assertEquals(
      [response.status, response.body, response.complete],
      [expected.status, complete ? expected.body : expected.broken, complete],
      told,
    );
  }
  assertEquals(response.rest, "", told);
}

async function answerMarker(socket: ResettableSocket, request: string): Promise<void> {
  const target = request.split(" ")[1]!;
  const head = `HTTP/1.1 200 OK\r\nContent-Length: ${target.length}\r\nConnection: close\r\n\r\n`;
  await socket.write(head + target);
}
