import { assertEquals } from "@std/assert";
import type { EventJson } from "../../../src/admin/event_stream.ts";
import { serverJson } from "../../../src/admin/server_json.ts";
import { eventLine } from "../../../src/cli/commands/events.ts";
import { completeServer } from "../../../src/model/server.ts";

const SERVER = serverJson(completeServer({ url: "http://a", name: "one" }));

function line(event: Partial<EventJson>): string {
  const at = "2026-01-01T00:00:00.000Z";
  const text = eventLine({
    ...{ at, type: "added", server: SERVER, previous: null, detail: null },
    ...event,
  });
  assertEquals(text.slice(0, at.length + 1), `${at} `);
  return text.slice(at.length + 1);
}

Deno.test("eventLine() tells what happened to whom, and why", () => {
  assertEquals(line({}), "added     one http://a");
  assertEquals(line({ type: "unhealthy", detail: "HTTP 503" }), "unhealthy one http://a: HTTP 503");
  assertEquals(
    line({ type: "reset", server: null, detail: "some were missed" }),
    "reset     some were missed",
  );
});

Deno.test("eventLine() tells what was changed, old and new", () => {
  const previous = { ...SERVER, name: "uno", weight: 5, draining: true };
  assertEquals(
    line({ type: "updated", previous }),
    "updated   one http://a: name uno → one, weight 5 → 1, draining true → false",
  );
  assertEquals(
    line({ type: "updated", previous: SERVER }),
    "updated   one http://a: no changes",
  );
});

Deno.test("eventLine() is one line that does not drive the terminal", () => {
  const server = { ...SERVER, name: "a\n\u001b[31m\u202e" };
  assertEquals(
    line({ server, detail: "b\r\u009b" }),
    "added     a\ufffd\ufffd[31m\ufffd http://a: b\ufffd\ufffd",
  );
});
