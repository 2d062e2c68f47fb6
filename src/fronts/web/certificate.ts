import { errorText } from "../../model/error_text.ts";
import { BalancerError } from "../../model/errors.ts";

/** A certificate and its private key, by which a listener speaks TLS. */
export interface Certificate {
  /** The certificate chain in PEM form, that of the listener first. */
  readonly cert: string;
  /** The private key of the first certificate in PEM form, without a passphrase. */
  readonly key: string;
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/;
const KEY = /-----BEGIN (?:RSA |EC )?PRIVATE KEY-----/;
const LOCKED_KEY = /-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m;

/**
 * Checks that a certificate and a key are what a listener needs, and fit each other. Whether the
 * certificate has expired, and whether anybody trusts it, is not looked at.
 *
 * @param certificate What to check.
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
 * Checks the certificates of authorities that are to be trusted.
 *
 * @param caCerts Texts in PEM form, each with one certificate or several.
 * @throws {BalancerError} `invalid`, with the path of the first text that cannot be used.
 */
export function checkAuthorities(caCerts: readonly string[]): void {
  for (const [index, text] of caCerts.entries()) {
    const path = `caCerts[${index}]`;
    // The runtime takes a text without any certificate for an empty list.
    if (!CERTIFICATE.test(text)) {
      throw fault(path, "has no certificate in PEM form (-----BEGIN CERTIFICATE-----)");
    }
    const why = parse({ caCerts: [text] });
    if (why !== undefined) throw fault(path, `cannot be used: ${why}`);
  }
}

/** What the runtime says against certificates; nothing is connected to. */
function parse(options: Deno.CreateHttpClientOptions | (Partial<Certificate>)): string | undefined {
  // Other runtimes have no transport of ours either.
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
