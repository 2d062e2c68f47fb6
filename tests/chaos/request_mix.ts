import type { ChaosRequest } from "./client.ts";
import { CONTENT_MAX, contentAt } from "./content.ts";
import type { SeededRandom } from "./random.ts";

/** A request and what its answer has to be. */
export interface PlannedRequest {
  /** The content. */
  readonly request: ChaosRequest;
  /** The content that has to come back. */
  readonly expected: Uint8Array;
  /**
   * Whether the answer streams through the balancer, so that it may break off: it is in chunks or
   * longer than what is taken whole.
   */
  readonly streams: boolean;
  /** Whether the balancer may send it twice (RFC 9110 §9.2.2), and has all of it to do so. */
  readonly repeatable: boolean;
}

/** The most content that the balancer takes whole, in bytes. */
const WHOLE_MAX = 65_536;

/** How long servers take to answer, in milliseconds, at most; one in three takes any time at all. */
const DELAY_MAX = 80;

/** Makes requests of all kinds: small ones most of the time, large and chunked ones between. */
export function planRequest(random: SeededRandom, id: string): PlannedRequest {
  const size = random.chance(8)
    ? random.between(WHOLE_MAX + 1, 300_000)
    : random.oneOf([20, 20, 20, 20, 2000, 20_480, 20_480, 61_440, WHOLE_MAX]);
  const offset = random.between(0, CONTENT_MAX - 1);
  const delay = random.chance(33) ? random.between(1, DELAY_MAX) : 0;
  const chunked = random.chance(10);
  const content = contentAt(offset, size);
  const query = `offset=${offset}&delay=${delay}${chunked ? "&chunked" : ""}`;
  const streams = chunked || size > WHOLE_MAX;
  if (random.chance(70)) {
    const target = `/content?size=${size}&${query}`;
    const method = random.chance(95) ? "GET" : "DELETE";
    const request = { method, target, id, content: null, chunked: false } as const;
    return { request, expected: content, streams, repeatable: true };
  }
  const request = {
    method: random.oneOf(["POST", "POST", "POST", "POST", "PATCH", "PUT"] as const),
    target: `/content?echo&${query}`,
    id,
    content,
    chunked: random.chance(15),
  };
  const uploads = request.chunked || size > WHOLE_MAX;
  const repeatable = request.method === "PUT" && !uploads;
  return { request, expected: content, streams, repeatable };
}
