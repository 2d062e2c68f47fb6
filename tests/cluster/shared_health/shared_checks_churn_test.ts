import { assert, assertEquals } from "@std/assert";
import { SeededRandom } from "../../chaos/random.ts";
import { CheckingCluster, PATIENCE } from "../../testing/checking_cluster.ts";

const SERVERS = 30;
const STEPS = 25;

/** Random events in the life of balancers that share their checks. */
class Churn {
  readonly cluster = new CheckingCluster({ rise: 2, fall: 2 });
  readonly random: SeededRandom;
  /** Killed balancers whose lease has not expired yet. */
  readonly #dead = new Set<string>();
  #joined = 0;

  constructor(seed: number) {
    this.random = new SeededRandom(seed);
  }

  /** Triggers a random event. */
  async step(): Promise<void> {
    const { cluster, random } = this;
    const alive = [...cluster.balancers.values()].filter(({ alive }) => alive);
    const happens = random.oneOf(["join", "kill", "expire", "cut", "mend", "wait"] as const);
    if (happens === "join" && alive.length < 6) await this.join();
    else if (happens === "kill" && alive.length > 2) {
      const { id } = random.oneOf(alive);
      await cluster.kill(id);
      this.#dead.add(id);
    } else if (happens === "expire") this.expire();
    else if (happens === "cut") random.oneOf(alive).connected = false;
    else if (happens === "mend") cluster.reconnect();
    await cluster.clock.advance(random.between(0, 8000));
  }

  async join(): Promise<void> {
    await this.cluster.join(`ballast-${++this.#joined}`);
  }

  /** Expires the leases of all killed balancers. */
  expire(): void {
    for (const id of this.#dead) this.cluster.expire(id);
    this.#dead.clear();
  }

  /** Ends all disturbances, for long enough to settle. */
  async settle(): Promise<void> {
    this.expire();
    this.cluster.reconnect();
    await this.cluster.clock.advance(2 * PATIENCE * 1000 + 10_000);
  }
}

for (let seed = 1; seed <= 12; seed++) {
  Deno.test(`SharedChecks see the true health of every server, whatever happens to balancers (${seed})`, async () => {
    const churn = new Churn(seed);
    const { cluster } = churn;
    using _ = cluster;
    for (let i = 0; i < 3; i++) await churn.join();
    const urls = cluster.add(SERVERS);
    const down = new Set(urls.filter((_, i) => i % 4 === 0));
    for (const url of down) cluster.servers.down.add(url);
    await cluster.clock.advance(30_000);
    for (let step = 0; step < STEPS; step++) await churn.step();
    await churn.settle();
    for (const balancer of cluster.balancers.values()) {
      for (const url of urls) assertEquals(balancer.isHealthy(url), !down.has(url), balancer.id);
      // No balancer has ever seen a false change of health.
      const flips = balancer.changes.filter(({ url, healthy }) => healthy || !down.has(url));
      assertEquals(flips, [], balancer.id);
    }
    // All see what changes now.
    const url = churn.random.oneOf(urls.filter((url) => !down.has(url)));
    cluster.servers.down.add(url);
    await cluster.clock.advance(21_000);
    for (const balancer of cluster.balancers.values()) {
      assert(!balancer.isHealthy(url), balancer.id);
    }
    // And one balancer checks each server.
    const since = cluster.clock.now();
    await cluster.clock.advance(45_000);
    for (const url of urls) {
      const count = cluster.servers.count(since, { url });
      assert(count >= 4 && count <= 6, `${count} checks of ${url} in 45 s`);
    }
  });
}
