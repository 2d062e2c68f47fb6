import { errorText } from "../../model/error_text.ts";
import { BalancerError } from "../../model/errors.ts";
import type { EtcdFetch, EtcdOptions } from "./etcd_options.ts";

/** A `fetch` for etcd and the connections that it keeps. */
export interface EtcdConnections extends Disposable {
  /** Sends a request. */
  readonly fetch: EtcdFetch;
}

/**
 * Creates a `fetch` for etcd. On Deno it uses separate HTTP/1.1 connections, so that a watch has a
 * connection to itself and no other request queues behind it.
 *
 * @param options The certificates, or the caller's own `fetch`.
 * @throws {BalancerError} `invalid` for certificates that cannot be used; `unsupported` if the runtime
 * supports none.
 */
export function openConnections(options: EtcdOptions): EtcdConnections {
  const { ca, certificate } = options;
  if (options.fetch !== undefined) return { fetch: options.fetch, [Symbol.dispose]: nothing };
  if (!("Deno" in globalThis)) {
    if (ca !== undefined || certificate !== undefined) {
      throw new BalancerError(
        "unsupported",
        "Cannot use certificates for etcd: only Deno supports them here; on other runtimes pass a " +
          "fetch that uses them, or configure the certificate authority in the runtime " +
          "(NODE_EXTRA_CA_CERTS)",
      );
    }
    return { fetch: (url, init) => fetch(url, init), [Symbol.dispose]: nothing };
  }
  const client = makeClient(ca, certificate);
  return {
    fetch: (url, init) => fetch(url, { ...init, client } as RequestInit),
    [Symbol.dispose]: () => client.close(),
  };
}

function makeClient(
  ca: string | undefined,
  certificate: EtcdOptions["certificate"],
): Deno.HttpClient {
  // Deno reads a text without a certificate as an empty list.
  if (ca !== undefined && !ca.includes("-----BEGIN CERTIFICATE-----")) {
    throw invalid("ca", "has no certificate in PEM form (-----BEGIN CERTIFICATE-----)");
  }
  try {
    return Deno.createHttpClient({
      http2: false,
      ...(ca === undefined ? {} : { caCerts: [ca] }),
      ...(certificate === undefined ? {} : { cert: certificate.cert, key: certificate.key }),
    });
  } catch (error) {
    const why = errorText(error);
    throw invalid(certificate === undefined ? "ca" : "certificate", `cannot be used: ${why}`);
  }
}

function invalid(path: "ca" | "certificate", message: string): BalancerError {
  return new BalancerError("invalid", `Cannot use the certificates for etcd: ${path} ${message}`, {
    faults: [{ path, message }],
  });
}

function nothing(): void {}
