import { getLogger } from "@logtape/logtape";
import { systemClock } from "../../runtime/system_clock.ts";
import { pause } from "../../runtime/time.ts";

const logger = getLogger(["ballast", "listen"]);

/** The pause before listening again, in milliseconds: connections have to close first. */
const PAUSE_MS = 100;

/** A server as `Deno.serve` returns it. */
export interface PlatformServer {
  /** Where it listens. */
  readonly addr: { readonly hostname: string; readonly port: number };
  /** Resolves when it has stopped, and rejects when it can accept no more connections. */
  readonly finished: Promise<void>;
  /** Accepts no more connections, and resolves when the open requests are over. */
  shutdown(): Promise<void>;
}

/**
 * Serves on a port, and restarts the platform's server when it fails. That server stops for good when
 * the process has no file descriptor left for one more connection, so that too many clients would end
 * the program; this one retries until it can listen again.
 *
 * @param start Starts listening on a port.
 * @param port The port; 0 takes a free one, and keeps it.
 * @param signal The signal that stops `start` as well. Default: none.
 * @returns A server whose `finished` does not reject.
 * @throws The exception of the first `start`.
 */
export function serveWithRestart(
  start: (port: number) => PlatformServer,
  port: number,
  signal?: AbortSignal,
): PlatformServer {
  let server = start(port);
  const { addr } = server;
  let shuttingDown = false;
  const isOver = () => shuttingDown || signal?.aborted === true;
  async function run(): Promise<void> {
    for (;;) {
      try {
        return await server.finished;
      } catch (error) {
        if (isOver()) return;
        logger.error("Cannot accept connections, retrying: {error}", { error });
      }
      while (!isOver()) {
        await pause(systemClock, PAUSE_MS);
        try {
          if (!isOver()) server = start(addr.port);
          break;
        } catch (error) {
          logger.debug("Still cannot listen: {error}", { error });
        }
      }
      if (isOver()) return;
    }
  }
  const finished = run();
  return {
    addr,
    finished,
    async shutdown(): Promise<void> {
      shuttingDown = true;
      await server.shutdown().catch(() => {});
      await finished;
    },
  };
}
