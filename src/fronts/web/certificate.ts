import { errorText } from "../../model/error_text.ts";
import { BalancerError } from "../../model/errors.ts";

/** A listener's certificate and private key for TLS. */
export interface Certificate {
  /** The certificate chain in PEM form, the listener's own certificate first. */
  readonly cert: string;
  /** The private key of the listener's certificate in PEM form, without a passphrase. */
  readonly key: string;
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/;
const KEY = /-----BEGIN (?:RSA |EC )?PRIVATE KEY-----/;
const LOCKED_KEY = /-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m;

/**
 * Checks that a certificate and a key are usable and belong together. Whether the certificate has
 * expired or is trusted by anyone is not checked.
 *
 * @param certificate The certificate and key.
 * @throws {BalancerError} `invalid`, with `cert` or `key` as the path of the fault.
 */
export function checkCertificate({ cert, key }: Certificate): void {
  if (typeof cert !== "string" || !CERTIFICATE.test(cert)) {
    throw fault("cert", "is not a certificate in PEM form (-----BEGIN CERTIFICATE-----)");
  }
  if (typeof key !== "string" || (!KEY.test(key) && !LOCKED_KEY.test(key))) {
    throw fault("key", "is not a private key in PEM form (-----BEGIN PRIVATE KEY-----)");
  }
  if (LOCKED_KEY.test(key)) {
    throw fault("key", "has a passphrase; write it without one (openssl pkey -in FILE -out FILE)");
  }
  const why = parse({ cert, key });
  if (why === undefined) return;
  if (why.includes("KeyMismatch")) throw fault("key", "is not the key of the certificate");
  if (/key/i.test(why)) throw fault("key", `cannot be used: ${why}`);
  throw fault("cert", `cannot be used: ${why}`);
}

/**
 * Checks the certificates of the authorities that verify servers.
 *
 * @param caCerts Texts in PEM form, each with one certificate or several.
 * @throws {BalancerError} `invalid`, with the path of the first unusable text.
 */
export function checkAuthorities(caCerts: readonly string[]): void {
  for (const [index, text] of caCerts.entries()) {
    const path = `upstreamTls.caCerts[${index}]`;
    // The runtime reads a text without a certificate as an empty list.
    if (!CERTIFICATE.test(text)) {
      throw fault(path, "has no certificate in PEM form (-----BEGIN CERTIFICATE-----)");
    }
    const why = parse({ caCerts: [text] });
    if (why !== undefined) throw fault(path, `cannot be used: ${why}`);
  }
}

/** The runtime's objection to certificates, if any; no connection is made. */
function parse(options: Deno.CreateHttpClientOptions | (Partial<Certificate>)): string | undefined {
  // Other runtimes connect by fetch, which takes no certificates.
  if (!("Deno" in globalThis)) return undefined;
  try {
    Deno.createHttpClient(options as Deno.CreateHttpClientOptions).close();
    return undefined;
  } catch (error) {
    return errorText(error);
  }
}

function fault(path: string, message: string): BalancerError {
  return new BalancerError("invalid", `Cannot use the TLS files: ${path} ${message}`, {
    faults: [{ path, message }],
  });
}
