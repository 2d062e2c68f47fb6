import { assertEquals } from "@std/assert";
import * as fc from "fast-check";
import { extractCookie } from "../../../src/proxy/affinity/extract_cookie.ts";

Deno.test("extractCookie() extracts the cookie and leaves the others byte for byte", () => {
  const cases: [string, string, string[]][] = [
    ["b=1", "", ["1"]],
    ["b=1; a=2", "a=2", ["1"]],
    ["a=2; b=1", "a=2", ["1"]],
    ["a=2; b=1; c=3", "a=2; c=3", ["1"]],
    ["a=2;b=1;c=3", "a=2;c=3", ["1"]],
    [' a = 2 ;  b = 1 ; c="3" ', ' a = 2 ; c="3" ', ["1"]],
    ["b=1; b=2; a=3; b=", "a=3", ["1", "2", ""]],
    ["a=2;; b=1;", "a=2;;", ["1"]],
    ["a=\xe9; b=1; c==; d", "a=\xe9; c==; d", ["1"]],
    ["b=1=2", "", ["1=2"]],
  ];
  for (const [field, rest, values] of cases) {
    assertEquals(extractCookie(field, "b"), { rest, values }, field);
  }
});

Deno.test("extractCookie() finds nothing in other cookies", () => {
  for (const field of ["", "a=1", "bb=1", "a=b", "a=b=1", "B=1", "b", "ab=1; ba=b", ";;", "a;b"]) {
    assertEquals(extractCookie(field, "b"), undefined, field);
  }
});

Deno.test("extractCookie() leaves the field as if the cookies had not been sent", () => {
  const cookie = fc.tuple(
    fc.constantFrom("a", "b", "bb", "ab"),
    fc.constantFrom("", "1", "b", "=b"),
  )
    .map((pair) => pair.join("="));
  fc.assert(fc.property(fc.array(cookie, { minLength: 1, maxLength: 8 }), (cookies) => {
    const others = cookies.filter((text) => !text.startsWith("b="));
    const taken = extractCookie(cookies.join("; "), "b");
    if (others.length === cookies.length) assertEquals(taken, undefined);
    else assertEquals(taken?.rest, others.join("; "));
  }));
});
