import { getLogger } from "@logtape/logtape";
import { Cancellation } from "../runtime/cancellation.ts";
import type { Clock } from "../runtime/clock.ts";
import { errorText } from "../model/error_text.ts";
import { BalancerError, type ErrorCode } from "../model/errors.ts";
import { secondsText } from "../model/seconds_text.ts";
import type { Transport } from "../upstream/transport.ts";
import { CheckDeadline } from "./check_deadline.ts";
import type { HealthCheck } from "../model/settings.ts";

const logger = getLogger(["ballast", "health"]);

/** Failures that a pause of this process can cause. */
const PAUSE_FAILURES: ReadonlySet<ErrorCode> = new Set([
  "connect_timeout",
  "response_timeout",
  "closed_early",
  "incomplete",
]);

/**
 * Local reason for a failed check, which says nothing about the server: this process paused, has
 * run out of resources for connections, or has no route to the server.
 */
export type LocalReason = "paused" | "out_of_resources" | "no_route";

/** Result of one check. */
export interface ProbeResult {
  /** Whether the check passed. */
  readonly passed: boolean;
  /** The server's response, or why there was none, for people. */
  readonly detail: string;
  /** Local reason for the failure. Default: none. */
  readonly localReason?: LocalReason;
}

/** Options of a check. */
export interface ProbeOptions {
  /** Transport to the server. */
  readonly transport: Transport;
  /** Clock and timers. */
  readonly clock: Clock;
  /** The request to send, and the responses that pass. */
  readonly check: HealthCheck;
  /** How long the response may take, in seconds. */
  readonly timeout: number;
  /** Value of the Host field. Default: the host of the URL, with its port. */
  readonly authority?: string;
  /** Aborts the check. */
  readonly signal: AbortSignal;
}

/**
 * Checks a server once, with a GET on a new connection: a server whose pooled connections still
 * work may have stopped accepting new ones. Redirects are not followed: a 3xx is a response. Never
 * rejects.
 *
 * @returns The result, also if the check was aborted.
 */
export async function probe(serverUrl: string, options: ProbeOptions): Promise<ProbeResult> {
  const { transport, clock, check, timeout, signal } = options;
  const { authority = new URL(serverUrl).host } = options;
  const cancellation = new Cancellation();
  const deadline = new CheckDeadline(clock, timeout * 1000, () => {
    cancellation.cancel(
      new BalancerError("response_timeout", `No response within ${secondsText(timeout)}`),
    );
  });
  function onAbort(): void {
    cancellation.cancel(new BalancerError("closed", "The check was aborted"));
  }
  signal.addEventListener("abort", onAbort);
  try {
    const request = {
      method: "GET",
      target: check.path,
      headers: [
        ["host", authority],
        ["user-agent", "ballast-health-check"],
        ["accept", "*/*"],
      ],
      body: null,
      contentLength: undefined,
      replayable: true,
    } as const;
    const response = await transport.send(serverUrl, request, {
      cancellation,
      freshConnection: true,
    });
    response.discard();
    const { status } = response;
    return {
      passed: status >= check.minStatus && status <= check.maxStatus,
      detail: `HTTP ${status}`,
    };
  } catch (error) {
    if (error instanceof BalancerError) return failed(error, deadline.paused);
    // A defect must not end the checks of a server.
    logger.error("Cannot check {url}: {error}", { url: serverUrl, error });
    return { passed: false, detail: errorText(error) };
  } finally {
    deadline.cancel();
    signal.removeEventListener("abort", onAbort);
  }
}

function failed({ code, message }: BalancerError, paused: boolean): ProbeResult {
  if (code === "out_of_resources" || code === "no_route") {
    return { passed: false, detail: message, localReason: code };
  }
  if (!paused || !PAUSE_FAILURES.has(code)) return { passed: false, detail: message };
  const detail = `${message}, but this process was paused meanwhile`;
  return { passed: false, detail, localReason: "paused" };
}
