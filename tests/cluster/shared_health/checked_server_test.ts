import { assertEquals } from "@std/assert";
import {
  type CheckedServer,
  noteResult,
  resultsOf,
  uncheckedServer,
} from "../../../src/cluster/shared_health/checked_server.ts";

import { textHash } from "../../../src/cluster/shared_health/rendezvous.ts";

const URL = "http://a";
const NOW = new Date(0);
const PASSED = { healthy: true, passed: true, detail: "200" };
const FAILED = { healthy: false, passed: false, detail: "refused" };

function healthyServer(): CheckedServer {
  const server = uncheckedServer({ url: URL, hash: textHash(URL), owner: "a", assignedAt: 0 });
  assertEquals(noteResult(server, PASSED, NOW), "publish");
  return server;
}

Deno.test("resultsOf() lists a server as pending while its failure is unconfirmed", () => {
  const server = healthyServer();
  assertEquals(resultsOf([server]), { down: [], pending: [] });
  assertEquals(noteResult(server, FAILED, NOW), "confirm");
  assertEquals(resultsOf([server]), { down: [], pending: [URL] });
  assertEquals(noteResult(server, FAILED, NOW), "publish");
  const down = [{ url: URL, healthy: false, detail: "refused", since: NOW }];
  assertEquals(resultsOf([server]), { down, pending: [] } as ReturnType<typeof resultsOf>);
});

Deno.test("noteResult() publishes that an unconfirmed failure was none", () => {
  const server = healthyServer();
  noteResult(server, FAILED, NOW);
  assertEquals(noteResult(server, PASSED, NOW), "publish");
  assertEquals(resultsOf([server]), { down: [], pending: [] });
  assertEquals(noteResult(server, PASSED, NOW), "nothing");
});
