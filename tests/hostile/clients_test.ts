import { assert, assertEquals } from "@std/assert";
import { exchangeRaw, RawClient } from "../testing/raw_client.ts";
import type { ClientCase } from "./clients/client_case.ts";
import { CLIENT_HEADS } from "./clients/heads.ts";
import { frameTypes, type Http2Request, http2Request } from "./clients/http2.ts";
import { Recorder } from "./clients/recorder.ts";
import { SMUGGLING } from "./clients/smuggling.ts";
import { readResponse, type StrictRequest } from "./strict_http.ts";
import { until } from "../testing/until.ts";

/** The statuses of the responses on a connection, all of which have to be complete. */
function statusesOf(received: string, method?: string): number[] {
  const statuses: number[] = [];
  for (let rest = received; rest !== "";) {
    const response = readResponse(rest, method);
    assert(response?.complete, `a response is not complete: ${JSON.stringify(rest.slice(0, 300))}`);
    statuses.push(response.status);
    rest = response.rest;
  }
  return statuses;
}

function told({ method, target, headers, body }: StrictRequest): string {
  return `${method} ${target} ${headers[0]![1]} ${body}`;
}

async function attempt(
  recorder: Recorder,
  { name, sends, ...expected }: ClientCase,
): Promise<void> {
  recorder.requests.length = 0;
  const received = await exchangeRaw(recorder.url, sends);
  await recorder.quiet();
  const seen = {
    statuses: statusesOf(received, sends.split(" ")[0]),
    requests: recorder.requests.map(told),
  };
  assertEquals(seen, expected, `${name}: ${JSON.stringify(seen).slice(0, 300)}`);
  assertEquals(recorder.faults, [], name);
}

Deno.test("the hostile clients are many, and each is told by its name", () => {
  const names = [...SMUGGLING, ...CLIENT_HEADS].map(({ name }) => name);
  assert(names.length > 120, `${names.length}`);
  assertEquals(new Set(names).size, names.length);
});

for (const [what, cases] of Object.entries({ "smuggle": SMUGGLING, "break HTTP": CLIENT_HEADS })) {
  Deno.test(`hostile clients: those that ${what} send exactly one request, or none`, async () => {
    await using recorder = await Recorder.open();
    const failures: string[] = [];
    for (const hostile of cases) {
      await attempt(recorder, hostile).catch((error) => failures.push(error.message));
    }
    assertEquals(failures, []);
  });
}

Deno.test("hostile clients: a request without Host has one of the balancer's behind it", async () => {
  await using recorder = await Recorder.open();
  // RFC 9112 §3.2 wants 400 for HTTP/1.1, but the platform does not tell the versions apart.
  for (const version of ["HTTP/1.1", "HTTP/1.0"]) {
    recorder.requests.length = 0;
    const received = await exchangeRaw(
      recorder.url,
      `GET / ${version}\r\nConnection: close\r\n\r\n`,
    );
    assertEquals([statusesOf(received), recorder.requests.length], [[200], 1]);
    assertEquals(recorder.requests[0]!.headers[0], [
      "host",
      `localhost:${new URL(recorder.url).port}`,
    ]);
    assertEquals(recorder.faults, []);
  }
});

Deno.test("hostile clients: what they claim about themselves is replaced", async () => {
  const claims = [
    "X-Forwarded-For: 10.0.0.1\r\nX-Forwarded-For: 10.0.0.2\r\n",
    "x-forwarded-FOR: 127.0.0.1, 10.0.0.1\r\n",
    "X-Forwarded-Proto: https\r\nX-Forwarded-Host: admin.example\r\n",
    "Forwarded: for=10.0.0.1;proto=https;host=admin.example\r\n",
    "Connection: x-forwarded-for, x-forwarded-proto, x-forwarded-host, forwarded, host, via\r\n",
  ];
  await using recorder = await Recorder.open();
  for (const target of ["/", "http://a/", "https://a/", "ftp://a/"]) {
    for (const claim of claims) {
      recorder.requests.length = 0;
      const line = `GET ${target} HTTP/1.1\r\nHost: a\r\n`;
      await exchangeRaw(recorder.url, `${line}${claim}Connection: close\r\n\r\n`);
      const fields = recorder.requests[0]!.headers.filter(([name]) => /forward|host/.test(name));
      assertEquals(fields, [
        ["host", "a"],
        ["x-forwarded-for", "127.0.0.1"],
        ["x-forwarded-host", "a"],
        ["x-forwarded-proto", "http"],
        ["forwarded", 'for=127.0.0.1;host="a";proto=http'],
      ], `${target} ${claim}`);
    }
  }
});

