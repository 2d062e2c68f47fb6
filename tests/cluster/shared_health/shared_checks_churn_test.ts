import { assert, assertEquals } from "@std/assert";
import { SeededRandom } from "../../chaos/random.ts";
import { CheckingFleet, PATIENCE } from "../../testing/checking_fleet.ts";

const SERVERS = 30;
const STEPS = 25;

/** What can happen to balancers that share their checks. */
class Churn {
  readonly fleet = new CheckingFleet({ rise: 2, fall: 2 });
  readonly random: SeededRandom;
  /** Those that are killed, and whose lease holds still. */
  readonly #dead = new Set<string>();
  #joined = 0;

  constructor(seed: number) {
    this.random = new SeededRandom(seed);
  }

  /** Something happens. */
  async step(): Promise<void> {
    const { fleet, random } = this;
    const alive = [...fleet.balancers.values()].filter(({ alive }) => alive);
    const happens = random.oneOf(["join", "kill", "bury", "cut", "mend", "wait"] as const);
    if (happens === "join" && alive.length < 6) await this.join();
    else if (happens === "kill" && alive.length > 2) {
      const { id } = random.oneOf(alive);
      await fleet.kill(id);
      this.#dead.add(id);
    } else if (happens === "bury") this.bury();
    else if (happens === "cut") random.oneOf(alive).connected = false;
    else if (happens === "mend") fleet.mend();
    await fleet.clock.advance(random.between(0, 8000));
  }

  async join(): Promise<void> {
    await this.fleet.join(`ballast-${++this.#joined}`);
  }

  /** The leases of all that are dead are over. */
  bury(): void {
    for (const id of this.#dead) this.fleet.bury(id);
    this.#dead.clear();
  }

  /** Everything is well again, for long enough. */
  async settle(): Promise<void> {
    this.bury();
    this.fleet.mend();
    await this.fleet.clock.advance(2 * PATIENCE * 1000 + 10_000);
  }
}

for (let seed = 1; seed <= 12; seed++) {
  Deno.test(`SharedChecks see every server as it is, whatever happens to balancers (${seed})`, async () => {
    const churn = new Churn(seed);
    const { fleet } = churn;
    using _ = fleet;
    for (let i = 0; i < 3; i++) await churn.join();
    const urls = fleet.add(SERVERS);
    const down = new Set(urls.filter((_, i) => i % 4 === 0));
    for (const url of down) fleet.servers.down.add(url);
    await fleet.clock.advance(30_000);
    for (let step = 0; step < STEPS; step++) await churn.step();
    await churn.settle();
    for (const balancer of fleet.balancers.values()) {
      for (const url of urls) assertEquals(balancer.isHealthy(url), !down.has(url), balancer.id);
      // Nobody has ever seen anything that was not so, and then the opposite.
      const flips = balancer.changes.filter(({ url, healthy }) => healthy || !down.has(url));
      assertEquals(flips, [], balancer.id);
    }
    // What changes now is seen by all.
    const url = churn.random.oneOf(urls.filter((url) => !down.has(url)));
    fleet.servers.down.add(url);
    await fleet.clock.advance(21_000);
    for (const balancer of fleet.balancers.values()) assert(!balancer.isHealthy(url), balancer.id);
    // And each server is checked by one.
    const since = fleet.clock.now();
    await fleet.clock.advance(45_000);
    for (const url of urls) {
      const count = fleet.servers.count(since, { url });
      assert(count >= 4 && count <= 6, `${count} checks of ${url} in 45 s`);
    }
  });
}
