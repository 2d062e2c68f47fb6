import type { LogRecord } from "@logtape/logtape";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { formatJsonLine } from "../../../src/observability/logging/json_lines.ts";
import { prettyLines } from "../../../src/observability/logging/pretty_lines.ts";

/** Each kind of character that controls a terminal, breaks a line or reverses text. */
const HOSTILE = '\u001b[2J\r\n{"level":"fatal"}\u0007\u007f\u009b31m\u0085\u2028\u202e\u2066\u200f';
// deno-lint-ignore no-control-regex
const DRIVING = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/;

function record(properties: Record<string, unknown>, ...message: unknown[]): LogRecord {
  return {
    category: ["ballast", "proxy"],
    level: "warning",
    message,
    rawMessage: "",
    timestamp: Date.UTC(2026, 0, 2, 3, 4, 5, 6),
    properties,
  };
}

function hostileError(): Error {
  const cause = new Error(HOSTILE);
  // Nor can it imitate a stack frame.
  return new Error(`${HOSTILE}\n    at fake (file:///a.ts:1:1)`, { cause });
}

Deno.test("formatJsonLine() writes a record as a line of JSON", () => {
  assertEquals(
    formatJsonLine(record({ url: "http://a", count: 2 }, "", "http://a", " failed ", 2, " times")),
    '{"time":"2026-01-02T03:04:05.006Z","level":"warning","logger":"ballast.proxy",' +
      '"message":"http://a failed 2 times","properties":{"url":"http://a","count":2}}\n',
  );
  assertEquals(
    formatJsonLine(record({}, "plain")),
    '{"time":"2026-01-02T03:04:05.006Z","level":"warning","logger":"ballast.proxy",' +
      '"message":"plain"}\n',
  );
});

Deno.test("formatJsonLine() preserves every value, and none controls a terminal or ends the line", () => {
  const error = hostileError();
  const line = formatJsonLine(record({ text: HOSTILE, error }, HOSTILE, HOSTILE, "", error, ""));
  assert(!DRIVING.test(line) && line.indexOf("\n") === line.length - 1, line);
  const { message, properties } = JSON.parse(line);
  assertEquals(properties.text, HOSTILE);
  assertEquals(properties.error.message, error.message);
  assertEquals(properties.error.cause.message, HOSTILE);
  assertStringIncludes(properties.error.stack, "hostileError");
  assertEquals(message, `${HOSTILE}${HOSTILE}${error}`);
});

Deno.test("formatJsonLine() writes values that JSON cannot represent", () => {
  const ring: Record<string, unknown> = { big: 10n };
  assertEquals(JSON.parse(formatJsonLine(record({ ring }, "m"))).properties.ring.big, "10");
  ring.self = ring;
  const failing = {
    toJSON(): never {
      throw new Error("no");
    },
  };
  for (const value of [ring, failing, Symbol("s"), () => {}, undefined, NaN]) {
    const { time } = JSON.parse(formatJsonLine(record({ value }, "", value, "")));
    assertEquals(time, "2026-01-02T03:04:05.006Z");
  }
});

Deno.test("prettyLines() writes a line for people, with colours if wanted", () => {
  const seen = record({ url: "http://a" }, "", "http://a", " is ", 2, "");
  assertEquals(
    prettyLines(false)(seen),
    "2026-01-02T03:04:05.006Z [WRN] ballast.proxy: http://a is 2\n",
  );
  assertStringIncludes(prettyLines(true)(seen), "\u001b[32mhttp://a\u001b[39m is ");
});

Deno.test("prettyLines() lets no text control the terminal or begin a line", () => {
  for (const part of [HOSTILE, { [HOSTILE]: HOSTILE }, [HOSTILE]]) {
    const line = prettyLines(false)(record({}, HOSTILE, part, HOSTILE));
    assert(!DRIVING.test(line) && line.indexOf("\n") === line.length - 1, line);
  }
  const error = hostileError();
  const lines = prettyLines(false)(record({}, "", error, "")).split("\n").slice(1, -1);
  assert(lines.length > 1);
  for (const line of lines) {
    assert(!DRIVING.test(line), line);
    assertMatch(line, /^ {4}at (?!fake)|^ {2}caused by Error: \\u001b/);
  }
});
