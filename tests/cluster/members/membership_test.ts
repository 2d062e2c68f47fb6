import { assert, assertEquals } from "@std/assert";
import { EtcdError } from "../../../src/cluster/etcd/etcd_types.ts";
import {
  Membership,
  type Page,
  type StatusPart,
  type StatusSource,
} from "../../../src/cluster/members/membership.ts";
import { FakeClock } from "../../testing/fake_clock.ts";
import { FakeEtcd } from "../../testing/fake_etcd.ts";
import { LogWatcher } from "../../testing/log_watcher.ts";

const LEASE = 9;

/** Tells the same again and again, with the news that a test has. */
class ScriptedStory implements StatusSource {
  readonly chapters: StatusPart[] = [];
  readonly told_: boolean[] = [];
  news = "";

  pages(chapter: StatusPart): Page[] {
    this.chapters.push(chapter);
    const news = { put: "news", value: this.news };
    if (chapter === "news") return [news];
    const sign = { put: "sign", value: String(this.chapters.length) };
    return chapter === "all" ? [{ put: "member", value: "me" }, sign, news] : [sign];
  }

  told(isTold: boolean): void {
    this.told_.push(isTold);
  }
}

class Fixture implements AsyncDisposable {
  readonly clock = new FakeClock();
  readonly etcd = new FakeEtcd(this.clock);
  readonly story = new ScriptedStory();
  readonly abort = new AbortController();
  readonly membership: Membership;
  readonly running: Promise<void>;

  constructor(lease = LEASE) {
    const { etcd, story, clock } = this;
    this.membership = new Membership({ etcd, story, lease, clock, random: () => 1 });
    this.running = this.membership.run(this.abort.signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.abort.abort();
    await this.clock.advance(5000);
    await this.running;
  }
}

Deno.test("Membership tells everything once, and then that it is there, thrice in a lease", async () => {
  await using fixture = new Fixture();
  const { clock, etcd, story } = fixture;
  await clock.advance(0);
  assertEquals(Object.keys(etcd.content), ["member", "news", "sign"]);
  await clock.advance(LEASE * 1000);
  assertEquals(story.chapters, ["all", "sign", "sign", "sign"]);
  // Without, its keys would be gone.
  await clock.advance(LEASE * 10_000);
  assertEquals(Object.keys(etcd.content), ["member", "news", "sign"]);
});

Deno.test("Membership collects news for a moment, and longer where they are large", async () => {
  await using fixture = new Fixture();
  const { clock, etcd, story, membership } = fixture;
  await clock.advance(0);
  for (const news of ["a", "ab", "abc"]) {
    story.news = news;
    membership.tell();
    await clock.advance(30);
  }
  await clock.advance(12);
  assertEquals([etcd.content["news"], story.chapters.length], ["abc", 2]);
  story.news = "x".repeat(1024 * 500);
  membership.tell();
  await clock.advance(110);
  assertEquals(etcd.content["news"], story.news);
  story.news = "y";
  membership.tell();
  await clock.advance(590);
  assertEquals(etcd.content["news"]!.length, 1024 * 500);
  await clock.advance(20);
  assertEquals(etcd.content["news"], "y");
});

Deno.test("Membership takes a lease that is over anew, and tells everything again", async () => {
  await using fixture = new Fixture();
  const { clock, etcd, story } = fixture;
  await clock.advance(0);
  let isAway = true;
  etcd.before = () => {
    if (isAway) throw new EtcdError("unreachable", "away");
  };
  await clock.advance(LEASE * 2000);
  assertEquals(etcd.content, {});
  isAway = false;
  await clock.advance(1100);
  assertEquals(Object.keys(etcd.content), ["member", "news", "sign"]);
  assertEquals(story.chapters.at(-1), "all");
  await clock.advance(LEASE * 2000);
  assertEquals(Object.keys(etcd.content), ["member", "news", "sign"]);
});

Deno.test("Membership tells everything again where it is not known what was written", async () => {
  await using fixture = new Fixture();
  const { clock, etcd, story, membership } = fixture;
  await clock.advance(0);
  etcd.after = (call) => {
    if (call === "transact") throw new EtcdError("unknown", "no answer");
  };
  membership.tell();
  await clock.advance(110);
  assertEquals(story.told_, [true, false]);
  etcd.after = () => {};
  await clock.advance(110);
  assertEquals([story.chapters, story.told_], [["all", "news", "all"], [true, false, true]]);
});

Deno.test("Membership does not wait for an answer until its lease is over", async () => {
  await using fixture = new Fixture();
  const { clock, etcd } = fixture;
  await clock.advance(0);
  let hangs = true;
  etcd.before = (call) => hangs && call === "transact" ? new Promise<void>(() => {}) : undefined;
  await clock.advance(LEASE * 1000 / 3);
  hangs = false;
  await clock.advance(LEASE * 1000 / 3 + 100);
  assertEquals(etcd.content["sign"], "3");
  await clock.advance(LEASE * 2000);
  assertEquals(Object.keys(etcd.content).length, 3);
});

Deno.test("Membership says how long it has waited in a number that people can read", async () => {
  await using log = await LogWatcher.start();
  await using fixture = new Fixture(10);
  const { clock, etcd } = fixture;
  await clock.advance(0);
  etcd.before = () => new Promise<void>(() => {});
  await clock.advance(30_000);
  await log.waitFor("etcd has not answered within 3.333 s");
});

Deno.test("Membership.repeat() tells everything again that somebody has deleted", async () => {
  await using fixture = new Fixture();
  const { clock, etcd, membership, story } = fixture;
  await clock.advance(0);
  etcd.delete("member");
  membership.repeat();
  membership.repeat();
  await clock.advance(110);
  assertEquals(etcd.content["member"], "me");
  assertEquals(story.chapters, ["all", "all"]);
});

Deno.test("Membership ends its lease when it ends, so that everybody knows at once", async () => {
  const fixture = new Fixture();
  const { clock, etcd } = fixture;
  await clock.advance(0);
  fixture.abort.abort();
  await clock.advance(0);
  await fixture.running;
  assertEquals([etcd.content, clock.timers], [{}, 0]);
  assert(etcd.calls.includes("revoke"));
});

Deno.test("Membership ends also where etcd does not answer, soon", async () => {
  const fixture = new Fixture();
  const { clock, etcd } = fixture;
  await clock.advance(0);
  etcd.before = () => new Promise<void>(() => {});
  fixture.abort.abort();
  await clock.advance(2000);
  await fixture.running;
  assertEquals(Object.keys(etcd.content).length, 3);
});
