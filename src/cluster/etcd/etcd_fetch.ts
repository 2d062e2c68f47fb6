import { errorText } from "../../model/error_text.ts";
import { BalancerError } from "../../model/errors.ts";
import type { EtcdFetch, EtcdOptions } from "./etcd_options.ts";

/** What sends requests to etcd, with the connections that it keeps. */
export interface EtcdConnections extends Disposable {
  /** Sends one. */
  readonly fetch: EtcdFetch;
}

/**
 * Makes what sends requests to etcd. In Deno it has connections of its own, over HTTP/1.1: so a watch
 * has one for itself, and no other request waits behind it.
 *
 * @param options The certificates, or what to send with in their place.
 * @throws {BalancerError} `invalid` for certificates that cannot be used; `unsupported` where the
 * runtime cannot use any.
 */
export function openConnections(options: EtcdOptions): EtcdConnections {
  const { ca, certificate } = options;
  if (options.fetch !== undefined) return { fetch: options.fetch, [Symbol.dispose]: nothing };
  if (!("Deno" in globalThis)) {
    if (ca !== undefined || certificate !== undefined) {
      throw new BalancerError(
        "unsupported",
        "Cannot use certificates for etcd: only Deno takes them here; " +
          "elsewhere pass a fetch that has them, or name the authority to the runtime " +
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
  // The runtime takes a text without any certificate for an empty list.
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
