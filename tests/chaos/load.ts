import { type ChaosAnswer, ChaosClient } from "./client.ts";
import { sameBytes } from "./content.ts";
import { pace } from "./pace.ts";
import { SeededRandom } from "./random.ts";
import { type PlannedRequest, planRequest } from "./request_mix.ts";

/** Something that did not end well and may have had a reason. */
export interface Incident {
  /** The id of the request. */
  readonly id: string;
  /** The status; 0 where there was none. */
  readonly status: number;
  /** Which server answered; -1 where none said so. */
  readonly server: number;
  /** The balancer's explanation. */
  readonly why: string;
  /** When the request was sent, by `performance.now`. */
  readonly from: number;
  /** When it had ended. */
  readonly to: number;
}

/** The results of the requests. */
export interface Tally {
  /** GETs and what else may be sent twice. */
  gets: number;
  /** POSTs and what else may not, or of which the balancer has not all. */
  posts: number;
  /** How many of the answers streamed. */
  streams: number;
  /** GETs that failed, as texts. */
  readonly failedGets: string[];
  /** POSTs that failed with 502 or 504, or visibly where their content streamed. */
  readonly failedPosts: Incident[];
  /** Answers that streamed and broke off visibly. */
  readonly brokenStreams: Incident[];
  /** Forbidden results: wrong content, other statuses, silence. */
  readonly faults: string[];
  /** The ids of the POSTs that were answered with 200. */
  readonly donePosts: string[];
  /** How long the requests that were answered took, in milliseconds. */
  readonly durations: number[];
}

/** How the load is. */
export interface LoadOptions {
  /** The balancer's port. */
  readonly port: number;
  /** From what the requests follow. */
  readonly seed: number;
  /** How many clients there are. */
  readonly clients: number;
  /** How long each client waits between two requests at most, in milliseconds; 0 for not at all. */
  readonly pause: number;
  /** Ends the load, once each client has its last answer. */
  readonly signal: AbortSignal;
}

/** Sends requests until it is told to stop, and counts what comes of them. */
export async function runLoad(options: LoadOptions): Promise<Tally> {
  const tally: Tally = {
    gets: 0,
    posts: 0,
    streams: 0,
    failedGets: [],
    failedPosts: [],
    brokenStreams: [],
    faults: [],
    donePosts: [],
    durations: [],
  };
  const clients = Array.from(
    { length: options.clients },
    (_, number) => runClient(number, options, tally),
  );
  await Promise.all(clients);
  return tally;
}

async function runClient(number: number, options: LoadOptions, tally: Tally): Promise<void> {
  const { port, seed, pause, signal } = options;
  const random = new SeededRandom(seed * 1000 + number);
  const client = new ChaosClient(port);
  for (let count = 0; !signal.aborted; count++) {
    const planned = planRequest(random, `${number}-${count}`);
    const from = performance.now();
    try {
      const answer = await client.send(planned.request);
      judge(planned, answer, { tally, from });
    } catch (error) {
      tally.faults.push(`${planned.request.id}: no connection to the balancer: ${error}`);
      await pace(100, signal);
    }
    if (pause > 0) await pace(random.between(0, pause), signal);
  }
  client.close();
}

function judge(
  { request: { method, id, target, content, chunked }, expected, ...planned }: PlannedRequest,
  answer: ChaosAnswer,
  { tally, from }: { tally: Tally; from: number },
): void {
  const { streams, repeatable } = planned;
  const { end, status, server, why } = answer;
  const to = performance.now();
  const incident = { id, status, server, why: why.trim(), from, to };
  const ms = Math.round(to - from);
  const text = `${method} ${target} (${id}): ${end} ${status} after ${ms} ms ${why.trim()}`;
  if (repeatable) tally.gets++;
  else tally.posts++;
  if (streams) tally.streams++;
  if (end === "complete" && status === 200) {
    if (!sameBytes(answer.content, expected)) {
      tally.faults.push(`${text}: ${answer.content.length} wrong bytes`);
    }
    if (method === "POST" || method === "PATCH") tally.donePosts.push(id);
    tally.durations.push(to - from);
    return;
  }
  if (status === 200) {
    if (streams) tally.brokenStreams.push(incident);
    else tally.faults.push(`${text}: a small answer broke off`);
    return;
  }
  if (repeatable) {
    tally.failedGets.push(text);
    return;
  }
  // Where its content streamed, the balancer may have closed before all of it was sent.
  const uploads = chunked || content!.length > 65_536;
  if (
    (end === "complete" && (status === 502 || status === 504)) || (uploads && end !== "complete")
  ) {
    tally.failedPosts.push(incident);
  } else tally.faults.push(text);
}
