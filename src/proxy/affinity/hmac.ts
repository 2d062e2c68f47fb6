import { BalancerError } from "../../model/errors.ts";

/** The part of `node:crypto` in use here. */
interface NodeCrypto {
  createHmac(algorithm: string, key: string): Hmac;
}

interface Hmac {
  update(text: string): Hmac;
  digest(encoding: "base64url"): string;
}

interface Runtime {
  readonly process?: { getBuiltinModule?(name: string): NodeCrypto | undefined };
}

/**
 * Computes HMAC-SHA-256 (RFC 2104) synchronously, which `crypto.subtle` cannot.
 *
 * @param key The key, as UTF-8.
 * @param text The text, as UTF-8.
 * @returns The code in base64url without padding (RFC 4648 §5), 43 characters.
 * @throws {BalancerError} `invalid` on a runtime without `node:crypto`.
 */
export function hmac(key: string, text: string): string {
  // Importing it would cost every start and every worker 50 ms, even without sticky sessions.
  const crypto = (globalThis as Runtime).process?.getBuiltinModule?.("node:crypto");
  if (crypto === undefined) {
    throw new BalancerError(
      "invalid",
      "Cannot keep sessions: this runtime has no node:crypto; remove the option sticky",
    );
  }
  return crypto.createHmac("sha256", key).update(text).digest("base64url");
}
