import type { Failure } from "./workload.ts";

/** What is wrong with each server now. */
export class UpstreamFaults {
  readonly #current: Map<number, Failure[]> = new Map();
  /** 1 where a server refuses connections. */
  readonly down: Uint8Array;
  /** 1 where it stands still. */
  readonly hanging: Uint8Array;
  /** How many times as long everything takes. */
  readonly factor: Float64Array;
  /** The share of the requests that it answers with 500. */
  readonly errors: Float64Array;

  /** @param count How many servers there are. */
  constructor(count: number) {
    this.down = new Uint8Array(count);
    this.hanging = new Uint8Array(count);
    this.factor = new Float64Array(count).fill(1);
    this.errors = new Float64Array(count);
  }

  /** A failure begins at a server. */
  begin(server: number, failure: Failure): void {
    this.#set(server, [...this.#current.get(server) ?? [], failure]);
  }

  /** It is over. Others that the server has at the same time are not. */
  end(server: number, failure: Failure): void {
    this.#set(server, (this.#current.get(server) ?? []).filter((other) => other !== failure));
  }

  #set(server: number, failures: Failure[]): void {
    this.#current.set(server, failures);
    function of(kind: Failure["kind"]): Failure[] {
      return failures.filter((failure) => failure.kind === kind);
    }
    this.down[server] = of("down").length > 0 ? 1 : 0;
    this.hanging[server] = of("hang").length > 0 ? 1 : 0;
    this.factor[server] = Math.max(1, ...of("slow").map(({ factor }) => factor));
    this.errors[server] = Math.max(0, ...of("errors").map(({ share }) => share));
  }
}
