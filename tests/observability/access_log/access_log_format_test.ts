import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { completeServer } from "../../../src/model/server.ts";
import { CommonLines } from "../../../src/observability/access_log/common_format.ts";
import { JsonLines } from "../../../src/observability/access_log/json_format.ts";
import { RequestRecord } from "../../../src/proxy/request_record.ts";
import { splitRequestUrl } from "../../../src/http1/request_url.ts";
import { FakeClock } from "../../testing/fake_clock.ts";

const ARRIVAL = Date.UTC(2026, 0, 2, 3, 4, 5, 67.9);

/** The record of a request that a server has answered, with these differences. */
function answered(
  differences: Partial<RequestRecord> & { readonly headers?: HeadersInit } = {},
): RequestRecord {
  const { headers = {}, ...others } = differences;
  const request = new Request("http://a.example:8080/path?q=1", { headers });
  return Object.assign(new RequestRecord(request, new FakeClock()), {
    id: "f00",
    clientAddress: "192.0.2.1",
    attempts: 1,
    server: completeServer({ url: "http://127.0.0.1:3001" }),
    connection: "reused",
    bytesReceived: 2326,
    answered: true,
    answeredAfter: 1.23456,
    duration: 2.5,
    status: 200,
    ...others,
  });
}

/** The time in the time zone of the test, formatted by `strftime`. */
function localTime(): string {
  const date = new Date(ARRIVAL);
  const part = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat("en-US", options).format(date);
  const zone = part({ timeZoneName: "longOffset" }).replace(/^.*GMT/, "").replace(":", "");
  const month = part({ month: "short" });
  const [day, time] = [date.getDate(), date.toTimeString().slice(0, 8)];
  return `${`${day}`.padStart(2, "0")}/${month}/${date.getFullYear()}:${time} ${zone || "+0000"}`;
}

Deno.test("CommonLines writes the Common Log Format as Apache does", () => {
  assertEquals(
    new CommonLines(false).line(answered(), ARRIVAL),
    `192.0.2.1 - - [${localTime()}] "GET /path?q=1 HTTP/1.1" 200 2326\n`,
  );
});

Deno.test("CommonLines writes unknown values as a hyphen", () => {
  const record = answered({ clientAddress: undefined, answered: false, status: 503 });
  assertEquals(
    new CommonLines(true).line(record, ARRIVAL),
    `- - - [${localTime()}] "GET /path?q=1 HTTP/1.1" 503 - "-" "-"\n`,
  );
});

Deno.test("CommonLines combined has the referrer and the user agent, escaped as Apache does", () => {
  const headers = {
    "referer": 'http://b/?"a\\b',
    "user-agent": '\u00c3\u00a9\u00ff\tx" 200 1 "-" "\u007f',
  };
  assertEquals(
    new CommonLines(true).line(answered({ headers }), ARRIVAL),
    `192.0.2.1 - - [${localTime()}] "GET /path?q=1 HTTP/1.1" 200 2326 ` +
      `"http://b/?\\"a\\\\b" "\\xc3\\xa9\\xff\\tx\\" 200 1 \\"-\\" \\"\\x7f"\n`,
  );
});

Deno.test("CommonLines escapes a target that would end the line or the quotes", () => {
  const url = 'http://a/é"\\\r\n\v\u001b\u009b\u202e HTTP/1.1" 200';
  assertStringIncludes(
    new CommonLines(false).line(answered({ url }), ARRIVAL),
    '"GET /\\xc3\\xa9\\"\\\\\\r\\n\\v\\x1b\\xc2\\x9b\\xe2\\x80\\xae HTTP/1.1\\" 200 HTTP/1.1" 200 ',
  );
});

Deno.test("CommonLines writes HTTP/2 for TLS without Host", () => {
  const url = "https://a/";
  const line = (record: RequestRecord) => new CommonLines(false).line(record, ARRIVAL);
  assertStringIncludes(line(answered({ url })), '"GET / HTTP/2.0"');
  assertStringIncludes(line(answered({ url, headers: { host: "a" } })), '"GET / HTTP/1.1"');
});

Deno.test("CommonLines writes the time of each second", () => {
  const lines = new CommonLines(false);
  const times = [0, 900, 1000, 500].map((later) =>
    /:(\d\d) [+-]/.exec(lines.line(answered(), ARRIVAL + later))?.[1]
  );
  assertEquals(times, ["05", "05", "06", "05"]);
});

Deno.test("JsonLines writes everything that is known of a request", () => {
  const record = answered({ queueTime: 0.5, headers: { "user-agent": "curl/8.1" } });
  assertEquals(
    new JsonLines().line(record, ARRIVAL),
    '{"time":"2026-01-02T03:04:05.067Z","id":"f00","client":"192.0.2.1","method":"GET",' +
      '"host":"a.example:8080","target":"/path?q=1","status":200,"bytes":2326,' +
      '"user_agent":"curl/8.1","referer":null,"server":"http://127.0.0.1:3001","attempts":1,' +
      '"connection_reused":true,"queue_ms":0.500,"connect_ms":0,"first_byte_ms":1.235,' +
      '"total_ms":2.500}\n',
  );
});

Deno.test("JsonLines writes why a request failed, and 499 if its client disconnected", () => {
  const refused = answered({
    answered: false,
    status: 503,
    failure: "no_server",
    localContent: 50,
  });
  assertStringIncludes(
    new JsonLines().line(refused, ARRIVAL),
    '"first_byte_ms":null,"total_ms":2.500,"failure":"no_server"}\n',
  );
  const parsed = (record: RequestRecord) => {
    const { status, bytes, failure } = JSON.parse(new JsonLines().line(record, ARRIVAL));
    return [status, bytes, failure];
  };
  assertEquals(parsed(refused), [503, 50, "no_server"]);
  const gone = { failure: "client_gone" as const };
  assertEquals(parsed(answered({ ...gone, answered: false, status: 400 })), [
    499,
    0,
    "client_gone",
  ]);
  assertEquals(parsed(answered(gone)), [200, 2326, "client_gone"]);
});

Deno.test("JsonLines preserves every text, and none controls a terminal or ends the line", () => {
  const url = 'http://a"b/é"\\\r\n\u001b\u009b\u202e\u2028","status":200';
  const headers = { "user-agent": '\u00c3\u00a9"\\\u0007\u00e2\u0080\u00ae', "referer": "\u00ff" };
  const line = new JsonLines().line(answered({ url, headers, method: 'G"T' }), ARRIVAL);
  // deno-lint-ignore no-control-regex
  assert(/^[^\u0000-\u001f\u007f-\u009f\u2028-\u202e]*\n$/.test(line), line);
  const { method, host, target, user_agent, referer } = JSON.parse(line);
  assertEquals([method, host, target], ['G"T', 'a"b', url.slice('http://a"b'.length)]);
  assertEquals([user_agent, referer], ['é"\\\u0007\u202e', "ÿ"]);
});

Deno.test("splitRequestUrl() finds the host and the target of any URL", () => {
  const cases: [url: string, host: string, target: string][] = [
    ["http://a/", "a", "/"],
    ["http://a", "a", "/"],
    ["http://a:1?b/c", "a:1", "/?b/c"],
    ["http://a/b?c/d?e#f", "a", "/b?c/d?e#f"],
    ["https://[::1]:8/x//y", "[::1]:8", "/x//y"],
    ["http://a/*", "a", "*"],
  ];
  for (const [url, host, target] of cases) {
    assertEquals(splitRequestUrl(url, "OPTIONS"), { host, target });
  }
  assertEquals(splitRequestUrl("http://a/*", "GET"), { host: "a", target: "/*" });
});
