import { assert, assertEquals, assertRejects } from "@std/assert";
import { BalancerError } from "../../src/model/errors.ts";
import { Registry } from "../../src/state/registry.ts";
import { StateTable } from "../../src/state/state_table.ts";
import { allocateMemory } from "../../src/state/table_memory.ts";
import { WorkerPool } from "../../src/workers/worker_pool.ts";
import { FakeClock } from "../testing/fake_clock.ts";
import { HoldingServers } from "../testing/holding_servers.ts";
import { LogWatcher } from "../testing/log_watcher.ts";
import type { Doom } from "../testing/mortal_worker.ts";
import { SampleServer } from "../testing/sample_server.ts";
import { DEFAULT_SETTINGS } from "../testing/settings.ts";

/** A pool of two workers that can be told to die, on a clock that stands still. */
class MortalPool implements AsyncDisposable {
  readonly table = new StateTable(allocateMemory(16, 3));
  readonly registry = new Registry(this.table, () => false);
  readonly clock = new FakeClock();
  readonly pool = new WorkerPool({
    registry: this.registry,
    table: this.table,
    clock: this.clock,
    settings: DEFAULT_SETTINGS,
    report: () => {},
    writeAccessLog: () => {},
    hostname: "127.0.0.1",
    port: 0,
    entry: new URL("../testing/mortal_worker.ts", import.meta.url),
  });
  readonly #doom = new BroadcastChannel("doom");

  /** Starts it over these servers. */
  static async start(urls: readonly string[]): Promise<MortalPool> {
    const started = new MortalPool();
    await started.pool.start();
    for (const url of urls) started.registry.add({ url });
    await started.pool.settled();
    return started;
  }

  /** Tells a worker to come to its end. */
  kill(doom: Doom): void {
    this.#doom.postMessage(doom);
  }

  /** How many requests the table takes for active. */
  get active(): number {
    return this.registry.entries().reduce((sum, { slot }) => sum + this.table.active(slot), 0);
  }

  /** Requests on a connection each. */
  fetchMany(count: number): Promise<string>[] {
    return Array.from({ length: count }, async () => {
      const url = `http://127.0.0.1:${this.pool.port}`;
      const response = await fetch(url, { headers: { connection: "close" } });
      return await response.text();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#doom.close();
    await this.pool.shutdown();
  }
}

Deno.test("WorkerPool gives back what a worker had under way, and replaces it", async () => {
  await using log = await LogWatcher.start();
  await using servers = new HoldingServers(2);
  await using mortal = await MortalPool.start(servers.urls);
  const settled = Promise.allSettled(mortal.fetchMany(100));
  await servers.holding(100);
  assertEquals(mortal.active, 100);
  mortal.kill({ thread: 1, end: "throw" });
  await log.waitFor("Worker 1 died and is being replaced: Uncaught Error: told to die");
  servers.release();
  const lost = (await settled).filter(({ status }) => status === "rejected").length;
  assert(lost > 0 && lost < 100, `${lost} of 100 requests were on the worker that died`);
  assertEquals(mortal.active, 0);
  // The other one keeps serving, alone until the pause before a restart is over.
  assertEquals(await Promise.all(mortal.fetchMany(10)), new Array(10).fill("held"));
  await mortal.clock.advance(1000);
  await log.waitFor("Worker 1 accepts connections");
  assertEquals(await Promise.all(mortal.fetchMany(50)), new Array(50).fill("held"));
  assertEquals(mortal.active, 0);
});

Deno.test("WorkerPool gives a new worker the servers as they are by then", async () => {
  await using log = await LogWatcher.start();
  await using one = new SampleServer("one");
  await using two = new SampleServer("two");
  await using mortal = await MortalPool.start([one.url]);
  mortal.kill({ thread: 1, end: "throw" });
  await log.waitFor("Worker 1 died");
  mortal.registry.add({ url: two.url });
  mortal.registry.remove(one.url);
  await mortal.pool.settled();
  await mortal.clock.advance(1000);
  await log.waitFor("Worker 1 accepts connections");
  assertEquals(await Promise.all(mortal.fetchMany(50)), new Array(50).fill("two"));
});

Deno.test("WorkerPool replaces a worker that shows no life", async () => {
  await using log = await LogWatcher.start();
  await using server = new SampleServer("one");
  await using mortal = await MortalPool.start([server.url]);
  mortal.kill({ thread: 2, end: "close" });
  // A silent end is noticed after some checks; an earlier heartbeat can delay it.
  const died = log.waitFor("Worker 2 died and is being replaced: no heartbeat for 10 s");
  await mortal.clock.advance(30_000);
  await died;
  await mortal.clock.advance(1000);
  await log.waitFor("Worker 2 accepts connections");
  assertEquals(await Promise.all(mortal.fetchMany(20)), new Array(20).fill("one"));
});

Deno.test("WorkerPool writes what its workers log, with the properties", async () => {
  await using log = await LogWatcher.start();
  await using server = new SampleServer("one");
  await using mortal = await MortalPool.start([server.url]);
  await Promise.all(mortal.fetchMany(1));
  await log.waitFor(`Picked ${server.url} of 1 (1 active)`);
});

Deno.test("WorkerPool opens a new server only when every worker knows it", async () => {
  await using server = new SampleServer("one");
  await using mortal = await MortalPool.start([]);
  const { slot } = mortal.registry.add({ url: server.url });
  assertEquals(mortal.table.isOpen(slot), false);
  await mortal.pool.settled();
  assertEquals(mortal.table.isOpen(slot), true);
});

Deno.test("WorkerPool does not open a server that was removed before all workers knew it", async () => {
  await using server = new SampleServer("one");
  await using mortal = await MortalPool.start([]);
  const { slot } = mortal.registry.add({ url: server.url });
  mortal.registry.remove(server.url);
  await mortal.pool.settled();
  assertEquals(mortal.table.isOpen(slot), false);
});

function makePool(options: { port: number; entry?: URL }): WorkerPool {
  const table = new StateTable(allocateMemory(16, 3));
  const registry = new Registry(table);
  return new WorkerPool({
    registry,
    table,
    clock: new FakeClock(),
    settings: DEFAULT_SETTINGS,
    report: () => {},
    writeAccessLog: () => {},
    hostname: "127.0.0.1",
    ...options,
  });
}

Deno.test("WorkerPool.start() refuses a port that is taken, and leaves no worker", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const pool = makePool({ port: listener.addr.port });
  await assertRejects(() => pool.start(), Deno.errors.AddrInUse);
  assertEquals(pool.running, false);
  await pool.finished;
});

Deno.test("WorkerPool.start() says why a worker does not start", async () => {
  const entry = new URL("data:text/javascript,throw new Error('out of order')");
  const pool = makePool({ port: 0, entry });
  await assertRejects(() => pool.start(), BalancerError, "out of order");
  await pool.finished;
});

Deno.test("WorkerPool.shutdown() stops a pool that is still starting", async () => {
  const pool = makePool({ port: 0 });
  const started = assertRejects(() => pool.start(), BalancerError);
  await pool.shutdown(AbortSignal.abort());
  await started;
  await pool.finished;
});
