import { assertEquals } from "@std/assert";
import { completeServer } from "../../../src/model/server.ts";
import { ServerStore } from "../../../src/cluster/store/server_store.ts";

const A = "http://a";

function entry(url: string, value: string, modRevision: number) {
  return { key: `/b/servers/${url}`, value, createRevision: 2, modRevision };
}

Deno.test("ServerStore.put() remembers the server and the revision", () => {
  const book = new ServerStore("/b/servers/");
  book.put(entry(A, '{"weight":2}', 3));
  const server = completeServer({ url: A, weight: 2 });
  assertEquals(book.find(A), { revision: 3, value: '{"weight":2}', server, fault: undefined });
  assertEquals(book.faults(), []);
  book.delete(A);
  assertEquals([book.find(A), book.size], [undefined, 0]);
});

Deno.test("ServerStore.put() leaves a server as it was before a value that cannot be used", () => {
  const book = new ServerStore("/b/servers/");
  book.put(entry(A, '{"weight":2}', 3));
  book.put(entry(A, '{"weight":"3"}', 4));
  assertEquals(book.find(A)?.server, completeServer({ url: A, weight: 2 }));
  // The next writer has to name the revision of what cannot be used.
  assertEquals(book.find(A)?.revision, 4);
  const [fault, ...others] = book.faults();
  assertEquals(others, []);
  assertEquals([fault!.key, fault!.revision], [`/b/servers/${A}`, 4]);
  assertEquals(fault!.message.endsWith("; the server stays as it was before"), true);
  book.put(entry(A, '{"weight":3}', 5));
  assertEquals(book.faults(), []);
});

Deno.test("ServerStore.faults() has what never was a server", () => {
  const book = new ServerStore("/b/servers/");
  book.put(entry(A, "x", 3));
  assertEquals(book.find(A)?.server, undefined);
  assertEquals(book.faults().map(({ message }) => message), [
    'the value must be JSON such as {"weight": 2}; it is ignored',
  ]);
  book.delete(A);
  assertEquals(book.faults(), []);
});
