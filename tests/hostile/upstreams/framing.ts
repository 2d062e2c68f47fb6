import { BAD, broken, holding, OK, type Script, whole } from "./script.ts";

const CHUNKS = "2\r\nok\r\n0\r\n\r\n";
const STOLEN = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nstolen";

/** A response with these fields, and this content behind its head. */
function answer(fields: string, content: string, statusLine = OK): string {
  return `${statusLine}${fields}\r\n\r\n${content}`;
}

/** Responses whose end two parties might see in two places. */
export const FRAMING: readonly Script[] = [
  ...holding(BAD, {
    "length, then chunked": answer("Content-Length: 2\r\nTransfer-Encoding: chunked", CHUNKS),
    "chunked, then length": answer("Transfer-Encoding: chunked\r\nContent-Length: 2", CHUNKS),
    "length 0 and chunked": answer("Content-Length: 0\r\nTransfer-Encoding: chunked", CHUNKS),
    "length and identity": answer("Content-Length: 2\r\nTransfer-Encoding: identity", "ok"),
    "two lengths that differ": answer("Content-Length: 2\r\nContent-Length: 3", "ok!"),
    "two lengths that differ, far apart": answer(
      "Content-Length: 2\r\nX: a\r\ncontent-length: 0",
      "ok",
    ),
    "a list of lengths": answer("Content-Length: 2, 3", "ok!"),
    "a list of equal lengths": answer("Content-Length: 2, 2", "ok"),
    "length -2": answer("Content-Length: -2", "ok"),
    "length -0": answer("Content-Length: -0", ""),
    "length +2": answer("Content-Length: +2", "ok"),
    "length 0x2": answer("Content-Length: 0x2", "ok"),
    "length 2h": answer("Content-Length: 2h", "ok"),
    "length 2.0": answer("Content-Length: 2.0", "ok"),
    "length 2e0": answer("Content-Length: 2e0", "ok"),
    "length 1 1": answer("Content-Length: 1 1", "okokokokoko"),
    "length 2;": answer("Content-Length: 2;", "ok"),
    'length "2"': answer('Content-Length: "2"', "ok"),
    "no length": answer("Content-Length:", "ok"),
    "length NaN": answer("Content-Length: NaN", "ok"),
    "length Infinity": answer("Content-Length: Infinity", "ok"),
    "length in other digits": answer("Content-Length: \xd9\xa2", "ok"),
    "length 2^53": answer("Content-Length: 9007199254740992", "ok"),
    "length 2^64": answer("Content-Length: 18446744073709551616", "ok"),
    "length 2^64 + 2": answer("Content-Length: 18446744073709551618", "ok"),
    "a length of 1000 digits": answer(`Content-Length: ${"9".repeat(1000)}`, "ok"),
    "a length with 1000 zeros before it": answer(`Content-Length: ${"0".repeat(1000)}2`, "ok"),
    "gzip, chunked": answer("Transfer-Encoding: gzip, chunked", CHUNKS),
    "chunked, gzip": answer("Transfer-Encoding: chunked, gzip", CHUNKS),
    "gzip": answer("Transfer-Encoding: gzip", "ok"),
    "chunked, chunked": answer("Transfer-Encoding: chunked, chunked", CHUNKS),
    "chunked twice": answer("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", CHUNKS),
    "chunked, then identity": answer(
      "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
      CHUNKS,
    ),
    "identity, then chunked": answer(
      "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked",
      CHUNKS,
    ),
    "identity": answer("Transfer-Encoding: identity", "ok"),
    "xchunked": answer("Transfer-Encoding: xchunked", CHUNKS),
    "chunked;": answer("Transfer-Encoding: chunked;", CHUNKS),
    "chunked with a parameter": answer("Transfer-Encoding: chunked;a=b", CHUNKS),
    '"chunked"': answer('Transfer-Encoding: "chunked"', CHUNKS),
    "chunked,": answer("Transfer-Encoding: chunked,", CHUNKS),
    ", chunked": answer("Transfer-Encoding: , chunked", CHUNKS),
    "no coding": answer("Transfer-Encoding:", CHUNKS),
    "chunked behind a vertical tab": answer("Transfer-Encoding: \x0bchunked", CHUNKS),
    "chunked in HTTP/1.0": answer("Transfer-Encoding: chunked", CHUNKS, "HTTP/1.0 200 OK\r\n"),
    "chunked in HTTP/1.0 that stays open": answer(
      "Connection: keep-alive\r\nTransfer-Encoding: chunked",
      CHUNKS,
      "HTTP/1.0 200 OK\r\n",
    ),
    "chunked and length in a 204": answer(
      "Content-Length: 2\r\nTransfer-Encoding: chunked",
      CHUNKS,
      "HTTP/1.1 204 No\r\n",
    ),
    "differing lengths in a 304": answer(
      "Content-Length: 2\r\nContent-Length: 3",
      "",
      "HTTP/1.1 304 No\r\n",
    ),
  }),
  ...holding(whole("ok"), {
    "two lengths that are equal": answer("Content-Length: 2\r\nContent-Length: 2", "ok"),
    "a length with zeros before it": answer("Content-Length: 0000000000000002", "ok"),
    "a length in white space": answer("Content-Length: \t 2 \t", "ok"),
    "Chunked": answer("Transfer-Encoding: Chunked", CHUNKS),
    "chunked in white space": answer("Transfer-Encoding:\t chunked \t", CHUNKS),
    "Connection that names the length": answer(
      "Connection: content-length\r\nContent-Length: 2",
      "ok",
    ),
    "Connection that names the coding": answer(
      "Connection: Transfer-Encoding\r\nTransfer-Encoding: chunked",
      CHUNKS,
    ),
    "Connection full of nothing": answer("Connection: ,, ,\r\nContent-Length: 2", "ok"),
    "HTTP/1.0 that stays open": answer(
      "Connection: Keep-Alive\r\nContent-Length: 2",
      "ok",
      "HTTP/1.0 200 OK\r\n",
    ),
  }).map((script) => ({ ...script, reusable: true })),
  ...holding(whole("ok"), {
    "HTTP/1.0": answer("Content-Length: 2", "ok", "HTTP/1.0 200 OK\r\n"),
    "close": answer("Connection: close\r\nContent-Length: 2", "ok"),
    "close and keep-alive": answer("Connection: keep-alive, Close\r\nContent-Length: 2", "ok"),
    "close in another line": answer(
      "Connection: keep-alive\r\nContent-Length: 2\r\nConnection: close",
      "ok",
    ),
    "bytes behind the end": answer("Content-Length: 2", "okX"),
    "a second response behind the end": answer("Content-Length: 2", `ok${STOLEN}`),
    "a line break behind the end": answer("Content-Length: 2", "ok\r\n"),
    "a second response behind the last chunk": answer(
      "Transfer-Encoding: chunked",
      `${CHUNKS}${STOLEN}`,
    ),
  }),
  ...holding(whole(""), {
    "a second response behind an empty one": answer("Content-Length: 0", STOLEN),
    "a second response behind an empty chunk": answer(
      "Transfer-Encoding: chunked",
      `0\r\n\r\n${STOLEN}`,
    ),
  }),
  ...holding(whole("", 204), {
    "204 with content": answer("Content-Length: 2", "ok", "HTTP/1.1 204 No\r\n"),
    "204 with chunks": answer("Transfer-Encoding: chunked", CHUNKS, "HTTP/1.1 204 No\r\n"),
    "204 with a response behind it": answer("X: a", STOLEN, "HTTP/1.1 204 No\r\n"),
  }),
  ...holding(whole("", 304), {
    "304 with content": answer("Content-Length: 2", "ok", "HTTP/1.1 304 No\r\n"),
    "304 with a response behind it": answer("X: a", STOLEN, "HTTP/1.1 304 No\r\n"),
  }),
  ...holding(whole("", 205), {
    "205 with content": answer("Content-Length: 2", "okX", "HTTP/1.1 205 Reset\r\n"),
    "205 with chunks that do not end": answer(
      "Transfer-Encoding: chunked",
      "2\r\nok\r\n",
      "HTTP/1.1 205 Reset\r\n",
    ),
  }),
  ...holding(whole(""), {
    "HEAD with content": answer("Content-Length: 2", "ok"),
    "HEAD with chunks": answer("Transfer-Encoding: chunked", CHUNKS),
    "HEAD with a response behind it": answer("Content-Length: 6", STOLEN),
  }).map((script) => ({ ...script, method: "HEAD" })),
  ...["ok", "okok", STOLEN].map((late): Script => ({
    name: `late bytes: ${JSON.stringify(late.slice(0, 10))}`,
    bytes: answer("Content-Length: 2", "ok"),
    expected: whole("ok"),
    then: "hold",
    late,
  })),
  {
    name: "late content of a HEAD",
    bytes: answer("Content-Length: 2", ""),
    expected: whole(""),
    method: "HEAD",
    then: "hold",
    late: "ok",
  },
  {
    name: "late chunks of a 204",
    bytes: "HTTP/1.1 204 No\r\nTransfer-Encoding: chunked\r\n\r\n",
    expected: whole("", 204),
    then: "hold",
    late: CHUNKS,
  },
  {
    name: "the largest length, which never comes",
    bytes: answer("Content-Length: 9007199254740991", "ok"),
    expected: broken("ok"),
  },
];
