import { assert, assertEquals, assertRejects } from "@std/assert";
import type { ServerInit } from "../../../mod.ts";
import { EtcdError } from "../../../src/cluster/etcd/etcd_types.ts";
import { Seeder } from "../../../src/cluster/store/seeder.ts";
import { SharedKeys } from "../../../src/cluster/store/shared_keys.ts";
import { FakeClock } from "../../testing/fake_clock.ts";
import { FakeEtcd } from "../../testing/fake_etcd.ts";

const PREFIX = "/b/servers/";

/** Creates servers with different URLs for each letter. */
function servers(count: number, letter: string): ServerInit[] {
  return Array.from({ length: count }, (_, i) => ({ url: `http://${letter}${i}` }));
}

function keysOf(etcd: FakeEtcd): string[] {
  return Object.keys(etcd.content).filter((key) => key.startsWith(PREFIX));
}

/** The letter and the number of the servers; fails if they are of several letters. */
function setOf(etcd: FakeEtcd): [letter: string, count: number] {
  const keys = keysOf(etcd);
  const letters = new Set(keys.map((key) => key.slice(`${PREFIX}http://`.length)[0]!));
  assertEquals(letters.size, 1, [...letters].join());
  return [[...letters][0]!, keys.length];
}

class Stage {
  readonly clock = new FakeClock();
  readonly etcd = new FakeEtcd(this.clock);
  readonly #abort = new AbortController();

  /** Seeds as a new balancer. */
  seed(list: readonly ServerInit[], signal: AbortSignal = this.#abort.signal): Promise<void> {
    const keys = new SharedKeys("/b/");
    const context = { etcd: this.etcd, clock: this.clock, random: () => 0.5 };
    return new Seeder(context, keys, list).run(signal);
  }

  /** Advances the clock until all work is done. */
  async finish(work: readonly Promise<unknown>[]): Promise<void> {
    let isOver = false;
    const all = Promise.allSettled(work).then(() => isOver = true);
    for (let step = 0; step < 200 && !isOver; step++) await this.clock.advance(500);
    assert(isOver, "the work does not end");
    await all;
  }

  /** Asserts that no temporary keys are left. */
  assertDone(): void {
    const others = Object.keys(this.etcd.content).filter((key) => !key.startsWith(PREFIX));
    assertEquals(others, ["/b/seeded"]);
  }
}

for (const count of [1, 100, 101, 250]) {
  Deno.test(`Seeder.run() writes ${count} servers under an empty prefix, once`, async () => {
    const stage = new Stage();
    await stage.seed(servers(count, "a"));
    assertEquals(setOf(stage.etcd), ["a", count]);
    const before = stage.etcd.revision;
    await stage.seed(servers(count + 1, "b"));
    assertEquals(stage.etcd.revision, before);
    stage.assertDone();
  });
}

Deno.test("Seeder.run() writes the fields of the admin API", async () => {
  const stage = new Stage();
  await stage.seed([{ url: "HTTP://a:80/", weight: 2 }]);
  assertEquals(Object.keys(stage.etcd.content), ["/b/seeded", "/b/servers/http://a"]);
  const value = JSON.parse(stage.etcd.content["/b/servers/http://a"]!);
  assertEquals([value.url, value.weight, value.health_check_period], ["http://a", 2, 10]);
});

Deno.test("Seeder.run() leaves the prefix to others if it has no servers", async () => {
  const stage = new Stage();
  await stage.seed([]);
  assertEquals(stage.etcd.content, {});
});

for (const count of [1, 250]) {
  Deno.test(`Seeder.run() keeps servers written by hand, with ${count} servers`, async () => {
    const stage = new Stage();
    stage.etcd.put("/b/servers/http://hand", "{}");
    await stage.seed(servers(count, "a"));
    assertEquals(keysOf(stage.etcd), ["/b/servers/http://hand"]);
    // If it is emptied later, it stays empty.
    stage.etcd.delete("/b/servers/http://hand");
    await stage.seed(servers(count, "a"));
    assertEquals(keysOf(stage.etcd), []);
    stage.assertDone();
  });
}

