import type { IncomingRequest } from "./incoming_request.ts";

/** The field in which proxies and servers pass the id of a request on. */
export const REQUEST_ID_FIELD = "x-request-id";

/** How many ids are made of one call for random bytes. */
const BATCH = 256;
/** How long an id is, in bytes. */
const LENGTH = 16;

/**
 * An id that can be taken over: nothing in it needs quotes in a log, ends a field or a line, or
 * makes a list of it.
 */
const USABLE = /^[A-Za-z0-9._~+/=@:-]{1,128}$/;

/** Two hexadecimal digits for each byte. */
const HEX: readonly string[] = Array.from(
  { length: 256 },
  (_, byte) => byte.toString(16).padStart(2, "0"),
);

/**
 * Gives requests the ids by which logs name them. What a client sent is kept, whoever it is: it
 * passes through a balancer that does not log as well, and it can only make its own lines unclear.
 */
export class RequestIds {
  readonly #random = new Uint8Array(BATCH * LENGTH);
  #at: number = this.#random.length;

  /**
   * The id of a request.
   *
   * @param sent What the client sent as `X-Request-Id`.
   * @returns That, if it is 1 to 128 characters of `A-Z a-z 0-9 . _ ~ + / = @ : -`; else a new one
   * of 32 hexadecimal digits.
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
 * The same request with its id among the fields, in place of one that could not be used.
 *
 * @param request The request for a server.
 * @param id Its id.
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
