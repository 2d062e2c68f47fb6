import { checkKeys, type KnownKeys } from "../config/known_keys.ts";
import type { Certificate } from "../fronts/web/certificate.ts";
import type { ListenOptions } from "../fronts/web/listener.ts";

const NAMES: KnownKeys<ListenOptions> = { port: true, hostname: true, signal: true, tls: true };
const CERTIFICATE_NAMES: KnownKeys<Certificate> = { cert: true, key: true };

/**
 * Checks the names of the options of a listener; what they say is for the runtime to check.
 *
 * @returns The same options.
 * @throws {BalancerError} `invalid`, with every name that is not known.
 */
export function checkListenOptions(options: ListenOptions): ListenOptions {
  checkKeys("the options", [
    { at: "", value: options, known: NAMES },
    { at: "tls", value: options?.tls, known: CERTIFICATE_NAMES },
  ]);
  return options;
}
