import { type Certificate, checkCertificate } from "../listener/certificate.ts";
import type { Listener } from "../listener/listener.ts";
import type { WorkerPool } from "./worker_pool.ts";

/**
 * What a caller sees of the workers that accept connections.
 *
 * @param pool The workers, after their start.
 * @param options The address that they accept connections on, and whether by TLS.
 */
export function poolListener(
  pool: WorkerPool,
  { hostname, secure }: { hostname: string; secure: boolean },
): Listener {
  const listener = {
    addr: { hostname, port: pool.port },
    finished: pool.finished,
    shutdown: () => pool.shutdown(),
  };
  if (!secure) return listener;
  return {
    ...listener,
    replaceCertificate: async (certificate: Certificate) => {
      checkCertificate(certificate);
      await pool.replaceCertificate(certificate);
    },
  };
}
