import { type Certificate, checkCertificate } from "../fronts/web/certificate.ts";
import type { Listener } from "../fronts/web/listener.ts";
import type { WorkerPool } from "./worker_pool.ts";

/** Where a pool of workers listens, and how. */
export interface PoolListenOptions {
  /** The address on which the workers accept connections. */
  readonly hostname: string;
  /** Whether they speak TLS there, so that the certificate can be replaced. */
  readonly secure: boolean;
  /** Ends every worker at once. */
  readonly signal: AbortSignal | undefined;
}

/**
 * Starts a pool of workers as a listener.
 *
 * @param pool The workers.
 * @param options Where they listen, and until when.
 * @throws What `Deno.serve` throws, for example if the port is taken. No worker is left then.
 */
export async function startListener(
  pool: WorkerPool,
  { hostname, secure, signal }: PoolListenOptions,
): Promise<Listener> {
  async function replaceCertificate(certificate: Certificate): Promise<void> {
    checkCertificate(certificate);
    await pool.replaceCertificate(certificate);
  }
  signal?.addEventListener("abort", () => pool.terminate(), { once: true });
  await pool.start();
  return {
    addr: { hostname, port: pool.port },
    finished: pool.finished,
    shutdown: () => pool.shutdown(),
    ...(secure ? { replaceCertificate } : {}),
  };
}
