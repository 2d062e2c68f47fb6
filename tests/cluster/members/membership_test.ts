import { assert, assertEquals } from "@std/assert";
import { EtcdError } from "../../../src/cluster/etcd/etcd_types.ts";
import { Membership } from "../../../src/cluster/members/membership.ts";
import type { KeyPut, StatusUpdate } from "../../../src/cluster/members/status_publisher.ts";
import { FakeClock } from "../../testing/fake_clock.ts";
import { FakeEtcd } from "../../testing/fake_etcd.ts";
import { LogWatcher } from "../../testing/log_watcher.ts";

const LEASE = 9;

/** Publishes fixed keys, and a delta that a test sets. */
class ScriptedPublisher {
  readonly updates: StatusUpdate[] = [];
  readonly outcomes: boolean[] = [];
  delta = "";

  update(kind: StatusUpdate): KeyPut[] {
    this.updates.push(kind);
    const delta = { put: "delta", value: this.delta };
    if (kind === "delta") return [delta];
    const heartbeat = { put: "heartbeat", value: String(this.updates.length) };
    return kind === "full" ? [{ put: "member", value: "me" }, heartbeat, delta] : [heartbeat];
  }

  published(isPublished: boolean): void {
    this.outcomes.push(isPublished);
  }
}

class Fixture implements AsyncDisposable {
  readonly clock = new FakeClock();
  readonly etcd = new FakeEtcd(this.clock);
  readonly publisher = new ScriptedPublisher();
  readonly abort = new AbortController();
  readonly membership: Membership;
  readonly running: Promise<void>;

  constructor(lease = LEASE) {
    const { etcd, publisher, clock } = this;
    this.membership = new Membership({ etcd, clock, random: () => 1 }, publisher, lease);
    this.running = this.membership.run(this.abort.signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.abort.abort();
    await this.clock.advance(5000);
    await this.running;
  }
}

Deno.test("Membership publishes a full update, and then three heartbeats per lease", async () => {
  await using fixture = new Fixture();
  const { clock, etcd, publisher } = fixture;
  await clock.advance(0);
  assertEquals(Object.keys(etcd.content), ["delta", "heartbeat", "member"]);
  await clock.advance(LEASE * 1000);
  assertEquals(publisher.updates, ["full", "heartbeat", "heartbeat", "heartbeat"]);
  // Without heartbeats, its keys would be gone.
  await clock.advance(LEASE * 10_000);
  assertEquals(Object.keys(etcd.content), ["delta", "heartbeat", "member"]);
});

Deno.test("Membership collects deltas for a moment, and longer if they are large", async () => {
  await using fixture = new Fixture();
  const { clock, etcd, publisher, membership } = fixture;
  await clock.advance(0);
  for (const delta of ["a", "ab", "abc"]) {
    publisher.delta = delta;
    membership.notify();
    await clock.advance(30);
  }
  await clock.advance(12);
  assertEquals([etcd.content["delta"], publisher.updates.length], ["abc", 2]);
  publisher.delta = "x".repeat(1024 * 500);
  membership.notify();
  await clock.advance(110);
  assertEquals(etcd.content["delta"], publisher.delta);
  publisher.delta = "y";
  membership.notify();
  await clock.advance(590);
  assertEquals(etcd.content["delta"]!.length, 1024 * 500);
  await clock.advance(20);
  assertEquals(etcd.content["delta"], "y");
});

Deno.test("Membership replaces an expired lease, and publishes a full update", async () => {
  await using fixture = new Fixture();
  const { clock, etcd, publisher } = fixture;
  await clock.advance(0);
  let isDown = true;
  etcd.before = () => {
    if (isDown) throw new EtcdError("unreachable", "down");
  };
  await clock.advance(LEASE * 2000);
  assertEquals(etcd.content, {});
  isDown = false;
  await clock.advance(1100);
  assertEquals(Object.keys(etcd.content), ["delta", "heartbeat", "member"]);
  assertEquals(publisher.updates.at(-1), "full");
  await clock.advance(LEASE * 2000);
  assertEquals(Object.keys(etcd.content), ["delta", "heartbeat", "member"]);
});

Deno.test("Membership publishes a full update after an unknown outcome", async () => {
  await using fixture = new Fixture();
  const { clock, etcd, publisher, membership } = fixture;
  await clock.advance(0);
  etcd.after = (call) => {
    if (call === "transact") throw new EtcdError("unknown", "no answer");
  };
  membership.notify();
  await clock.advance(110);
  assertEquals(publisher.outcomes, [true, false]);
  etcd.after = () => {};
  await clock.advance(110);
  assertEquals([publisher.updates, publisher.outcomes], [["full", "delta", "full"], [
    true,
    false,
    true,
  ]]);
});

Deno.test("Membership does not wait for an answer until its lease expires", async () => {
  await using fixture = new Fixture();
  const { clock, etcd } = fixture;
  await clock.advance(0);
  let hangs = true;
  etcd.before = (call) => hangs && call === "transact" ? new Promise<void>(() => {}) : undefined;
  await clock.advance(LEASE * 1000 / 3);
  hangs = false;
  await clock.advance(LEASE * 1000 / 3 + 100);
  assertEquals(etcd.content["heartbeat"], "3");
  await clock.advance(LEASE * 2000);
  assertEquals(Object.keys(etcd.content).length, 3);
});

Deno.test("Membership reports its time limit in readable seconds", async () => {
  await using log = await LogWatcher.start();
  await using fixture = new Fixture(10);
  const { clock, etcd } = fixture;
  await clock.advance(0);
  etcd.before = () => new Promise<void>(() => {});
  await clock.advance(30_000);
  await log.waitFor("etcd did not answer within 3.333 s");
});

Deno.test("Membership.republish() publishes a full update after its keys were deleted", async () => {
  await using fixture = new Fixture();
  const { clock, etcd, membership, publisher } = fixture;
  await clock.advance(0);
  etcd.delete("member");
  membership.republish();
  membership.republish();
  await clock.advance(110);
  assertEquals(etcd.content["member"], "me");
  assertEquals(publisher.updates, ["full", "full"]);
});

Deno.test("Membership revokes its lease at the end, so that the others know at once", async () => {
  const fixture = new Fixture();
  const { clock, etcd } = fixture;
  await clock.advance(0);
  fixture.abort.abort();
  await clock.advance(0);
  await fixture.running;
  assertEquals([etcd.content, clock.timers], [{}, 0]);
  assert(etcd.calls.includes("revoke"));
});

Deno.test("Membership ends soon even if etcd does not answer", async () => {
  const fixture = new Fixture();
  const { clock, etcd } = fixture;
  await clock.advance(0);
  etcd.before = () => new Promise<void>(() => {});
  fixture.abort.abort();
  await clock.advance(2000);
  await fixture.running;
  assertEquals(Object.keys(etcd.content).length, 3);
});