const PLAIN = [[":method", "POST"], [":scheme", "http"], [":path", "/"], [
  ":authority",
  "a",
]] as const;
const SMUGGLED = "0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: b\r\n\r\n";
/** The frames that answer a request: HEADERS, RST_STREAM, GOAWAY. */
const ANSWERS = [1, 3, 7];

Deno.test("hostile clients: HTTP/2 becomes exactly one request, or none", async () => {
  type Fields = readonly (readonly [string, string])[];
  function changed(name: string, value: string, fields: Fields = PLAIN): Fields {
    return fields.map(([key, old]) => [key, key === name ? value : old]);
  }
  function get(path: string): Fields {
    return changed(":method", "GET", changed(":path", path));
  }
  const cases: [what: string, request: Http2Request, requests: string[]][] = [
    ["as it should be", { fields: PLAIN, data: "abc" }, ["POST / a abc"]],
    ["a length", { fields: [...PLAIN, ["content-length", "3"]], data: "abc" }, ["POST / a abc"]],
    // RFC 9113 §8.1.1: what differs from its length is malformed.
    ["a length of 0", { fields: [...PLAIN, ["content-length", "0"]], data: SMUGGLED }, []],
    ["a length of 0, and none", { fields: [...PLAIN, ["content-length", "0"]], data: "" }, [
      "POST / a ",
    ]],
    ["too short a length", { fields: [...PLAIN, ["content-length", "2"]], data: "abc" }, []],
    ["GET with a length", { fields: [...get("/"), ["content-length", "3"]], data: "abc" }, []],
    // RFC 9113 §8.3.1: it is a target only with OPTIONS, and never a part of the host.
    ["an asterisk with OPTIONS", { fields: changed(":method", "OPTIONS", get("*")) }, [
      "OPTIONS * a ",
    ]],
    ["an asterisk with GET", { fields: get("*") }, []],
    ["an asterisk with POST", { fields: changed(":path", "*"), data: "abc" }, []],
    ["an asterisk with GET and a Host", { fields: [...get("*"), ["host", "a"]] }, []],
    ["an asterisk with GET and the same Host", { fields: [...get("*"), ["host", "a*"]] }, []],
    ["a coding", { fields: [...PLAIN, ["transfer-encoding", "chunked"]], data: SMUGGLED }, []],
    ["Connection", { fields: [...PLAIN, ["connection", "x"]] }, []],
    ["a line break in a value", { fields: [...PLAIN, ["x", "a\r\nb: c"]] }, []],
    ["a line break in a name", { fields: [...PLAIN, ["x: a\r\nb", "c"]] }, []],
    ["a line break in the path", { fields: changed(":path", "/ HTTP/1.1\r\nb: c") }, []],
    ["a space in the path", { fields: changed(":path", "/a b") }, []],
    ["a line break in the method", { fields: changed(":method", "GET / HTTP/1.1\r\nb:") }, []],
    ["a line break in the authority", { fields: changed(":authority", "a\r\nb: c") }, []],
    ["a user in the authority", { fields: changed(":authority", "u@a") }, []],
    ["a URL for a scheme", { fields: changed(":scheme", "http://b/?") }, []],
    ["another Host", { fields: [...PLAIN, ["host", "b"]] }, ["POST / a "]],
    ["CONNECT", { fields: [[":method", "CONNECT"], [":authority", "a:80"]] }, []],
  ];
  await using recorder = await Recorder.open();
  for (const [what, request, requests] of cases) {
    recorder.requests.length = 0;
    await using client = await RawClient.connect(recorder.url);
    await client.send(http2Request(request));
    await until(`an answer to ${what}`, async () => {
      return frameTypes(await client.readMore()).some((type) => ANSWERS.includes(type));
    });
    client.close();
    await recorder.quiet();
    assertEquals([recorder.requests.map(told), recorder.faults], [requests, []], what);
  }
});
