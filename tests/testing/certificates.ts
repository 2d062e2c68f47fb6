/** The certificates in the folder of that name; its `make.sh` says what each is for. */
export type CertificateName = "localhost" | "example" | "expired" | "untrusted" | "etcd";

/** Where a file of that folder is. */
export function certificatePath(file: string): string {
  return new URL(`certificates/${file}`, import.meta.url).pathname;
}

/** The text of a file of that folder. */
export function pem(file: string): string {
  return Deno.readTextFileSync(certificatePath(file));
}

/** A certificate with its key. */
export function certificate(name: CertificateName): { cert: string; key: string } {
  return { cert: pem(`${name}.crt`), key: pem(`${name}.key`) };
}

/**
 * The authority of the certificates but `untrusted`; and that of `untrusted`, so that a client which
 * trusts one alone tells the two apart.
 */
export type AuthorityName = "ca" | "unknown_ca";

/** Whether a TLS handshake with a port comes to its end, where only this authority is trusted. */
export async function handshakes(port: number, authority: AuthorityName): Promise<boolean> {
  using connection = await Deno.connectTls({
    hostname: "127.0.0.1",
    port,
    caCerts: [pem(`${authority}.crt`)],
  });
  return await connection.handshake().then(() => true, () => false);
}

/** The same, tried again for as long as the certificate before may still be shown. */
export async function handshakesSoon(port: number, authority: AuthorityName): Promise<boolean> {
  for (let tries = 0; tries < 1000; tries++) if (await handshakes(port, authority)) return true;
  return false;
}
