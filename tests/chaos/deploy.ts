import { type ChaosReport, countRequests, endViolations, postViolations } from "./chaos.ts";
import { runLoad, type Tally } from "./load.ts";
import { pace, until } from "./pace.ts";
import { SeededRandom } from "./random.ts";
import { Stage } from "./stage.ts";

/** How many servers take requests. */
const SERVERS = 4;
/** How many processes there are, one of which at least is being replaced. */
const PROCESSES = 6;
/** How often the configuration is read again at least. */
const RELOADS = 20;
/** How long requests may take to leave a server, in milliseconds; in seconds for the balancer. */
const DRAIN_MS = 30_000;

/** Options of a deployment under load. */
export interface DeployOptions {
  /** From what the requests follow. */
  readonly seed: number;
  /** How long it takes at least, in seconds. */
  readonly seconds: number;
  /** How many threads the balancer has. */
  readonly workers: number;
  /** How many clients send requests, each as fast as it can. */
  readonly clients: number;
}

/**
 * Replaces one server after the other, while requests are sent at full speed and the configuration
 * is read again and again. Not one request may fail, of any kind.
 */
export async function runDeploy(
  { seed, seconds, ...options }: DeployOptions,
): Promise<ChaosReport> {
  await using stage = await Stage.start({
    servers: PROCESSES,
    started: SERVERS,
    workers: options.workers,
    settings: {},
  });
  const over = new AbortController();
  const load = runLoad({
    port: stage.port,
    seed,
    clients: options.clients,
    pause: 0,
    signal: over.signal,
  });
  const rollout = new Rollout(stage, seed);
  await rollout.run(seconds * 1000);
  over.abort();
  const tally = await load;
  const idle = await until(
    async () => (await stage.status()).every(({ active }) => active === 0),
    10_000,
  );
  const violations = [
    ...stage.surprises,
    ...rollout.violations,
    ...tally.faults,
    ...failures(tally),
    ...postViolations(tally, await stage.posts()),
    ...(idle ? [] : [`Requests are still active: ${JSON.stringify(await stage.status())}`]),
    ...endViolations(stage.ended, stage.errors),
  ];
  if (await stage.stop() !== 0) violations.push("The balancer did not stop with 0");
  return {
    counts: { ...countRequests(tally), replaced: rollout.replaced, reloads: rollout.reloads },
    violations,
  };
}

function failures(tally: Tally): string[] {
  return [
    ...tally.failedGets.map((text) => `A GET failed: ${text}`),
    ...tally.failedPosts.map((incident) => `A POST failed: ${JSON.stringify(incident)}`),
    ...tally.brokenStreams.map((incident) => `A stream broke off: ${JSON.stringify(incident)}`),
  ];
}

/** The replacing and reloading. */
class Rollout {
  readonly #stage: Stage;
  readonly #random: SeededRandom;
  /** The servers that are to take requests, which is what the file says. */
  #serving: number[] = Array.from({ length: SERVERS }, (_, server) => server);
  #spare: number[] = Array.from({ length: PROCESSES - SERVERS }, (_, i) => SERVERS + i);
  readonly violations: string[] = [];
  replaced = 0;
  reloads = 0;

  constructor(stage: Stage, seed: number) {
    this.#stage = stage;
    this.#random = new SeededRandom(seed);
  }

  async run(milliseconds: number): Promise<void> {
    const end = performance.now() + milliseconds;
    const replaced = new AbortController();
    const reloading = this.#keepReloading(milliseconds / RELOADS / 2, replaced.signal);
    while (performance.now() < end || this.replaced < SERVERS) await this.#replaceOne();
    replaced.abort();
    await reloading;
  }

  async #keepReloading(pause: number, replaced: AbortSignal): Promise<void> {
    while (!replaced.aborted || this.reloads < RELOADS) {
      const weighed = this.#serving.map((server) => ({
        server,
        weight: this.#random.between(1, 4),
      }));
      await this.#stage.reload(weighed);
      this.reloads++;
      await pace(pause, replaced);
    }
  }

  async #replaceOne(): Promise<void> {
    const stage = this.#stage;
    const [fresh, ...spare] = this.#spare;
    const [old, ...others] = this.#serving;
    await stage.servers[fresh!]!.start();
    await stage.add(fresh!, 1);
    this.#serving = [...others, fresh!];
    // From now on, no file has the old one; if one did, and took the new one away, it is read by now.
    await stage.reloaded();
    await stage.add(fresh!, 1);
    if (this.replaced % 2 === 0) await this.#empty(old!);
    await stage.delete(old!, DRAIN_MS / 1000);
    if (!await stage.servers[old!]!.retire(DRAIN_MS)) {
      this.violations.push(`Server ${old} was deleted and still had connections`);
    }
    this.#spare = [...spare, old!];
    this.replaced++;
  }

  /** Takes new requests away from a server and waits for the last one, as an operator would. */
  async #empty(server: number): Promise<void> {
    const stage = this.#stage;
    await stage.setWeight(server, 0);
    const { url } = stage.servers[server]!;
    const isEmpty = async () => {
      const status = (await stage.status()).find((one) => new URL(one.url).origin === url);
      return status === undefined || status.active === 0;
    };
    if (!await until(isEmpty, DRAIN_MS)) {
      this.violations.push(`Server ${server} with weight 0 did not become idle`);
    }
  }
}
