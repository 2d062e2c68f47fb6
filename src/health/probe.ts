import { Cancellation } from "../runtime/cancellation.ts";
import type { Clock } from "../runtime/clock.ts";
import { BalancerError, type ErrorCode } from "../model/errors.ts";
import { secondsText } from "../model/seconds_text.ts";
import type { Transport } from "../upstream/transport.ts";
import { CheckDeadline } from "./check_deadline.ts";
import type { HealthCheck } from "../model/settings.ts";

/** Failures that a pause of this process brings about. */
const OF_PAUSES: ReadonlySet<ErrorCode> = new Set([
  "connect_timeout",
  "response_timeout",
  "closed_early",
  "incomplete",
]);

/**
 * Why a check could not be made, which says nothing about the server: this process stood still, or
 * is out of what a connection takes, or has no way to the server.
 */
export type LocalReason = "paused" | "out_of_resources" | "no_route";

/** What one check found. */
export interface ProbeResult {
  /** Whether the server is fine. */
  readonly passed: boolean;
  /** What it answered, or why there is no answer, for people. */
  readonly detail: string;
  /** Why that says nothing about the server. Default: it does. */
  readonly localReason?: LocalReason;
}

/** What one check is made with. */
export interface ProbeOptions {
  /** What moves the request. */
  readonly transport: Transport;
  /** The time for the timeout. */
  readonly clock: Clock;
  /** What to ask for, and what passes. */
  readonly check: HealthCheck;
  /** How long an answer may take, in seconds. */
  readonly timeout: number;
  /** What the server is told as its `Host`. Default: the host of its URL, with the port. */
  readonly authority?: string;
  /** Breaks the check off. */
  readonly signal: AbortSignal;
}

/**
 * Checks a server once: GET on a connection of its own, as a server whose pooled connections still
 * work may have stopped to accept new ones. Redirects are not followed: a 3xx is an answer.
 *
 * @returns What the check found; also when it was broken off.
 */
export async function probe(serverUrl: string, options: ProbeOptions): Promise<ProbeResult> {
  const { transport, clock, check, timeout, signal } = options;
  const { authority = new URL(serverUrl).host } = options;
  const cancellation = new Cancellation();
  const deadline = new CheckDeadline(clock, timeout * 1000, () => {
    cancellation.cancel(
      new BalancerError("response_timeout", `No answer within ${secondsText(timeout)}`),
    );
  });
  function onAbort(): void {
    cancellation.cancel(new BalancerError("closed", "The check was broken off"));
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
    if (!(error instanceof BalancerError)) throw error;
    return failed(error, deadline.paused);
  } finally {
    deadline.cancel();
    signal.removeEventListener("abort", onAbort);
  }
}

function failed({ code, message }: BalancerError, paused: boolean): ProbeResult {
  if (code === "out_of_resources" || code === "no_route") {
    return { passed: false, detail: message, localReason: code };
  }
  if (!paused || !OF_PAUSES.has(code)) return { passed: false, detail: message };
  const detail = `${message}, but this process stood still meanwhile`;
  return { passed: false, detail, localReason: "paused" };
}
