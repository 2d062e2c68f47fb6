import { assert, assertEquals } from "@std/assert";
import { DecisionLog } from "../../src/state/decision_log.ts";
import type { Decision } from "../../src/model/decision.ts";
import { Registry } from "../../src/state/registry.ts";
import { StateTable } from "../../src/state/state_table.ts";
import { allocateMemory } from "../../src/state/table_memory.ts";
import { WorkerPool } from "../../src/workers/worker_pool.ts";
import { FakeClock } from "../testing/fake_clock.ts";
import { LogWatcher } from "../testing/log_watcher.ts";
import type { Doom } from "../testing/mortal_worker.ts";
import { SampleServer } from "../testing/sample_server.ts";
import { until } from "../testing/until.ts";
import { DEFAULT_SETTINGS } from "../testing/settings.ts";

/** A pool of one worker, which can be told to die, and what it decides. */
class DecidingPool implements AsyncDisposable {
  readonly log = new DecisionLog();
  readonly table = new StateTable(allocateMemory(6000, 2));
  readonly registry = new Registry(this.table, () => false);
  readonly clock = new FakeClock();
  readonly pool = new WorkerPool({
    registry: this.registry,
    table: this.table,
    clock: this.clock,
    settings: DEFAULT_SETTINGS,
    writeAccessLog: () => {},
    report: () => {},
    decisions: this.log,
    hostname: "127.0.0.1",
    port: 0,
    entry: new URL("../testing/mortal_worker.ts", import.meta.url),
  });
  readonly #doom = new BroadcastChannel("doom");

  static async start(server: SampleServer, drained = 0): Promise<DecidingPool> {
    const started = new DecidingPool();
    started.registry.add({ url: server.url, name: server.name });
    for (let i = 0; i < drained; i++) {
      started.registry.add({ url: `http://drained${i}`, draining: true });
    }
    for (const { slot } of started.registry.entries()) started.table.open(slot);
    await started.pool.start();
    return started;
  }

  /** Lets the worker come to its end, and starts another one. */
  async replaceWorker(log: LogWatcher): Promise<void> {
    this.#doom.postMessage({ thread: 1, end: "throw" } satisfies Doom);
    await log.waitFor("Worker 1 died");
    await this.clock.advance(1000);
    await log.waitFor("Worker 1 accepts connections");
  }

  /** Sends a request, and waits for what is told of it. */
  async decide(path: string): Promise<Decision> {
    const told = new Promise<Decision>((resolve) => {
      const end = this.log.subscribe((decision) => {
        end();
        resolve(decision);
      });
    });
    await this.request(path);
    return await told;
  }

  async request(path: string): Promise<void> {
    const url = `http://127.0.0.1:${this.pool.port}${path}`;
    await (await fetch(url, { headers: { connection: "close" } })).text();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#doom.close();
    await this.pool.shutdown();
  }
}

Deno.test("WorkerPool begins and ends to record decisions while it runs", async () => {
  await using server = new SampleServer("one");
  await using deciding = await DecidingPool.start(server);
  const { log } = deciding;
  await deciding.request("/off");
  log.keep(5);
  const { at: _, ...decision } = await deciding.decide("/on?secret=1");
  assertEquals(decision, {
    number: 1,
    request: { id: undefined, method: "GET", path: "/on", client: "127.0.0.1" },
    attempt: 1,
    policy: "least_connections",
    chosen: server.url,
    code: "policy",
    reason: "the only server that can take it",
    candidates: [
      {
        url: server.url,
        name: "one",
        state: "up",
        weight: 1,
        active: 0,
        key: "idle: 0",
        code: "chosen",
        verdict: "chosen",
      },
    ],
    omitted: 0,
  });
  log.keep(0);
  await deciding.request("/off");
  log.keep(5);
  // The worker has been told twice since, in this order, and what it told came before this.
  assertEquals((await deciding.decide("/again")).number, 2);
});

Deno.test("WorkerPool lets a worker that is started later record decisions", async () => {
  await using watcher = await LogWatcher.start();
  await using server = new SampleServer("one");
  await using deciding = await DecidingPool.start(server);
  deciding.log.keep(5);
  await deciding.replaceWorker(watcher);
  assertEquals((await deciding.decide("/later")).request.path, "/later");
});

Deno.test("WorkerPool tells its workers of a server's new name and of its drain", async () => {
  await using server = new SampleServer("one");
  await using other = new SampleServer("two");
  await using deciding = await DecidingPool.start(server);
  deciding.log.keep(5);
  deciding.registry.add({ url: other.url, name: "two" });
  // Before every worker knows that it is there.
  deciding.registry.update(other.url, { name: "second", draining: true });
  deciding.registry.update(server.url, { name: "first" });
  await deciding.pool.settled();
  const { candidates } = await deciding.decide("/");
  assertEquals(candidates.map(({ name, state, verdict }) => [name, state, verdict]), [
    ["first", "up", "chosen"],
    ["second", "draining", "draining"],
  ]);
});

Deno.test("WorkerPool counts what its workers did not record", async () => {
  await using server = new SampleServer("one");
  // With so many servers to look at, a worker records some four decisions a second.
  await using deciding = await DecidingPool.start(server, 5000);
  const { log } = deciding;
  await deciding.pool.settled();
  log.keep(1000);
  await deciding.decide("/first");
  await Promise.all(Array.from({ length: 100 }, () => deciding.request("/")));
  // It is told with the worker's next sign of life, and what came before it was told before.
  await until("a request that is not recorded", async () => {
    await deciding.request("/more");
    return log.skipped > 0;
  });
  assert(log.count < 50, `${log.count} decisions`);
});
