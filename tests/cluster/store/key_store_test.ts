import { assertEquals } from "@std/assert";
import { completeServer } from "../../../src/model/server.ts";
import { serverStore } from "../../../src/cluster/store/shared_servers.ts";

const A = "http://a";

function keyValue(url: string, value: string, modRevision: number) {
  return { key: `/b/servers/${url}`, value, createRevision: 2, modRevision };
}

Deno.test("KeyStore.put() stores the parsed value and the revision", () => {
  const store = serverStore("/b/servers/");
  store.put(keyValue(A, '{"weight":2}', 3));
  const server = completeServer({ url: A, weight: 2 });
  assertEquals(store.find(A), {
    revision: 3,
    text: '{"weight":2}',
    value: server,
    fault: undefined,
  });
  assertEquals(store.faults(), []);
  store.delete(A);
  assertEquals([store.find(A), store.size], [undefined, 0]);
});

Deno.test("KeyStore.put() leaves the previous value in effect if the new one is invalid", () => {
  const store = serverStore("/b/servers/");
  store.put(keyValue(A, '{"weight":2}', 3));
  store.put(keyValue(A, '{"weight":"3"}', 4));
  assertEquals(store.find(A)?.value, completeServer({ url: A, weight: 2 }));
  // The next writer must name the revision of the invalid value.
  assertEquals(store.find(A)?.revision, 4);
  const [fault, ...others] = store.faults();
  assertEquals(others, []);
  assertEquals([fault!.key, fault!.revision], [`/b/servers/${A}`, 4]);
  assertEquals(fault!.message.endsWith("; the previous value stays in use"), true);
  store.put(keyValue(A, '{"weight":3}', 5));
  assertEquals(store.faults(), []);
});

Deno.test("KeyStore.faults() lists a key that never had a valid value", () => {
  const store = serverStore("/b/servers/");
  store.put(keyValue(A, "x", 3));
  assertEquals(store.find(A)?.value, undefined);
  assertEquals(store.faults().map(({ message }) => message), [
    'the value must be JSON such as {"weight": 2}; it is ignored',
  ]);
  store.delete(A);
  assertEquals(store.faults(), []);
});
