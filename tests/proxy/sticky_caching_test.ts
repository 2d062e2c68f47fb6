import { assertEquals } from "@std/assert";
import { serveBalancer } from "../testing/balancer.ts";
import { exchangeRaw } from "../testing/raw_client.ts";
import { answering } from "../testing/raw_server.ts";

const END = "Host: a\r\nConnection: close\r\n\r\n";

/** The lines of `Cache-Control` and the number of cookies that a client receives. */
async function received(
  { method = "GET", status = 200, fields = "", sticky = true, cookie = "" },
): Promise<{ caching: string[]; cookies: string[] }> {
  await using server = answering(
    `HTTP/1.1 ${status} X\r\n${fields}${
      status === 204 || status === 304 ? "" : "Content-Length: 0\r\n"
    }\r\n`,
  );
  await using served = await serveBalancer(
    [server.url],
    sticky ? { sticky: { secret: "a secret of tests" } } : {},
  );
  const ask = async (more: string) => {
    const response = await exchangeRaw(served.url, `${method} / HTTP/1.1\r\n${more}${END}`);
    return (name: string) => {
      const lines = response.split("\r\n").filter((line) => line.toLowerCase().startsWith(name));
      return lines.map((line) => line.slice(name.length));
    };
  };
  let lines = await ask("");
  if (cookie === "known") {
    lines = await ask(`Cookie: ${lines("set-cookie: ")[0]!.split(";")[0]}\r\n`);
  }
  return { caching: lines("cache-control: "), cookies: lines("set-cookie: ") };
}

function cacheControl(value: string): string {
  return `Cache-Control: ${value}\r\n`;
}

Deno.test("sticky sessions keep a response with their cookie out of shared caches", async () => {
  // RFC 9110 §15.1: these are cacheable by default.
  for (const status of [200, 203, 204, 206, 300, 301, 304, 308, 404, 405, 410, 414, 501]) {
    assertEquals((await received({ status })).caching, ["private"], String(status));
  }
  assertEquals((await received({ method: "HEAD" })).caching, ["private"]);
  for (
    const value of [
      "public",
      "public, max-age=60",
      "max-age=60",
      "max-age=0, s-maxage=60",
      "no-store, must-understand",
      'private="x-user"',
      'no-cache="x-user, x"',
      'x="no-store"',
      "no-storetime",
    ]
  ) {
    const { caching } = await received({ fields: cacheControl(value) });
    assertEquals(caching, [value, "private"]);
  }
  const expires = "Expires: Thu, 01 Jan 2099 00:00:00 GMT\r\n";
  for (const fields of [cacheControl("public"), cacheControl("s-maxage=5"), expires]) {
    assertEquals((await received({ status: 302, fields })).caching.at(-1), "private", fields);
    assertEquals((await received({ method: "POST", fields })).caching.at(-1), "private", fields);
  }
});

Deno.test("sticky sessions do not change a response that shared caches must not reuse", async () => {
  for (
    const value of [
      "no-store",
      "private",
      "Private, max-age=60",
      "no-cache",
      "max-age=0",
      "max-age=60, s-maxage=0",
      'private="set-cookie"',
      'no-cache="X-User, Set-Cookie"',
    ]
  ) {
    const { caching, cookies } = await received({ fields: cacheControl(value) });
    assertEquals([caching, cookies.length], [[value], 1]);
  }
  assertEquals((await received({ fields: "Pragma: no-cache\r\n" })).caching, []);
});

Deno.test("sticky sessions do not change a response that no cache stores", async () => {
  for (const status of [201, 302, 307, 403, 500, 503]) {
    assertEquals((await received({ status })).caching, [], String(status));
  }
  for (const method of ["POST", "PUT", "DELETE", "OPTIONS"]) {
    assertEquals((await received({ method })).caching, [], method);
  }
});

Deno.test("sticky sessions do not change a response that needs no cookie", async () => {
  const fields = cacheControl("public, max-age=60");
  const kept = { caching: ["public, max-age=60"], cookies: [] };
  assertEquals(await received({ fields, cookie: "known" }), kept);
  assertEquals(await received({ fields, sticky: false }), kept);
});
