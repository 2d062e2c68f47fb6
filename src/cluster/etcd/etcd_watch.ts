import type { Clock } from "../../runtime/clock.ts";
import { EndpointError, parseError } from "./etcd_failure.ts";
import type { EtcdGateway, GatewayRequest } from "./etcd_gateway.ts";
import { encode, type Fields, parseWatchMessage, type WatchMessage } from "./etcd_json.ts";
import type { EtcdWatch } from "./etcd_types.ts";

/** How long a watch may be silent before its endpoint is checked, in milliseconds. */
const SILENCE_MS = 2_000;

/** A confirmed watch. */
export interface OpenWatch {
  /** The endpoint that serves it. */
  readonly endpoint: string;
  /** Its messages. */
  readonly messages: AsyncGenerator<WatchMessage, void>;
}

/**
 * Opens a watch at an endpoint, and waits for the confirmation.
 *
 * @param gateway Sends the request.
 * @param watch The keys and the first revision.
 * @param target The endpoint, the auth token, and the signal that ends the watch.
 * @throws {EndpointError}
 */
export async function openWatch(
  gateway: EtcdGateway,
  { keys, revision }: EtcdWatch,
  target: Pick<GatewayRequest, "endpoint" | "token" | "signal">,
): Promise<OpenWatch> {
  const key = encode(keys.from);
  const range_end = encode(keys.to);
  const body = { create_request: { key, range_end, start_revision: String(revision) } };
  const messages = gateway.stream({ ...target, path: "/v3/watch", body }, parseMessage);
  const { value: first } = await messages.next();
  if (first?.created) return { endpoint: target.endpoint, messages };
  await messages.return();
  throw new EndpointError("unreachable", "ended a watch before confirming it");
}

/**
 * Reads a watch until it ends. While it is silent, its endpoint is checked for a working majority now
 * and then: a connection to a dead host is as silent as an idle one.
 *
 * @param open The open watch.
 * @param watch Receives the changes.
 * @param options `check` checks the endpoint, `abort` ends the watch.
 * @throws {EndpointError} With the reason it ended: it never returns.
 */
export async function readWatch(
  open: OpenWatch,
  watch: EtcdWatch,
  options: { check: () => Promise<unknown>; clock: Clock; abort: AbortController },
): Promise<never> {
  const { check, clock, abort } = options;
  let cancel = (): void => {};
  let failure: unknown;
  function arm(): void {
    cancel();
    if (!abort.signal.aborted) cancel = clock.after(SILENCE_MS, () => void checkEndpoint());
  }
  async function checkEndpoint(): Promise<void> {
    try {
      await check();
      arm();
    } catch (error) {
      failure ??= error;
      abort.abort();
    }
  }
  arm();
  try {
    for await (const { changes, revision } of open.messages) {
      arm();
      if (changes.length > 0) watch.onChanges(changes, revision);
    }
    throw ended();
  } catch (error) {
    throw failure ?? error;
  } finally {
    abort.abort();
    cancel();
  }
}

/** Parses a message; throws if etcd has ended the watch. */
function parseMessage(result: Fields): WatchMessage {
  const message = parseWatchMessage(result);
  const { canceled, compactRevision } = message;
  if (compactRevision > 0) {
    throw new EndpointError("compacted", `has compacted the revisions before ${compactRevision}`);
  }
  if (canceled === undefined) return message;
  if (canceled === "") throw ended();
  const error = parseError({ message: canceled }, 200);
  if (error.failure !== "denied") throw error;
  // etcd 3.4 reports an expired token the same way.
  throw new EndpointError("denied", error.message, { recovery: "token" });
}

function ended(): EndpointError {
  return new EndpointError("unreachable", "ended the watch");
}
