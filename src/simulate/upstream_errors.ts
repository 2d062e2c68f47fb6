import { BalancerError, type ErrorCode } from "../model/errors.ts";

/** The error of a server that refuses the connection. */
export function refused(serverUrl: string): BalancerError {
  return failure("connect_failed", `Cannot connect to ${serverUrl}: connection refused`);
}

/** The error of a server that has accepted no connection in time. */
export function connectTimeout(): BalancerError {
  return failure("connect_timeout", "No connection in time");
}

/** The error of a server that has not answered in time. */
export function responseTimeout(): BalancerError {
  return failure("response_timeout", "No response in time");
}

/** The error of a server that went down while it worked on the request. */
export function brokenOff(): BalancerError {
  return failure("closed_early", "The server closed the connection before it answered");
}

function failure(code: ErrorCode, message: string): BalancerError {
  return new BalancerError(code, message, { source: "upstream" });
}
