import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { BalancerError, type ErrorCode } from "../../../mod.ts";
import { Connectivity } from "../../../src/cluster/store/connectivity.ts";
import { EtcdError, type EtcdFailure } from "../../../src/cluster/etcd/etcd_types.ts";
import { type ServerWrite, ServerWriter } from "../../../src/cluster/store/server_writer.ts";
import { FakeClock } from "../../testing/fake_clock.ts";
import { FakeEtcd } from "../../testing/fake_etcd.ts";

const KEY = "/b/servers/http://a";

class Stage {
  readonly clock = new FakeClock();
  readonly etcd = new FakeEtcd(this.clock);
  readonly connectivity = new Connectivity(this.clock);
  readonly #writer = new ServerWriter({
    etcd: this.etcd,
    connectivity: this.connectivity,
    clock: this.clock,
    random: () => 0.5,
  });
  readonly #abort = new AbortController();

  constructor() {
    this.connectivity.up();
  }

  /** Writes, and advances the clock until the write is done. */
  async write(write: Partial<ServerWrite>): Promise<boolean> {
    const whole = { what: "update http://a", key: KEY, revision: 0, value: "new", ...write };
    const work = this.#writer.write(whole, this.#abort.signal);
    let isOver = false;
    work.then(() => isOver = true, () => isOver = true);
    for (let step = 0; step < 100 && !isOver; step++) await this.clock.advance(500);
    return await work;
  }

  /** Makes the first transactions fail before or after they take effect. */
  fail(failure: EtcdFailure, when: "before" | "after", times = 1): void {
    let left = times;
    this.etcd[when] = (call) => {
      if (call === "transact" && left-- > 0) throw new EtcdError(failure, "it said so");
    };
  }
}

async function assertRefused(work: Promise<unknown>, code: ErrorCode, text: string): Promise<void> {
  const error = await assertRejects(() => work, BalancerError);
  assertEquals(error.code, code, error.message);
  assertStringIncludes(error.message, text);
}

Deno.test("ServerWriter.write() writes if the revision is as expected", async () => {
  const stage = new Stage();
  assertEquals(await stage.write({}), true);
  assertEquals(await stage.write({ revision: 2, value: "newer" }), true);
  assertEquals(stage.etcd.content, { [KEY]: "newer" });
  assertEquals(await stage.write({ revision: 3, value: undefined }), true);
  assertEquals(stage.etcd.content, {});
});

Deno.test("ServerWriter.write() writes nothing if another writer was faster", async () => {
  const stage = new Stage();
  stage.etcd.put(KEY, "theirs");
  assertEquals(await stage.write({}), false);
  assertEquals(await stage.write({ revision: 9, value: undefined }), false);
  assertEquals(stage.etcd.content, { [KEY]: "theirs" });
});

Deno.test("ServerWriter.write() sends nothing while etcd is down", async () => {
  const stage = new Stage();
  stage.connectivity.down(new Error("it is down"));
  await assertRefused(
    stage.write({}),
    "unavailable",
    "since 2026-01-01T00:00:00.000Z (it is down)",
  );
  assertEquals(stage.etcd.calls, []);
});

for (const failure of ["unreachable", "denied", "refused"] as const) {
  Deno.test(`ServerWriter.write() reports that nothing has changed if etcd is ${failure}`, async () => {
    const stage = new Stage();
    stage.fail(failure, "before");
    await assertRefused(stage.write({}), "unavailable", "it said so; nothing has changed");
  });
}

Deno.test("ServerWriter.write() finds a change that was applied without a response", async () => {
  for (const value of ["new", undefined]) {
    const stage = new Stage();
    stage.etcd.put(KEY, "old");
    stage.fail("unknown", "after");
    assertEquals(await stage.write({ revision: 2, value }), true);
    assertEquals(stage.etcd.content[KEY], value);
    assertEquals(stage.etcd.revision, 3);
  }
});

Deno.test("ServerWriter.write() repeats a change that was not applied", async () => {
  for (const value of ["new", undefined]) {
    const stage = new Stage();
    stage.etcd.put(KEY, "old");
    stage.fail("unknown", "before", 3);
    assertEquals(await stage.write({ revision: 2, value }), true);
    assertEquals(stage.etcd.content[KEY], value);
    assertEquals(stage.etcd.revision, 3);
  }
});

Deno.test("ServerWriter.write() applies a delayed change once", async () => {
  const stage = new Stage();
  let isFirst = true;
  // The first one is in transit while the key is read, and arrives before the second.
  stage.etcd.before = (call) => {
    if (call !== "transact") return;
    if (isFirst) {
      isFirst = false;
      throw new EtcdError("unknown", "no answer");
    }
    stage.etcd.put(KEY, "new");
  };
  assertEquals(await stage.write({}), true);
  assertEquals([stage.etcd.content[KEY], stage.etcd.revision], ["new", 2]);
});

Deno.test("ServerWriter.write() does not guess if another writer has changed the key since", async () => {
  const stage = new Stage();
  stage.fail("unknown", "after");
  const { etcd } = stage;
  etcd.before = (call) => call === "range" ? etcd.put(KEY, "theirs") : undefined;
  await assertRefused(
    stage.write({}),
    "unconfirmed",
    "the server has been changed by someone else since",
  );
});

Deno.test("ServerWriter.write() gives up if etcd stays silent, and reports that", async () => {
  const stage = new Stage();
  stage.fail("unknown", "before");
  stage.etcd.after = (call) => {
    if (call === "range") throw new EtcdError("unreachable", "no answer");
  };
  await assertRefused(
    stage.write({}),
    "unconfirmed",
    "it said so; check the server's current state",
  );
  const silent = new Stage();
  silent.etcd.before = () => new Promise(() => {});
  await assertRefused(silent.write({}), "unconfirmed", "etcd did not answer in time");
  assertEquals(silent.clock.timers, 0);
});

Deno.test("ServerWriter.write() writes a record with it, which expires", async () => {
  const stage = new Stage();
  stage.etcd.put(KEY, "old");
  const record = { key: "/b/removals/http://a", value: "record", seconds: 60, isRequired: true };
  assertEquals(await stage.write({ revision: 2, value: undefined, record }), true);
  assertEquals(stage.etcd.content, { [record.key]: "record" });
  await stage.clock.advance(60_000);
  assertEquals(stage.etcd.content, {});
});

Deno.test("ServerWriter.write() changes nothing if a required record cannot be written", async () => {
  const stage = new Stage();
  stage.etcd.put(KEY, "old");
  stage.etcd.before = (call) => {
    if (call === "grant") throw new EtcdError("unknown", "no answer");
  };
  const record = { key: "/b/removals/http://a", value: "record", seconds: 60, isRequired: true };
  const work = stage.write({ revision: 2, value: undefined, record });
  await assertRefused(work, "unavailable", "no answer; nothing has changed");
  assertEquals(stage.etcd.content, { [KEY]: "old" });
});
