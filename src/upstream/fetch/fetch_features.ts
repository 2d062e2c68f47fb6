/** Features of a runtime's `fetch` that matter to a proxy. */
export interface FetchFeatures {
  /** Further options of each call. */
  readonly init: Readonly<Record<string, unknown>>;
  /** Further options of a call that needs a connection of its own. */
  readonly freshInit: Readonly<Record<string, unknown>>;
  /**
   * Whether content in a coding that the client has asked for can be left in it (RFC 9110 §7.7).
   * Otherwise the servers are asked for content without any.
   */
  readonly keepsCodings: boolean;
  /** Whether content that comes in a coding all the same is decoded. */
  readonly decodes: boolean;
}

/**
 * Bun (1.4) can leave content as it is. Unless told otherwise, it gives up after five minutes, and
 * sends everything through the proxy that `HTTP_PROXY` in the environment names.
 */
const BUN: FetchFeatures = {
  init: { decompress: false, timeout: false, proxy: false },
  freshInit: { keepalive: false },
  keepsCodings: true,
  decodes: false,
};

/** Deno (2.9) decodes unless the request accepts `identity`, and nothing else. */
const DENO: FetchFeatures = {
  init: {},
  freshInit: {},
  keepsCodings: false,
  decodes: false,
};

/** Node (22, 24), and others that do as the Fetch standard says: decode, whatever was asked for. */
const STANDARD: FetchFeatures = {
  init: {},
  freshInit: {},
  keepsCodings: false,
  decodes: true,
};

/** Finds out what the `fetch` of this runtime does. */
export function findFetchFeatures(): FetchFeatures {
  if ("Bun" in globalThis) return BUN;
  return "Deno" in globalThis ? DENO : STANDARD;
}
