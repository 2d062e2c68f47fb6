import type { IncomingRequest } from "./incoming_request.ts";

/** Field that carries the id of a request. */
export const REQUEST_ID_FIELD = "x-request-id";

/** Number of ids made from one call for random bytes. */
const BATCH = 256;
/** Length of an id, in bytes. */
const LENGTH = 16;

/**
 * An id that can be adopted: nothing in it needs quoting in a log, ends a field or a line, or
 * separates members of a list.
 */
const USABLE = /^[A-Za-z0-9._~+/=@:-]{1,128}$/;

/** The two hexadecimal digits of each byte. */
const HEX: readonly string[] = Array.from(
  { length: 256 },
  (_, byte) => byte.toString(16).padStart(2, "0"),
);

/**
 * Assigns the ids of requests in logs. The id that a client sent is kept, whether the client is
 * trusted or not: a balancer that does not log forwards it as well, and a false one only confuses
 * the log lines of that client.
 */
export class RequestIds {
  readonly #random = new Uint8Array(BATCH * LENGTH);
  #at: number = this.#random.length;

  /**
   * Chooses the id of a request.
   *
   * @param sent The `X-Request-Id` of the client.
   * @returns The client's id, if it is 1 to 128 characters of `A-Z a-z 0-9 . _ ~ + / = @ : -`; else
   * a new one of 32 hexadecimal digits.
   */
  choose(sent: string | null): string {
    return sent !== null && USABLE.test(sent) ? sent : this.#make();
  }

  #make(): string {
    if (this.#at === this.#random.length) {
      crypto.getRandomValues(this.#random);
      this.#at = 0;
    }
    let id = "";
    for (const end = this.#at + LENGTH; this.#at < end; this.#at++) {
      id += HEX[this.#random[this.#at]!];
    }
    return id;
  }
}

/**
 * Adds the id to a request's fields, replacing an unusable one.
 *
 * @param request The request to be sent.
 * @param id The id.
 */
export function withRequestId(request: IncomingRequest, id: string): IncomingRequest {
  const { headers } = request;
  const sent = headers.find(([name]) => name === REQUEST_ID_FIELD);
  if (sent?.[1] === id) return request;
  const others = sent === undefined
    ? headers
    : headers.filter(([name]) => name !== REQUEST_ID_FIELD);
  return { ...request, headers: [...others, [REQUEST_ID_FIELD, id]] };
}
