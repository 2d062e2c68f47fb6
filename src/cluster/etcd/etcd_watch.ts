import type { Clock } from "../../runtime/clock.ts";
import { EndpointError, readRefusal } from "./etcd_failure.ts";
import type { EtcdGateway } from "./etcd_gateway.ts";
import { encode, type Fields, readWatchMessage, type WatchMessage } from "./etcd_json.ts";
import type { EtcdWatch } from "./etcd_types.ts";

/** How long a watch is silent before its endpoint is asked whether it still works, in milliseconds. */
const SILENCE_MS = 2_000;

/** Where a watch is. */
export interface WatchPlace {
  /** The endpoint. */
  readonly endpoint: string;
  /** By which etcd knows who watches. */
  readonly token: string | undefined;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/** A watch that etcd has confirmed. */
export interface OpenWatch {
  /** The endpoint that it is at. */
  readonly endpoint: string;
  /** Where its messages come from. */
  readonly messages: AsyncGenerator<WatchMessage, void>;
}

/**
 * Opens a watch at an endpoint, and waits until that confirms it.
 *
 * @param gateway What asks the endpoint.
 * @param watch What is watched.
 * @param place Where.
 * @throws {EndpointError}
 */
export async function openWatch(
  gateway: EtcdGateway,
  { keys, revision }: EtcdWatch,
  place: WatchPlace,
): Promise<OpenWatch> {
  const key = encode(keys.from);
  const range_end = encode(keys.to);
  const body = { create_request: { key, range_end, start_revision: String(revision) } };
  const messages = gateway.stream({ ...place, path: "/v3/watch", body }, readMessage);
  const { value: first } = await messages.next();
  if (first?.created) return { endpoint: place.endpoint, messages };
  await messages.return();
  throw new EndpointError("unreachable", "ends a watch before it has confirmed it");
}

/**
 * Hands on what a watch tells, until it ends. While it is silent, its endpoint is asked now and then
 * whether it still has the majority with it: a connection to a dead host is as silent as a quiet one.
 *
 * @param open The watch.
 * @param watch Who wants to know.
 * @param options Asks the endpoint; what the time runs on; ends the watch.
 * @throws {EndpointError} With why it ended: it never does so by itself.
 */
export async function followWatch(
  open: OpenWatch,
  watch: EtcdWatch,
  options: { check: () => Promise<unknown>; clock: Clock; abort: AbortController },
): Promise<never> {
  const { check, clock, abort } = options;
  let cancel = (): void => {};
  let found: unknown;
  function arm(): void {
    cancel();
    if (!abort.signal.aborted) cancel = clock.after(SILENCE_MS, () => void look());
  }
  async function look(): Promise<void> {
    try {
      await check();
      arm();
    } catch (error) {
      found ??= error;
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
    throw found ?? error;
  } finally {
    abort.abort();
    cancel();
  }
}

/** Takes a message apart; one that says that etcd has ended the watch is thrown. */
function readMessage(result: Fields): WatchMessage {
  const message = readWatchMessage(result);
  const { canceled, compactRevision } = message;
  if (compactRevision > 0) {
    throw new EndpointError("compacted", `keeps no revision before ${compactRevision} any more`);
  }
  if (canceled === undefined) return message;
  if (canceled === "") throw ended();
  const error = readRefusal({ message: canceled }, 200);
  if (error.failure !== "denied") throw error;
  // etcd 3.4 says so too where the token is over.
  throw new EndpointError("denied", error.message, { remedy: "renew" });
}

function ended(): EndpointError {
  return new EndpointError("unreachable", "has ended the watch");
}
