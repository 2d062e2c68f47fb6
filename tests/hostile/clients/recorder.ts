import { assert } from "@std/assert";
import { activeRequests, serveBalancer, type ServedBalancer } from "../../testing/balancer.ts";
import { exchangeRaw } from "../../testing/raw_client.ts";
import { ResettableServer, type ResettableSocket } from "../resettable.ts";
import { readRequests, type StrictRequest } from "../strict_http.ts";

/** How often something that comes with an event is looked for before it counts as missing. */
const LOOKS_MAX = 2000;

/**
 * A server that reads what reaches it by the strictest rules and answers each request, and the
 * balancer in front of it.
 */
export class Recorder implements AsyncDisposable {
  #server!: ResettableServer;
  #served!: ServedBalancer;
  /** The requests, in the order in which they were complete. */
  readonly requests: StrictRequest[] = [];
  /** Data that was not a request. */
  readonly faults: string[] = [];
  #partial = 0;

  private constructor() {}

  /** Sets everything up. */
  static async open(): Promise<Recorder> {
    const recorder = new Recorder();
    recorder.#server = await ResettableServer.listen((socket) => recorder.#record(socket));
    recorder.#served = await serveBalancer([recorder.#server.url]);
    return recorder;
  }

  /** Where the balancer listens. */
  get url(): string {
    return this.#served.url;
  }

  /** Waits until nothing is active, and no server waits for the rest of a request. */
  async quiet(): Promise<void> {
    await this.#marker();
    for (let looks = 0; this.#partial + activeRequests(this.#served.balancer) > 0; looks++) {
      assert(looks < LOOKS_MAX, "nothing is active, and no request is half there");
      await this.#marker();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // The server first: what is still under way ends with it, where a test has failed.
    await this.#server[Symbol.asyncDispose]();
    await this.#served[Symbol.asyncDispose]();
  }

  async #marker(): Promise<void> {
    const answer = await exchangeRaw(
      this.url,
      "GET /marker HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    );
    assert(answer.startsWith("HTTP/1.1 200 "), answer);
    const last = this.requests.pop();
    assert(last?.target === "/marker", `the marker is the last request, not ${last?.target}`);
  }

  async #record(socket: ResettableSocket): Promise<void> {
    let text = "";
    let waiting = false;
    try {
      for (let more = await socket.read(); more !== ""; more = await socket.read()) {
        text += more;
        const { requests, rest } = readRequests(text);
        text = rest;
        if (waiting !== (rest !== "")) this.#partial += waiting ? -1 : 1;
        waiting = rest !== "";
        for (const request of requests) {
          this.requests.push(request);
          await socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        }
      }
    } catch (error) {
      this.faults.push((error as Error).message);
    } finally {
      if (waiting) this.#partial--;
      socket.close();
    }
  }
}
