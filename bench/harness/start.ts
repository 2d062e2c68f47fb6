import { type RunningProcess, sleep } from "./processes.ts";

/** How long a program gets to answer its first request, in milliseconds. */
const START_TIMEOUT = 15_000;

/**
 * Waits until a process answers `GET /` with a status from 200 to 399.
 *
 * @param process The process.
 * @param port Where it listens, at 127.0.0.1.
 * @throws If it ends or does not answer in time; the message says what it wrote.
 */
export async function waitUntilReady(process: RunningProcess, port: number): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT;
  while (Date.now() < deadline) {
    if (process.exited) throw new Error(`it ended: ${process.firstError}`);
    if (await answers(port)) return;
    await sleep(50);
  }
  throw new Error(`no answer within ${START_TIMEOUT / 1000} s: ${process.firstError}`);
}

/** nginx and its workers run as who runs the benchmark; the directive is for root only. */
export function nginxUser(): string {
  return Deno.uid() === 0 ? "user root;" : "";
}

async function answers(port: number): Promise<boolean> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/`, {
      headers: { connection: "close" },
      signal: AbortSignal.timeout(2000),
    });
    await response.body?.cancel();
    return response.status < 400;
  } catch {
    return false;
  }
}
