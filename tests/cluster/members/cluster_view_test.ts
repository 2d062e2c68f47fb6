import { assertEquals } from "@std/assert";
import type { ClusterMemberStatus } from "../../../src/model/cluster_report.ts";
import { findDisagreements, listMembers } from "../../../src/cluster/members/cluster_view.ts";
import type { Member } from "../../../src/cluster/members/member_store.ts";
import { RevisionHistory } from "../../../src/cluster/members/revision_history.ts";
import { FakeClock } from "../../testing/fake_clock.ts";

function member(id: string, name = id, startedAt = 0): [string, Member] {
  const common = { version: "1", admin: undefined, sharesHealth: true };
  return [id, { id, name, startedAt: new Date(startedAt), ...common }];
}

function status(
  unhealthy: readonly string[],
  { revision = 10, count = unhealthy.length } = {},
): ClusterMemberStatus {
  return {
    at: new Date(0),
    requestsPerSecond: 1,
    active: 0,
    servers: 10,
    checks: 3,
    unhealthy,
    unhealthyCount: count,
    revision,
  };
}

Deno.test("listMembers() sorts by name, then by start, and marks members that are behind", () => {
  const members = listMembers({
    members: new Map([member("z", "a", 2), member("y", "b"), member("x", "a", 1), member("w")]),
    statuses: new Map([["z", status([], { revision: 6 })], ["x", status([], { revision: 7 })]]),
    revisionBefore: 7,
    silent: new Set(),
  });
  assertEquals(members.map(({ id, status, isBehind }) => [id, status?.revision, isBehind]), [
    ["x", 7, false],
    ["z", 6, true],
    ["y", undefined, false],
    ["w", undefined, false],
  ]);
});

Deno.test("findDisagreements() finds servers that are healthy to some members only", () => {
  const members = listMembers({
    members: new Map([member("a"), member("b"), member("c"), member("d")]),
    statuses: new Map([
      ["a", status(["http://1", "http://2"])],
      ["b", status(["http://2"])],
      ["c", status(["http://2", "http://3"])],
    ]),
    revisionBefore: 0,
    silent: new Set(),
  });
  assertEquals(findDisagreements(members), [
    { url: "http://1", healthy: ["b", "c"], unhealthy: ["a"] },
    { url: "http://3", healthy: ["a", "b"], unhealthy: ["c"] },
  ]);
});

Deno.test("findDisagreements() concludes nothing from a truncated list", () => {
  const members = listMembers({
    members: new Map([member("a"), member("b")]),
    statuses: new Map([["a", status(["http://1"])], ["b", status(["http://2"], { count: 300 })]]),
    revisionBefore: 0,
    silent: new Set(),
  });
  assertEquals(findDisagreements(members), [
    { url: "http://2", healthy: ["a"], unhealthy: ["b"] },
  ]);
});

Deno.test("RevisionHistory has the revision of a while ago, once it is that old", async () => {
  const clock = new FakeClock();
  let revision = 5;
  const history = new RevisionHistory({ revision: () => revision, clock, age: 10_000 });
  {
    using _ = history.watch();
    await clock.advance(9000);
    assertEquals(history.before, 0);
    revision = 8;
    await clock.advance(1000);
    assertEquals(history.before, 5);
    await clock.advance(9000);
    assertEquals(history.before, 5);
    await clock.advance(1000);
    assertEquals(history.before, 8);
  }
  assertEquals(clock.timers, 0);
});
