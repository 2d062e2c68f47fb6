import { CHUNKS, type ClientCase, GET, passed, POST, refused, SMUGGLED } from "./client_case.ts";

const LENGTH = `Content-Length: ${SMUGGLED.length}\r\n\r\n${SMUGGLED}`;
const TE = "Transfer-Encoding";
/** A smuggled request behind the end of the chunks. */
const BEHIND = `0\r\n\r\n${SMUGGLED}`;

/** Requests whose end two parties might see in two places. */
export const SMUGGLING: readonly ClientCase[] = [
  ...refused({
    "CL.TE": `${POST}Content-Length: 40\r\n${TE}: chunked\r\n\r\n${BEHIND}`,
    "TE.CL": `${POST}${TE}: chunked\r\nContent-Length: 3\r\n\r\n${CHUNKS}${SMUGGLED}`,
    "CL 0 and TE": `${POST}Content-Length: 0\r\n${TE}: chunked\r\n\r\n${BEHIND}`,
    "TE: xchunked": `${POST}${TE}: xchunked\r\n\r\n${BEHIND}`,
    "TE: chunkedx": `${POST}${TE}: chunkedx\r\n\r\n${BEHIND}`,
    "TE: identity": `${POST}${TE}: identity\r\n\r\n${BEHIND}`,
    "TE: chunked, identity": `${POST}${TE}: chunked, identity\r\n\r\n${BEHIND}`,
    "TE: chunked; identity in two lines":
      `${POST}${TE}: chunked\r\n${TE}: identity\r\n\r\n${BEHIND}`,
    "TE: identity; chunked in two lines":
      `${POST}${TE}: identity\r\n${TE}: chunked\r\n\r\n${BEHIND}`,
    "TE: gzip, chunked": `${POST}${TE}: gzip, chunked\r\n\r\n${CHUNKS}`,
    "TE: chunked, gzip": `${POST}${TE}: chunked, gzip\r\n\r\n${CHUNKS}`,
    'TE: "chunked"': `${POST}${TE}: "chunked"\r\n\r\n${BEHIND}`,
    "TE: chunked with a parameter": `${POST}${TE}: chunked;a=b\r\n\r\n${BEHIND}`,
    "TE: nothing": `${POST}${TE}:\r\n\r\n${BEHIND}`,
    "TE with a space before the colon": `${POST}${TE} : chunked\r\n\r\n${BEHIND}`,
    "TE with a tab before the colon": `${POST}${TE}\t: chunked\r\n\r\n${BEHIND}`,
    "TE behind a space": `${POST} ${TE}: chunked\r\n\r\n${BEHIND}`,
    "TE behind a vertical tab": `${POST}${TE}: \x0bchunked\r\n\r\n${BEHIND}`,
    "TE behind NUL": `${POST}${TE}: \0chunked\r\n\r\n${BEHIND}`,
    "TE behind a bare CR": `${POST}X: a\r${TE}: chunked\r\n\r\n${BEHIND}`,
    "TE in a fold": `${POST}${TE}:\r\n chunked\r\n\r\n${BEHIND}`,
    "TE in HTTP/1.0": `POST / HTTP/1.0\r\nHost: a\r\n${TE}: chunked\r\n\r\n${BEHIND}`,
    "two lengths that differ":
      `${POST}Content-Length: 3\r\nContent-Length: 40\r\n\r\nabc${SMUGGLED}`,
    "two lengths that are equal": `${POST}Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc`,
    "a list of lengths": `${POST}Content-Length: 3, 40\r\n\r\nabc${SMUGGLED}`,
    "a list of equal lengths": `${POST}Content-Length: 3, 3\r\n\r\nabc`,
    "length +3": `${POST}Content-Length: +3\r\n\r\nabc${SMUGGLED}`,
    "length -3": `${POST}Content-Length: -3\r\n\r\nabc${SMUGGLED}`,
    "length 0x3": `${POST}Content-Length: 0x3\r\n\r\nabc${SMUGGLED}`,
    "length 3.0": `${POST}Content-Length: 3.0\r\n\r\nabc${SMUGGLED}`,
    "length 1 1": `${POST}Content-Length: 1 1\r\n\r\nabc${SMUGGLED}`,
    "length 3abc": `${POST}Content-Length: 3abc\r\n\r\nabc${SMUGGLED}`,
    "no length": `${POST}Content-Length:\r\n\r\nabc${SMUGGLED}`,
    "length 2^64 + 3": `${POST}Content-Length: 18446744073709551619\r\n\r\nabc${SMUGGLED}`,
    "length with a space before the colon": `${POST}Content-Length : 3\r\n\r\nabc`,
    "length with NUL": `${POST}Content-Length: 3\0\r\n\r\nabc`,
    "h2c with content":
      `POST / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings, close\r\n` +
      `Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\nContent-Length: 3\r\n\r\nabc`,
    "GET with content": `${GET}${LENGTH}`,
    "GET with chunks": `${GET}${TE}: chunked\r\n\r\n${CHUNKS}`,
    "HEAD with content": `HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${LENGTH}`,
  }),
  // The platform closes the connection: the head is fine, and what follows has no meaning.
  ...refused({
    "chunk size 0x3": `${POST}${TE}: chunked\r\n\r\n0x3\r\nabc\r\n0\r\n\r\n`,
    "chunk size +3": `${POST}${TE}: chunked\r\n\r\n+3\r\nabc\r\n0\r\n\r\n`,
    "chunk size -3": `${POST}${TE}: chunked\r\n\r\n-3\r\nabc\r\n0\r\n\r\n`,
    "no chunk size": `${POST}${TE}: chunked\r\n\r\n\r\nabc\r\n0\r\n\r\n`,
    "chunk size 2^64 + 3": `${POST}${TE}: chunked\r\n\r\n10000000000000003\r\nabc\r\n0\r\n\r\n`,
    "chunk size with a bare LF": `${POST}${TE}: chunked\r\n\r\n3\nabc\r\n0\r\n\r\n`,
    "chunk extension with a bare LF":
      `${POST}${TE}: chunked\r\n\r\n3;a\nabc\r\n0\r\n\r\n${SMUGGLED}`,
  }, []),
  ...passed("POST / a abc", {
    "chunk extensions": `${POST}${TE}: chunked\r\n\r\n3;a="b;c"\r\nabc\r\n0;d\r\n\r\n`,
    "trailers":
      `${POST}${TE}: chunked\r\n\r\n3\r\nabc\r\n0\r\nHost: b\r\nContent-Length: 9\r\n\r\n`,
    "announced trailers":
      `${POST}Trailer: Host\r\n${TE}: chunked\r\n\r\n3\r\nabc\r\n0\r\nHost: b\r\n\r\n`,
    "zeros before a chunk size": `${POST}${TE}: chunked\r\n\r\n0003\r\nabc\r\n000\r\n\r\n`,
    "TE: Chunked": `${POST}${TE}: Chunked\r\n\r\n${CHUNKS}`,
    "TE behind a tab": `${POST}${TE}:\tchunked \r\n\r\n${CHUNKS}`,
    "length in white space": `${POST}Content-Length:\t 3 \r\n\r\nabc`,
    "length with zeros before it": `${POST}Content-Length: 0003\r\n\r\nabc`,
    "bytes behind the last request": `${POST}Content-Length: 3\r\n\r\nabc${SMUGGLED}`,
    "a request behind the last chunk": `${POST}${TE}: chunked\r\n\r\n${CHUNKS}${SMUGGLED}`,
    "Connection that names the length": `POST / HTTP/1.1\r\nHost: a\r\n` +
      `Connection: close, content-length\r\nContent-Length: 3\r\n\r\nabc`,
    "Connection that names the coding": `POST / HTTP/1.1\r\nHost: a\r\n` +
      `Connection: close, transfer-encoding\r\n${TE}: chunked\r\n\r\n${CHUNKS}`,
    "Expect: 100-continue": `${POST}Expect: 100-continue\r\nContent-Length: 3\r\n\r\nabc`,
    "Expect: 100-Continue, in chunks":
      `${POST}Expect: 100-Continue\r\n${TE}: chunked\r\n\r\n${CHUNKS}`,
    "Expect: something else": `${POST}Expect: 200-maybe\r\nContent-Length: 3\r\n\r\nabc`,
  }),
  ...passed("POST / a ", {
    "POST without framing": `${POST}\r\n${SMUGGLED}`,
    "Expect without content": `${POST}Expect: 100-continue\r\nContent-Length: 0\r\n\r\n`,
    "no chunk but the last": `${POST}${TE}: chunked\r\n\r\n0\r\n\r\n`,
  }),
  {
    name: "pipelining, each request with its own answer",
    sends: "POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc" +
      `POST /2 HTTP/1.1\r\nHost: b\r\n${TE}: chunked\r\n\r\n${CHUNKS}` +
      "GET /3 HTTP/1.1\r\nHost: c\r\n\r\n" + GET + "\r\n",
    statuses: [200, 200, 200, 200],
    requests: ["POST /1 a abc", "POST /2 b abc", "GET /3 c ", "GET / a "],
  },
  {
    name: "pipelining behind a request that is refused",
    sends: `GET /1 HTTP/1.1\r\nHost: a\r\n${LENGTH}${GET}\r\n`,
    statuses: [400, 200],
    requests: ["GET / a "],
  },
  {
    name: "pipelining behind one that breaks HTTP",
    sends: `GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost : a\r\n\r\n${GET}\r\n`,
    statuses: [200, 400],
    requests: ["GET /1 a "],
  },
];
