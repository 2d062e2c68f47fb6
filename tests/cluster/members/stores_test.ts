import { assertEquals } from "@std/assert";
import type { EtcdChange, EtcdKeyValue } from "../../../src/cluster/etcd/etcd_types.ts";
import { HealthStore } from "../../../src/cluster/shared_health/health_store.ts";
import { basisValue, resultsValue } from "../../../src/cluster/shared_health/health_value.ts";
import { MemberStore } from "../../../src/cluster/members/member_store.ts";
import { memberValue } from "../../../src/cluster/members/member_value.ts";

function entry(key: string, value: string, modRevision = 1): EtcdKeyValue {
  return { key, value, createRevision: 1, modRevision };
}

function put(key: string, value: string, modRevision = 2): EtcdChange {
  return { type: "put", entry: entry(key, value, modRevision) };
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

Deno.test("MemberStore has the members that there are, through changes and a second reading", () => {
  const seen: string[][] = [];
  const book: MemberStore = new MemberStore("/p/members/", () => {
    seen.push([...book.members.values()].map(({ id, name }) => `${id} ${name}`));
  });
  book.reset([entry("/p/members/a", member("A")), entry("/p/members/b", member("B"))]);
  book.change([put("/p/members/c", member("C")), gone("/p/members/a")]);
  book.change([put("/p/members/b", member("B2"))]);
  book.reset([entry("/p/members/c", member("C"))]);
  assertEquals(seen, [["a A", "b B"], ["b B", "c C"], ["b B2", "c C"], ["c C"]]);
});

Deno.test("MemberStore tells what is no member, keeps what it knew, and forgets what is gone", () => {
  const book = new MemberStore("/p/members/", () => {});
  book.reset([entry("/p/members/a", member("A")), entry("/p/members/x/y", member("X"))]);
  book.change([put("/p/members/a", "{}", 5), put("/p/members/b", "nonsense", 6)]);
  assertEquals([...book.members.values()].map(({ name }) => name), ["A"]);
  assertEquals(book.faults().map(({ key, revision }) => [key, revision]), [
    ["/p/members/x/y", 1],
    ["/p/members/a", 5],
    ["/p/members/b", 6],
  ]);
  book.change([put("/p/members/a", member("A2"), 7), gone("/p/members/x/y")]);
  assertEquals(book.faults().map(({ key }) => key), ["/p/members/b"]);
  book.reset([]);
  assertEquals([book.faults(), book.members.size], [[], 0]);
});

/** What a health book tells, as short texts. */
function recordHealth(): { readonly book: HealthStore; readonly told: () => string[] } {
  const told: string[] = [];
  const book = new HealthStore("/p/health/", {
    hear: (id, basis) => told.push(`hear ${id} ${basis?.servers}`),
    learn: (id, results) => told.push(`learn ${id} ${results?.down.map(({ url }) => url)}`),
  });
  return { book, told: () => told.splice(0) };
}

function basis(servers: string): string {
  return basisValue({ check: "c", servers });
}

function results(url: string): string {
  return resultsValue({ down: [{ url, detail: "", since: new Date(0) }], pending: [] });
}

Deno.test("HealthStore tells what is found before by what, in whichever order it is written", () => {
  const { book, told } = recordHealth();
  book.reset([entry("/p/health/a", basis("1")), entry("/p/health/a/results", results("http://x"))]);
  assertEquals(told(), ["learn a http://x", "hear a 1"]);
  book.change([put("/p/health/b", basis("2")), put("/p/health/b/results", results("http://y"))]);
  assertEquals(told(), ["learn b http://y", "hear b 2"]);
  book.change([
    gone("/p/health/a"),
    gone("/p/health/a/results"),
    put("/p/health/a", basis("3"), 10),
  ]);
  assertEquals(told(), ["hear a undefined", "learn a undefined", "hear a 3"]);
});

Deno.test("HealthStore.reset() takes nothing for a sign that was read before", () => {
  const { book, told } = recordHealth();
  const first = [entry("/p/health/a", basis("1")), entry("/p/health/b", basis("1"), 4)];
  book.reset(first);
  book.change([put("/p/health/a", basis("1"), 5)]);
  told();
  book.reset([entry("/p/health/a", basis("1"), 5)]);
  assertEquals(told(), ["hear b undefined"]);
  book.reset([entry("/p/health/a", basis("1"), 6)]);
  assertEquals(told(), ["hear a 1"]);
});

Deno.test("HealthStore tells nothing of what makes no sense but that it does not", () => {
  const { book, told } = recordHealth();
  book.reset([entry("/p/health/a", basis("1")), entry("/p/health/a/results", results("http://x"))]);
  told();
  book.change([put("/p/health/a", "{"), put("/p/health/a/results", "[]")]);
  assertEquals(told(), ["learn a undefined", "hear a undefined"]);
  assertEquals(book.faults().map(({ key }) => key), ["/p/health/a/results", "/p/health/a"]);
});
