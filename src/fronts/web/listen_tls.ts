import { systemClock } from "../../runtime/system_clock.ts";
import { mayReusePort } from "../../runtime/reuse_port.ts";
import type { Certificate } from "./certificate.ts";
import { checkCanListen } from "./check_can_listen.ts";
import { type TlsAddress, TlsListener, type TlsListenerOptions } from "./tls_listener.ts";

/**
 * Accepts TLS connections on this thread alone.
 *
 * @param address Where.
 * @param certificate What to begin with.
 * @param serve What accepts the connections.
 * @throws {BalancerError} `invalid` if the certificate and key cannot be used, `unsupported` on
 * runtimes other than Deno.
 * @throws {Deno.errors.AddrInUse} If the port is taken, and what else `Deno.serve` throws.
 */
export function listenTls(
  address: TlsAddress,
  certificate: Certificate,
  serve: TlsListenerOptions["serve"],
): TlsListener {
  checkCanListen();
  const { hostname, port } = address;
  // A port that can be shared is shared with anyone who shares it too. Somebody else's is not to be.
  Deno.listen({ hostname, port }).close();
  const reusePort = mayReusePort();
  return new TlsListener({ ...address, certificate, serve, reusePort, clock: systemClock });
}
