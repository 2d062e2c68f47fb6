import { assertEquals } from "@std/assert";
import type { EtcdChange, EtcdKeyValue } from "../../../src/cluster/etcd/etcd_types.ts";
import { healthStore } from "../../../src/cluster/shared_health/health_store.ts";
import { basisValue, resultsValue } from "../../../src/cluster/shared_health/health_value.ts";
import {
  type Member,
  memberStore,
  memberValue,
} from "../../../src/cluster/members/member_store.ts";
import type { KeyStore } from "../../../src/cluster/store/key_store.ts";

function keyValue(key: string, value: string, modRevision = 1): EtcdKeyValue {
  return { key, value, createRevision: 1, modRevision };
}

function put(key: string, value: string, modRevision = 2): EtcdChange {
  return { type: "put", keyValue: keyValue(key, value, modRevision) };
}

function gone(key: string): EtcdChange {
  return { type: "delete", key, modRevision: 9 };
}

function member(name: string): string {
  const startedAt = new Date(0);
  return memberValue({
    id: "",
    name,
    version: "1",
    startedAt,
    admin: undefined,
    sharesHealth: true,
  });
}

Deno.test("memberStore() has the members, through changes and a reset", () => {
  const seen: string[][] = [];
  const store: KeyStore<Member> = memberStore("/p/members/", () => {
    seen.push([...store.values.values()].map(({ id, name }) => `${id} ${name}`));
  });
  store.reset([keyValue("/p/members/a", member("A")), keyValue("/p/members/b", member("B"))]);
  store.change([put("/p/members/c", member("C")), gone("/p/members/a")]);
  store.change([put("/p/members/b", member("B2"))]);
  store.reset([keyValue("/p/members/c", member("C"))]);
  assertEquals(seen, [["a A", "b B"], ["b B", "c C"], ["b B2", "c C"], ["c C"]]);
});

Deno.test("memberStore() reports invalid values, keeps the previous ones, and drops deleted keys", () => {
  const store = memberStore("/p/members/", () => {});
  store.reset([keyValue("/p/members/a", member("A")), keyValue("/p/members/x/y", member("X"))]);
  store.change([put("/p/members/a", "{}", 5), put("/p/members/b", "nonsense", 6)]);
  assertEquals([...store.values.values()].map(({ name }) => name), ["A"]);
  assertEquals(store.faults().map(({ key, revision }) => [key, revision]), [
    ["/p/members/a", 5],
    ["/p/members/x/y", 1],
    ["/p/members/b", 6],
  ]);
  store.change([put("/p/members/a", member("A2"), 7), gone("/p/members/x/y")]);
  assertEquals(store.faults().map(({ key }) => key), ["/p/members/b"]);
  store.reset([]);
  assertEquals([store.faults(), store.values.size], [[], 0]);
});

/** A health store, and the calls of its listener as short texts. */
function recordHealth(): {
  readonly store: Pick<KeyStore<unknown>, "reset" | "change" | "faults">;
  readonly calls: () => string[];
} {
  const calls: string[] = [];
  const store = healthStore("/p/health/", {
    onBasis: (id, basis) => calls.push(`basis ${id} ${basis?.servers}`),
    onResults: (id, results) => calls.push(`results ${id} ${results?.down.map(({ url }) => url)}`),
  });
  return { store, calls: () => calls.splice(0) };
}

function basis(servers: string): string {
  return basisValue({ check: "c", servers });
}

function results(url: string): string {
  return resultsValue({ down: [{ url, detail: "", since: new Date(0) }], pending: [] });
}

Deno.test("healthStore() passes results on before their basis, whatever the order of the writes", () => {
  const { store, calls } = recordHealth();
  store.reset([
    keyValue("/p/health/a", basis("1")),
    keyValue("/p/health/a/results", results("http://x")),
  ]);
  assertEquals(calls(), ["results a http://x", "basis a 1"]);
  store.change([put("/p/health/b", basis("2")), put("/p/health/b/results", results("http://y"))]);
  assertEquals(calls(), ["results b http://y", "basis b 2"]);
  store.change([
    gone("/p/health/a"),
    gone("/p/health/a/results"),
    put("/p/health/a", basis("3"), 10),
  ]);
  assertEquals(calls(), ["basis a undefined", "results a undefined", "basis a 3"]);
});

Deno.test("healthStore() takes no key that was read before for a heartbeat", () => {
  const { store, calls } = recordHealth();
  const first = [keyValue("/p/health/a", basis("1")), keyValue("/p/health/b", basis("1"), 4)];
  store.reset(first);
  store.change([put("/p/health/a", basis("1"), 5)]);
  calls();
  store.reset([keyValue("/p/health/a", basis("1"), 5)]);
  assertEquals(calls(), ["basis b undefined"]);
  store.reset([keyValue("/p/health/a", basis("1"), 6)]);
  assertEquals(calls(), ["basis a 1"]);
});

Deno.test("healthStore() passes invalid values on as missing", () => {
  const { store, calls } = recordHealth();
  store.reset([
    keyValue("/p/health/a", basis("1")),
    keyValue("/p/health/a/results", results("http://x")),
  ]);
  calls();
  store.change([put("/p/health/a", "{"), put("/p/health/a/results", "[]")]);
  assertEquals(calls(), ["results a undefined", "basis a undefined"]);
  assertEquals(store.faults().map(({ key }) => key), ["/p/health/a", "/p/health/a/results"]);
});
