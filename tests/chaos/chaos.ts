import { Conductor } from "./conductor.ts";
import { type Incident, runLoad, type Tally } from "./load.ts";
import { pace, until } from "./pace.ts";
import { makeSchedule } from "./schedule.ts";
import { Stage } from "./stage.ts";

/** How many servers there are. */
export const SERVERS = 5;

/**
 * How much more memory than after a tenth of the time may be in use at the end, in KiB for each
 * worker: its heap and buffers take two minutes to become as large as they stay.
 */
const GROWTH_MAX = 131_072;
/** How much more than after half of the time, in a run in which they had those two minutes. */
const SETTLED_GROWTH_MAX = 49_152;
/** From how many seconds on they had. */
const SETTLED_SECONDS = 180;

/** Options of a chaos run. */
export interface ChaosOptions {
  /** From what the schedule and the requests follow. */
  readonly seed: number;
  /** How long it takes, in seconds. */
  readonly seconds: number;
  /** How many threads the balancer has. */
  readonly workers: number;
  /** How many clients send requests. */
  readonly clients: number;
  /** How long a client waits between two requests at most, in milliseconds. */
  readonly pause: number;
  /** After how many seconds a silent server is given up. */
  readonly timeout: number;
}

/** The result. */
export interface ChaosReport {
  /** Counts for people to read. */
  readonly counts: Readonly<Record<string, number>>;
  /** Everything that must not be. Empty is what is wanted. */
  readonly violations: readonly string[];
}

/** Lets servers die, hang, break off, come, go and change under load, and checks what clients see. */
export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const { seed, seconds, workers, clients, pause, timeout } = options;
  await using stage = await Stage.start({
    servers: SERVERS,
    started: SERVERS,
    workers,
    settings: {
      timeouts: { connect: timeout, response: timeout, content: 2 * timeout },
      health_check: { timeout: 0.5 },
      ejection: { backoff: 1 },
      // One healthy server among all of them is to be found.
      retries: { tries: SERVERS },
    },
  });
  const conductor = new Conductor(stage);
  const over = new AbortController();
  const load = runLoad({ port: stage.port, seed, clients, pause, signal: over.signal });
  const memory: number[] = [];
  const watching = watchMemory(stage, memory, over.signal);
  await conductor.run(makeSchedule({ seed, seconds, servers: SERVERS }));
  await conductor.heal();
  over.abort();
  const tally = await load;
  await watching;
  const idle = await until(
    async () => (await stage.status()).every(({ active }) => active === 0),
    10_000,
  );
  const posts = await stage.posts();
  const violations = [
    ...stage.surprises,
    ...tally.faults,
    ...tally.failedGets.map((text) => `A GET failed: ${text}`),
    ...postViolations(tally, posts),
    ...unexplained(tally, conductor, posts),
    ...idle ? [] : [`Requests are still active: ${JSON.stringify(await stage.status())}`],
    ...memoryViolations(memory, options),
    ...endViolations(stage.ended, stage.errors),
  ];
  const handles = stage.handles();
  if (await stage.stop() !== 0) violations.push("The balancer did not stop with 0");
  return {
    counts: {
      ...countRequests(tally),
      ...Object.fromEntries([...conductor.counts].map(([kind, count]) => [`did ${kind}`, count])),
      "memory after a tenth, KiB": at(memory, 0.1),
      "memory after half, KiB": at(memory, 0.5),
      "memory at the end, KiB": memory.at(-1)!,
      "handles at the end": handles,
    },
    violations,
  };
}

/** How many requests of each kind there were. */
export function countRequests(tally: Tally): Record<string, number> {
  return {
    // GET and DELETE, and PUT that the balancer has all of.
    "repeatable requests": tally.gets,
    "repeatable requests that failed": tally.failedGets.length,
    // POST and PATCH, and PUT that streams.
    "other requests": tally.posts,
    "other requests that failed": tally.failedPosts.length,
    "streamed answers": tally.streams,
    "streamed answers that broke off": tally.brokenStreams.length,
  };
}

/** No POST twice, and none that was answered and that no server knows. */
export function postViolations(tally: Tally, posts: ReadonlyMap<string, number[]>): string[] {
  const twice = [...posts].filter(([, servers]) => servers.length > 1);
  const unknown = tally.donePosts.filter((id) => !posts.has(id));
  return [
    ...twice.map(([id, servers]) => `POST ${id} reached servers ${servers.join(" and ")}`),
    ...unknown.map((id) => `POST ${id} was answered and reached no server`),
  ];
}

/** Checks the log for errors, and that the process is still running. */
export function endViolations(ended: boolean, errors: string): string[] {
  const bad = errors.split("\n").filter((line) => /unexpected|uncaught|panicked/i.test(line));
  return [
    ...(ended ? [`The balancer ended: ${errors.slice(-2000)}`] : []),
    ...bad.map((line) => `The balancer's log says: ${line}`),
  ];
}

/** Requests that failed although their server was sound. */
function unexplained(
  tally: Tally,
  conductor: Conductor,
  posts: ReadonlyMap<string, number[]>,
): string[] {
  const explained = ({ from, to, server, id }: Incident) =>
    (server === -1 ? posts.get(id) ?? [] : [server]).every((one) =>
      conductor.troubled(one, { from, to })
    );
  return [
    ...tally.brokenStreams.map((incident) => ({ what: "A stream broke off", incident })),
    // On a busy machine a server may be silent for too long without anybody's doing.
    ...tally.failedPosts.filter(({ status }) => status !== 504)
      .map((incident) => ({ what: "A POST failed", incident })),
  ].filter(({ incident }) => !explained(incident))
    .map(({ what, incident }) => `${what} for no reason: ${JSON.stringify(incident)}`);
}

async function watchMemory(stage: Stage, into: number[], signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    into.push(await stage.memory());
    await pace(500, signal);
  }
}

function at(memory: readonly number[], share: number): number {
  return memory[Math.floor((memory.length - 1) * share)]!;
}

function memoryViolations(
  memory: readonly number[],
  { seconds, workers }: ChaosOptions,
): string[] {
  const growth = at(memory, 1) - at(memory, 0.1);
  const settled = at(memory, 1) - at(memory, 0.5);
  const text = `: ${memory.filter((_, i) => i % 10 === 0).join(" ")}`;
  return [
    ...(growth <= GROWTH_MAX * workers ? [] : [`Memory grew by ${growth} KiB${text}`]),
    ...(settled <= SETTLED_GROWTH_MAX * workers || seconds < SETTLED_SECONDS
      ? []
      : [`Memory went on growing, by ${settled} KiB${text}`]),
  ];
}
