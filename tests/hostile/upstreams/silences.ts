import { broken, CHUNKED, holding, LATE, OK, type Script } from "./script.ts";

/** Servers that stop in the middle and hold the connection: or drip: only a timeout ends that. */
export const SILENCES: readonly Script[] = [
  ...holding(LATE, {
    "no answer": "",
    "half a status line": "HTTP/1.1 20",
    "half a head": `${OK}X: a\r\n`,
    "a head without its last byte": `${OK}Content-Length: 0\r\n\r`,
    "nothing behind an interim response": "HTTP/1.1 103 Early Hints\r\n\r\n",
  }),
  ...holding(LATE, { "a small length that does not come": `${OK}Content-Length: 5\r\n\r\npart` }),
  ...holding(broken("part"), {
    "a length that does not come": `${OK}Content-Length: 70000\r\n\r\npart`,
    "a chunk that does not come": `${CHUNKED}5\r\npart`,
    "half a chunk size": `${CHUNKED}4\r\npart\r\n1`,
    "half an extension": `${CHUNKED}4\r\npart\r\n1;a`,
    "a last chunk without its end": `${CHUNKED}4\r\npart\r\n0\r\n`,
    "half a trailer": `${CHUNKED}4\r\npart\r\n0\r\nT: `,
    "content without a close": `${OK}\r\npart`,
  }),
  { name: "a head that drips", bytes: `${OK}X: `, drip: "a", expected: LATE },
  { name: "fields that drip", bytes: OK, drip: "a: b\r\n", expected: LATE },
  {
    name: "an extension that drips",
    bytes: `${CHUNKED}4\r\npart\r\n1;`,
    drip: "a",
    expected: broken("part"),
  },
];
