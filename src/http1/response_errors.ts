import { BalancerError } from "../model/errors.ts";

/** The error for a response that breaks HTTP. */
export function badResponse(why: string): BalancerError {
  return new BalancerError("bad_response", `The server's response ${why}`, { source: "upstream" });
}

/** The error for a server that closed before its response began. */
export function closedEarly(): BalancerError {
  return new BalancerError(
    "closed_early",
    "The server closed the connection before the first byte of its response",
    { source: "upstream" },
  );
}

/** The error for a server that closed before its response was complete. */
export function incomplete(): BalancerError {
  return new BalancerError(
    "incomplete",
    "The server closed the connection in the middle of its response",
    { source: "upstream" },
  );
}

/** The error for a server, or a client in the middle of its content, that stalled for too long. */
export function stalled(who: "client" | "server"): BalancerError {
  if (who === "server") {
    return new BalancerError("response_timeout", "The server was silent for too long", {
      source: "upstream",
    });
  }
  const message = "The client was silent for too long in the middle of its content";
  return new BalancerError("request_timeout", message, { source: "downstream" });
}
