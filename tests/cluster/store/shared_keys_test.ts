import { assertEquals, assertThrows } from "@std/assert";
import { BalancerError } from "../../../mod.ts";
import { SharedKeys } from "../../../src/cluster/store/shared_keys.ts";

Deno.test("SharedKeys adds a missing trailing slash", () => {
  assertEquals(new SharedKeys("/ballast").servers, "/ballast/servers/");
  assertEquals(new SharedKeys("/ballast/").servers, "/ballast/servers/");
  assertEquals(new SharedKeys("a").seeded, "a/seeded");
});

Deno.test("SharedKeys rejects an invalid prefix", () => {
  for (const prefix of ["", " ", "/a b/", "/ä/", "/a\n/", "x".repeat(201)]) {
    const { code } = assertThrows(() => new SharedKeys(prefix), BalancerError);
    assertEquals(code, "invalid");
  }
});

Deno.test("SharedKeys.watched covers what balancers act on, but not their statuses", () => {
  const keys = new SharedKeys("/b/");
  const { from, to } = keys.watched;
  const isIn = (key: string) => key >= from && key < to;
  const followed = ["/b/health/a", "/b/members/a", "/b/removals/http://a", "/b/servers/http://a"];
  const marks = [keys.seeded, keys.seedingLock, keys.seedingBegun];
  assertEquals([...followed, ...marks].filter((key) => !isIn(key)), []);
  assertEquals(["/b/status/a", "/c/servers/a", "/b/", "/a/servers/"].filter(isIn), []);
});
