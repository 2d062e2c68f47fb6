import type { BalancerEvent, BalancerEventType } from "../state/event_log.ts";
import { type ServerJson, serverJson } from "./server_json.ts";

/** An event, as the admin API writes it. */
export interface EventJson {
  /** When it happened, as RFC 3339. */
  readonly at: string;
  /** What happened; `reset` where events were missed, so that everything has to be read again. */
  readonly type: BalancerEventType | "reset";
  /** The server after it; for `removed`, as it was; null for `reset`. */
  readonly server: ServerJson | null;
  /** The server before an update, else null. */
  readonly previous: ServerJson | null;
  /** Why, for people; null where there is nothing to add. */
  readonly detail: string | null;
}

/** An event as JSON. */
export function eventJson({ at, type, server, previous, detail }: BalancerEvent): EventJson {
  return {
    at: at.toISOString(),
    type,
    server: serverJson(server),
    previous: previous === undefined ? null : serverJson(previous),
    detail: detail ?? null,
  };
}
