import { BalancerError, type ErrorCode } from "../model/errors.ts";
import type { RandomStream } from "./random.ts";
import type { Failure } from "./workload.ts";

/** The current faults of the servers. */
export class Faults {
  readonly #current: Map<number, Failure[]> = new Map();
  /** 1 while a server refuses connections. */
  readonly down: Uint8Array;
  /** 1 while a server hangs. */
  readonly hanging: Uint8Array;
  /** Factor by which a server's service times are longer. */
  readonly factor: Float64Array;
  /** Share of the requests that a server answers with 500. */
  readonly errors: Float64Array;

  /** @param count Number of servers. */
  constructor(count: number) {
    this.down = new Uint8Array(count);
    this.hanging = new Uint8Array(count);
    this.factor = new Float64Array(count).fill(1);
    this.errors = new Float64Array(count);
  }

  /** Status of a response of a server. */
  status(server: number, random: RandomStream): number {
    const share = this.errors[server]!;
    return share > 0 && random.next() < share ? 500 : 200;
  }

  /** Begins a failure of a server. */
  begin(server: number, failure: Failure): void {
    this.#set(server, [...this.#current.get(server) ?? [], failure]);
  }

  /** Ends a failure of a server. Its other failures go on. */
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

/** The error of a server that refuses the connection. */
export function refused(serverUrl: string): BalancerError {
  return failure("connect_failed", `Cannot connect to ${serverUrl}: connection refused`);
}

/** The error of a server that has not accepted the connection in time. */
export function connectTimeout(): BalancerError {
  return failure("connect_timeout", "No connection in time");
}

/** The error of a server that has not responded in time. */
export function responseTimeout(): BalancerError {
  return failure("response_timeout", "No response in time");
}

/** The error of a server that went down while it worked on the request. */
export function closedEarly(): BalancerError {
  return failure("closed_early", "The server closed the connection before it responded");
}

function failure(code: ErrorCode, message: string): BalancerError {
  return new BalancerError(code, message, { source: "upstream" });
}
