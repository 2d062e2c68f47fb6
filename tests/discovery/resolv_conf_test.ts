import { assertEquals } from "@std/assert";
import { fullNames, parseResolvConf } from "../../src/discovery/resolv_conf.ts";

Deno.test("parseResolvConf() reads what Kubernetes writes", () => {
  const text = `search default.svc.cluster.local svc.cluster.local cluster.local
nameserver 10.96.0.10
options ndots:5
`;
  assertEquals(parseResolvConf(text), {
    servers: [{ address: "10.96.0.10", port: 53 }],
    search: ["default.svc.cluster.local", "svc.cluster.local", "cluster.local"],
    ndots: 5,
    timeout: 2000,
    attempts: 1,
  });
});

Deno.test("parseResolvConf() skips comments and what it does not know, and takes three servers", () => {
  const text = `# nameserver 10.0.0.9
; nameserver 10.0.0.9
nameserver\t127.0.0.53   # the stub
 nameserver ::1
nameserver fe80::1%eth0
nameserver
nameserver 10.0.0.3\r
nameserver 10.0.0.4
domain a.test
search . b.test. c..d
sortlist 10.0.0.0
options edns0 trust-ad ndots:99
options ndots:x
`;
  const addresses = ["127.0.0.53", "::1", "10.0.0.3"];
  assertEquals(parseResolvConf(text), {
    servers: addresses.map((address) => ({ address, port: 53 })),
    search: ["b.test."],
    ndots: 15,
    timeout: 2000,
    attempts: 1,
  });
  const nothing = { servers: [], search: [], ndots: 1, timeout: 2000, attempts: 1 };
  assertEquals(parseResolvConf(""), nothing);
});

Deno.test("parseResolvConf() reads the time-out and the attempts, within the limits of resolv.conf(5)", () => {
  const cases: [text: string, timeout: number, attempts: number][] = [
    ["options timeout:1 attempts:3", 1000, 3],
    ["options rotate timeout:5\noptions attempts:2 timeout:7", 7000, 2],
    ["options timeout:99 attempts:99", 30_000, 5],
    ["options timeout:0 attempts:0", 1000, 1],
    ["options timeout:x attempts: timeout attempts:-1", 2000, 1],
  ];
  for (const [text, timeout, attempts] of cases) {
    const config = parseResolvConf(text);
    assertEquals([config.timeout, config.attempts], [timeout, attempts], text);
  }
});

Deno.test("fullNames() tries the search list first for names with few dots", () => {
  const config = { search: ["b.test.", "c.test"], ndots: 2 };
  assertEquals(fullNames("a", config), ["a.b.test", "a.c.test", "a"]);
  assertEquals(fullNames("a.b.c", config), ["a.b.c", "a.b.c.b.test", "a.b.c.c.test"]);
  assertEquals(fullNames("a.", config), ["a"]);
  const long = `${"a".repeat(62)}.${"a".repeat(62)}.${"a".repeat(62)}.${"a".repeat(62)}`;
  assertEquals(fullNames(long, config), [long]);
});
