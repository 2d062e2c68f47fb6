import { assertEquals, assertThrows } from "@std/assert";
import { BalancerError } from "../../../mod.ts";
import { SharedKeys } from "../../../src/cluster/store/shared_keys.ts";

Deno.test("SharedKeys puts a slash behind a prefix that has none", () => {
  assertEquals(new SharedKeys("/ballast").servers, "/ballast/servers/");
  assertEquals(new SharedKeys("/ballast/").servers, "/ballast/servers/");
  assertEquals(new SharedKeys("a").seeded, "a/seeded");
});

Deno.test("SharedKeys refuses a prefix that nobody could write by hand", () => {
  for (const prefix of ["", " ", "/a b/", "/ä/", "/a\n/", "x".repeat(201)]) {
    const { code } = assertThrows(() => new SharedKeys(prefix), BalancerError);
    assertEquals(code, "invalid");
  }
});

Deno.test("SharedKeys.followed has what balancers act by, and not what they only tell", () => {
  const keys = new SharedKeys("/b/");
  const { from, to } = keys.watched;
  const isIn = (key: string) => key >= from && key < to;
  const followed = ["/b/health/a", "/b/members/a", "/b/removals/http://a", "/b/servers/http://a"];
  const marks = [keys.seeded, keys.seedingLock, keys.seedingBegun];
  assertEquals([...followed, ...marks].filter((key) => !isIn(key)), []);
  assertEquals(["/b/status/a", "/c/servers/a", "/b/", "/a/servers/"].filter(isIn), []);
});
