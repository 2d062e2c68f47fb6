import { canUpgradeClient } from "./client_upgrade.ts";
import { localReply } from "./local_reply.ts";

/** The base64 form of 16 bytes (RFC 6455 §4.2.1). */
const KEY = /^[A-Za-z0-9+/]{21}[AQgw]==$/;

/**
 * The response to a request for a WebSocket that is not one as RFC 6455 §4.2.1 wants it; undefined
 * where it is.
 *
 * @param request What the client sent.
 */
export function refuseUpgrade(request: Request): Response | undefined {
  const { method, headers } = request;
  if (method !== "GET") {
    return refusal(405, "A WebSocket is asked for with GET.", { allow: "GET" });
  }
  // RFC 6455 §4.4; RFC 9110 §15.5.22: a 426 says what to upgrade to.
  if (headers.get("sec-websocket-version") !== "13") {
    return refusal(426, "Only version 13 of the WebSocket protocol is known here.", {
      "connection": "upgrade",
      "upgrade": "websocket",
      "sec-websocket-version": "13",
    });
  }
  if (!KEY.test(headers.get("sec-websocket-key") ?? "")) {
    return refusal(400, "Sec-WebSocket-Key is not the base64 form of 16 bytes.");
  }
  if (!canUpgradeClient()) {
    return refusal(501, "The runtime that the load balancer is on has no WebSockets for it.");
  }
  return undefined;
}

const STATUS_TEXTS = {
  400: "Bad Request",
  405: "Method Not Allowed",
  426: "Upgrade Required",
  501: "Not Implemented",
};

function refusal(
  status: keyof typeof STATUS_TEXTS,
  why: string,
  headers: Record<string, string> = {},
): Response {
  return localReply(status, `${status} ${STATUS_TEXTS[status]}: ${why}`, headers);
}