for (const [one, other] of [[3, 5], [150, 250], [3, 250], [250, 3]] as const) {
  Deno.test(`Seeder.run() of two with ${one} and ${other} servers writes one set`, async () => {
    const winners = new Set<string>();
    // The first one is delayed before each of its calls in turn.
    for (let held = 0; held < 12; held++) {
      const stage = new Stage();
      let calls = 0;
      stage.etcd.before = async () => {
        // Meanwhile the other one continues.
        if (calls++ === held) {
          for (let turn = 0; turn < 20 * held; turn++) await Promise.resolve();
        }
      };
      await stage.finish([stage.seed(servers(one, "a")), stage.seed(servers(other, "b"))]);
      const [letter, count] = setOf(stage.etcd);
      assertEquals(count, letter === "a" ? one : other);
      winners.add(letter);
      stage.assertDone();
    }
    assert(winners.size > 0);
  });
}

Deno.test("Seeder.run() completes one set if the seeder dies at any point", async () => {
  let deaths = 0;
  for (let point = 0;; point++) {
    const stage = new Stage();
    const death = new AbortController();
    let calls = 0;
    // It dies before or after each of its calls, and does nothing later.
    const die = () => {
      if (calls++ !== point) return;
      death.abort(new Error("killed"));
      stage.etcd.before = stage.etcd.after = () => new Promise(() => {});
      throw new Error("killed");
    };
    stage.etcd.before = die;
    stage.etcd.after = die;
    const first = stage.seed(servers(250, "a"), death.signal).then(() => true, () => false);
    await stage.clock.advance(0);
    for (let turn = 0; turn < 10; turn++) await stage.clock.advance(0);
    stage.etcd.before = stage.etcd.after = () => {};
    if (!death.signal.aborted) {
      assertEquals(await first, true);
      break;
    }
    deaths++;
    await stage.finish([stage.seed(servers(150, "b")), stage.seed(servers(2, "c"))]);
    const [letter, count] = setOf(stage.etcd);
    assertEquals(count, { a: 250, b: 150, c: 2 }[letter]);
    stage.assertDone();
  }
  assert(deaths > 15, `${deaths}`);
});

Deno.test("Seeder.run() stops writing once another balancer has the lock", async () => {
  const stage = new Stage();
  const [one, other] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  // The first one stalls after its first chunk for too long, and so does the second.
  let transactions = 0;
  stage.etcd.before = async (call) => {
    if (call !== "transact") return;
    transactions++;
    if (transactions === 3) await one.promise;
    if (transactions === 6) await other.promise;
  };
  const settle = async () => {
    for (let step = 0; step < 10; step++) await stage.clock.advance(0);
  };
  const first = stage.seed(servers(250, "a"));
  await settle();
  assertEquals(transactions, 3);
  await stage.clock.advance(11_000);
  const second = stage.seed(servers(250, "b"));
  await settle();
  assertEquals(transactions, 6);
  one.resolve();
  await settle();
  other.resolve();
  await stage.finish([first, second]);
  assertEquals(setOf(stage.etcd), ["b", 250]);
  stage.assertDone();
});

Deno.test("Seeder.run() starts over when its lock expires", async () => {
  const stage = new Stage();
  let isFirst = true;
  stage.etcd.before = (call) => {
    if (call !== "keepAlive" || !isFirst) return;
    isFirst = false;
    throw new EtcdError("no_lease", "it is over");
  };
  await stage.finish([stage.seed(servers(250, "a"))]);
  assertEquals(setOf(stage.etcd), ["a", 250]);
  stage.assertDone();
});

Deno.test("Seeder.run() starts over after a transaction with an unknown outcome", async () => {
  for (const when of ["before", "after"] as const) {
    for (let point = 0; point < 8; point++) {
      const stage = new Stage();
      let calls = 0;
      stage.etcd[when] = (call) => {
        if (call === "transact" && calls++ === point) throw new EtcdError("unknown", "no answer");
      };
      await stage.finish([stage.seed(servers(250, "a"))]);
      assertEquals(setOf(stage.etcd), ["a", 250]);
      stage.assertDone();
    }
  }
});

Deno.test("Seeder.run() rejects with etcd's error", async () => {
  const stage = new Stage();
  stage.etcd.before = () => {
    throw new EtcdError("denied", "no right");
  };
  await assertRejects(() => stage.seed(servers(1, "a")), EtcdError, "no right");
});
