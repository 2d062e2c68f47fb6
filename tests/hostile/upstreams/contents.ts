import {
  broken,
  CHUNKED,
  type Expected,
  holding,
  INCOMPLETE,
  NOTHING,
  OK,
  type Script,
  whole,
} from "./script.ts";

/** Chunks that break RFC 9112 §7.1 behind one that does not. */
const BAD_CHUNKS: Readonly<Record<string, string>> = {
  "no size": "\r\nok\r\n0\r\n\r\n",
  "size x": "x\r\nok\r\n0\r\n\r\n",
  "size 0x2": "0x2\r\nok\r\n0\r\n\r\n",
  "size -2": "-2\r\nok\r\n0\r\n\r\n",
  "size +2": "+2\r\nok\r\n0\r\n\r\n",
  "size 2h": "2h\r\nok\r\n0\r\n\r\n",
  "size 2_": "2_\r\nok\r\n0\r\n\r\n",
  "a space before the size": " 2\r\nok\r\n0\r\n\r\n",
  "a size in two parts": "0 2\r\nok\r\n0\r\n\r\n",
  "size 2^64 + 2": "10000000000000002\r\nok\r\n0\r\n\r\n",
  "a size of 1000 zeros": `${"0".repeat(1000)}\r\n\r\n`,
  "NUL in a size": "2\0\r\nok\r\n0\r\n\r\n",
  "a bare LF behind a size": "2\nok\r\n0\r\n\r\n",
  "a bare CR behind a size": "2\rok\r\n0\r\n\r\n",
  "a bare LF behind the data": "2\r\nok\n0\r\n\r\n",
  "no line break behind the data": "2\r\nok0\r\n\r\n",
  "more data than the size says": "2\r\nokX\r\n0\r\n\r\n",
  "an extension with a bare LF": "2;a\nb\r\nok\r\n0\r\n\r\n",
  "an extension with a bare CR": "2;a\rb\r\nok\r\n0\r\n\r\n",
  "an extension with NUL": "2;a\0\r\nok\r\n0\r\n\r\n",
  "an extension of 9000 bytes": `2;${"a".repeat(9000)}\r\nok\r\n0\r\n\r\n`,
  "an extension that never ends": `2;${"a".repeat(100_000)}`,
};

/** How much of the data of the bad chunk is passed on before its fault shows. */
const PASSED: Readonly<Record<string, string>> = {
  "a bare LF behind the data": "ok",
  "no line break behind the data": "ok",
  "more data than the size says": "ok",
};

/** Ends of chunked content that break it. */
const BAD_ENDS: Readonly<Record<string, string>> = {
  "a bare LF behind the last size": "0\n\r\n",
  "a bare LF for the last line": "0\r\n\n",
  "a trailer with a bare LF": "0\r\nT: 1\n\r\n",
  "a trailer of 9000 bytes": `0\r\nT: ${"a".repeat(9000)}\r\n\r\n`,
  "101 trailers": `0\r\n${"T: 1\r\n".repeat(101)}\r\n`,
  "trailers without end": `0\r\n${"T: 1\r\n".repeat(20_000)}`,
};

/** Unusual but valid chunked content. */
const GOOD_CHUNKS: Readonly<Record<string, string>> = {
  "extensions": '2;a;b=c;d="e f" \r\nok\r\n0;z\r\n\r\n',
  "white space behind a size": "2 \t\r\nok\r\n0 \r\n\r\n",
  "zeros before a size": "0000000000002\r\nok\r\n000\r\n\r\n",
  "a chunk for each byte": "1\r\no\r\n1\r\nk\r\n0\r\n\r\n",
  "trailers": "0\r\nA: 1\r\nContent-Length: 9\r\nTransfer-Encoding: gzip\r\n\r\n",
  "100 trailers": `0\r\n${"T: 1\r\n".repeat(100)}\r\n`,
};

const WHOLE = `${OK}Content-Length: 5\r\n\r\nhello`;
const PIECES = `${CHUNKED}3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n`;
const EMPTY = "HTTP/1.1 204 No Content\r\nX: a\r\n\r\n";

/** Contents that break their framing, or end where they must not. */
export const CONTENTS: readonly Script[] = [
  ...Object.entries(BAD_CHUNKS).flatMap(([name, bytes]) => [
    ...holding(broken(`first${PASSED[name] ?? ""}`), {
      [name]: `${CHUNKED}5\r\nfirst\r\n${bytes}`,
    }),
    ...holding(broken(PASSED[name] ?? ""), { [`${name}, at once`]: `${CHUNKED}${bytes}` }),
  ]),
  ...holding(
    broken("first"),
    mapValues(BAD_ENDS, (bytes) => `${CHUNKED}5\r\nfirst\r\n${bytes}`),
  ),
  ...Object.entries(GOOD_CHUNKS).flatMap(([name, bytes]) =>
    holding(whole(name.includes("trailers") ? "" : "ok"), { [name]: CHUNKED + bytes })
      .map((script) => ({ ...script, reusable: true }))
  ),
  ...everyEnd("with a length", WHOLE, "hello"),
  ...everyEnd("in chunks", PIECES, "hello"),
  ...everyEnd("without content", EMPTY, ""),
  {
    name: "until the close",
    bytes: `${OK}\r\nall of it`,
    expected: whole("all of it"),
  },
  {
    name: "until the close, HTTP/1.0",
    bytes: "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\nall of it",
    expected: whole("all of it"),
  },
  {
    name: "until a reset",
    bytes: `${OK}\r\npart of it`,
    expected: broken("part of it"),
    then: "reset",
  },
  {
    name: "until a reset, before any content",
    bytes: `${OK}\r\n`,
    expected: broken(""),
    then: "reset",
  },
];

/** The response, broken off behind each of its bytes: once closed, once reset. */
function everyEnd(name: string, response: string, body: string): Script[] {
  const head = response.indexOf("\r\n\r\n") + 4;
  return Array.from(response + "$", (_, length) => length).flatMap((length) =>
    (["close", "reset"] as const).map((then): Script => ({
      name: `${name}: ${then} behind byte ${length} of ${response.length}`,
      bytes: response.slice(0, length),
      expected: expectedEnd(response, body, { length, head }),
      then,
    }))
  );
}

function expectedEnd(
  response: string,
  body: string,
  { length, head }: { length: number; head: number },
): Expected {
  if (length === 0) return NOTHING;
  if (length < head) return INCOMPLETE;
  const status = Number(response.slice(9, 12));
  if (length === response.length) return whole(body, status);
  // Small content of a known length is passed on when all of it is there.
  if (response.includes("Content-Length")) return INCOMPLETE;
  // The content within the received bytes: everything but letters is framing.
  return broken(response.slice(head, length).replace(/[^a-z]/g, ""), status);
}

function mapValues(
  record: Readonly<Record<string, string>>,
  change: (value: string) => string,
): Record<string, string> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}
