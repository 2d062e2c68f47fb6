import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { parseConfig } from "../../src/config/config.ts";
import { BalancerError, type Fault } from "../../src/model/errors.ts";

const UINT32 = "must be a whole number from 0 to 4294967295";
const UNKNOWN = "is not known here; remove it or correct its spelling";

function faultsOf(yaml: string): readonly Fault[] {
  const error = assertThrows(() => parseConfig(yaml), BalancerError);
  assertEquals(error.code, "invalid");
  return error.faults;
}

/** The fault of a server's field, which must be the only one. */
function faultOf(field: string, value: string): string {
  const url = field === "url" ? "" : "url: http://a, ";
  const [fault, ...rest] = faultsOf(`- {${url}${field}: ${value}}`);
  assertEquals(rest, []);
  assertEquals(fault?.path, `servers[0].${field}`);
  return fault!.message;
}

Deno.test("parseConfig() reports sources and name servers that cannot be looked up", () => {
  assertEquals(faultOf("discover", "srv"), 'must be dns or dns-srv; not "srv"');
  const cases = [["http://127.0.0.1:80", "dns"], ["http://_a._tcp.b:80", "dns-srv"]];
  for (const [url, discover] of cases) {
    const [fault, ...rest] = faultsOf(`- { url: "${url}", discover: ${discover} }`);
    assertEquals([fault?.path, rest], ["servers[0].url", []]);
    assertStringIncludes(fault!.message, `"${url}" has `);
  }
  const [server] = faultsOf("dns: { server: consul }");
  assertEquals(server?.path, "dns.server");
  assertStringIncludes(server!.message, "must be the IP address of a name server");
});

Deno.test("parseConfig() reports every fault at once, with path, value and the allowed values", () => {
  const faults = faultsOf(`
port: 70000
api_port: "8000"
grace_period: -1
colour: red
health_check:
  path: healthz
  timeout: 0
  min_status: 99
  max_status: 600
  rise: 0
  fall: 1.5
  method: HEAD
servers:
  - url: http://127.0.0.1:3001
  - name: ""
  - url: ftp://example.com
    weight: -1
    health_check_period: 4294967296
    wieght: 2
`);
  assertEquals(Object.fromEntries(faults.map(({ path, message }) => [path, message])), {
    "port": "must be a whole number from 1 to 65535; not 70000",
    "api_port": 'must be a whole number from 1 to 65535; not "8000"',
    "grace_period": "must be a number of seconds from 0 to 86400; not -1",
    "colour": UNKNOWN,
    "health_check.path": 'must be a path that begins with / and has no spaces; not "healthz"',
    "health_check.timeout": "must be a number of seconds from 0.001 to 3600; not 0",
    "health_check.min_status": "must be a whole number from 100 to 599; not 99",
    "health_check.max_status": "must be a whole number from 100 to 599; not 600",
    "health_check.rise": "must be a whole number from 1 to 100; not 0",
    "health_check.fall": "must be a whole number from 1 to 100; not 1.5",
    "health_check.method": UNKNOWN,
    "servers[1].url": "must be a URL such as http://127.0.0.1:3001; it is missing",
    "servers[1].name": 'must be text of 1 to 255 characters without control characters; not ""',
    "servers[2].url": '"ftp://example.com" does not begin with http:// or https://; ' +
      "it must be a URL such as http://127.0.0.1:3001",
    "servers[2].weight": `${UINT32}; not -1`,
    "servers[2].health_check_period": `${UINT32}; not 4294967296`,
    "servers[2].wieght": UNKNOWN,
  });
});

Deno.test("parseConfig() reports the same paths for a plain list of servers", () => {
  const faults = faultsOf("- url: http://a\n- url: http://b\n- url: http://c\n  weight: -1\n");
  assertEquals(faults, [{ path: "servers[2].weight", message: `${UINT32}; not -1` }]);
});

Deno.test("parseConfig() refuses numbers that are not unsigned 32-bit integers", () => {
  const shown = {
    ".nan": "NaN",
    ".inf": "Infinity",
    "-.inf": "-Infinity",
    "1e400": "Infinity",
    "-1": "-1",
    "0.5": "0.5",
    "1.0000001": "1.0000001",
    "4294967296": "4294967296",
    "9007199254740993": "9007199254740992",
  };
  for (const [value, found] of Object.entries(shown)) {
    assertEquals(faultOf("weight", value), `${UINT32}; not ${found}`);
    assertEquals(faultOf("health_check_period", value), `${UINT32}; not ${found}`);
  }
});

Deno.test("parseConfig() refuses values of the wrong type", () => {
  const shown = {
    '"2"': '"2"',
    "two": '"two"',
    "true": "true",
    "null": "null",
    "[]": "an empty list",
    "[2]": "a list",
    "{a: 2}": "a mapping",
  };
  for (const [value, found] of Object.entries(shown)) {
    assertEquals(faultOf("weight", value), `${UINT32}; not ${found}`);
  }
  for (const value of ["2", "true", "null", "[x]", "{a: b}", ".nan"]) {
    assertStringIncludes(faultOf("name", value), "must be text of 1 to 255 characters");
    assertStringIncludes(faultOf("url", value), "must be a URL such as http://127.0.0.1:3001; not");
  }
});

Deno.test("parseConfig() refuses names that are too long or have control characters", () => {
  for (const value of ['"\\e[31m"', '"a\\nb"', '"\\x85"', '"\\x7f"', "x".repeat(256)]) {
    assertStringIncludes(faultOf("name", value), "must be text of 1 to 255 characters");
  }
  assertEquals(parseConfig(`- {url: http://a, name: ${"x".repeat(255)}}`).servers.length, 1);
});

Deno.test("parseConfig() refuses URLs that cannot be a server's", () => {
  const reasons = {
    "javascript:alert(1)": "does not begin with http:// or https://",
    "file:///etc/passwd": "does not begin with http:// or https://",
    "//example.com": "does not begin with http:// or https://",
    "http://": "is not a URL that can be parsed",
    "http://a:99999": "is not a URL that can be parsed",
    "http://a:0": "has port 0",
    "http://me:secret@a": "contains a user name or password",
    "http://@a": "contains a user name or password",
    "http://a/?": "contains a query",
    "http://a/#": "contains a fragment",
    "http://a b": "contains a space",
    "http:\\\\\\\\a": "contains a space, a control character or a backslash",
    "http://a\\t": "contains a space, a control character or a backslash",
    [`http://a/${"x".repeat(2048)}`]: "is 2057 characters long; at most 2048 are allowed",
  };
  for (const [url, reason] of Object.entries(reasons)) {
    assertStringIncludes(faultOf("url", `"${url}"`), reason);
  }
});

Deno.test("parseConfig() refuses a URL that is there twice, in any spelling", () => {
  const message = "is a duplicate: servers[0] has the same URL";
  for (const other of ["http://example.com/app", "HTTP://Example.COM:80/app/"]) {
    const list = `- url: http://example.com/app\n- url: http://b\n- url: ${other}\n`;
    assertEquals(faultsOf(list), [{ path: "servers[2].url", message: `"${other}" ${message}` }]);
    const mapping = `servers: [{url: http://example.com/app}, {url: ${other}}]`;
    assertEquals(faultsOf(mapping), [{ path: "servers[1].url", message: `"${other}" ${message}` }]);
  }
});

Deno.test("parseConfig() reports a duplicate URL beside all other faults", () => {
  const faults = faultsOf(`
- {url: http://a, weight: x}
- {url: nope}
- {url: http://a, wieght: 1}
- {name: three}
- null
- http://a
- {url: http://A/}
`);
  assertEquals(faults.map(({ path }) => path).sort(), [
    "servers[0].weight",
    "servers[1].url",
    "servers[2].url",
    "servers[2].wieght",
    "servers[3].url",
    "servers[4]",
    "servers[5]",
    "servers[6].url",
  ]);
});

Deno.test("parseConfig() refuses a mapping key that is there twice", () => {
  for (const yaml of ["- url: http://a\n  url: http://b\n", "port: 1\nservers: []\nport: 2\n"]) {
    const [fault, ...rest] = faultsOf(yaml);
    assertEquals(rest, []);
    assertEquals(fault?.path, "");
    assertStringIncludes(fault!.message, "it is not valid YAML: ");
    assertStringIncludes(fault!.message, "duplicated key at line ");
  }
});

Deno.test("parseConfig() refuses keys that every object inherits", () => {
  for (const key of ["__proto__", "constructor", "toString", "hasOwnProperty"]) {
    assertEquals(faultsOf(`- {url: http://a, ${key}: {weight: 2}}`), [
      { path: `servers[0].${key}`, message: UNKNOWN },
    ]);
    assertEquals(faultsOf(`${key}: {port: 2}`), [{ path: key, message: UNKNOWN }]);
  }
});

Deno.test("parseConfig() shows an unknown key that is empty or has control characters", () => {
  assertEquals(faultsOf('"": 1'), [{ path: '""', message: UNKNOWN }]);
  assertEquals(faultsOf('"\\e[31m": 1'), [{ path: "\ufffd[31m", message: UNKNOWN }]);
});

Deno.test("parseConfig() refuses a document that is neither a list nor a mapping", () => {
  const allowed = "must be a list of servers, or a mapping with servers: and settings";
  const shown = { "5": "5", "true": "true", "http://127.0.0.1:3001": '"http://127.0.0.1:3001"' };
  for (const [yaml, found] of Object.entries(shown)) {
    assertEquals(faultsOf(yaml), [{ path: "", message: `${allowed}; not ${found}` }]);
  }
  for (const yaml of ["- http://127.0.0.1:3001", "- 5", "- ~", "- []"]) {
    assertEquals(faultsOf(yaml)[0]?.path, "servers[0]");
  }
  assertEquals(faultsOf("servers:\n"), [
    { path: "servers", message: "must be a list of servers; not null" },
  ]);
});

Deno.test("parseConfig() refuses text that is not YAML, or more than one document", () => {
  const texts = [
    "[",
    "- url: http://a\n weight: 1",
    "port: 1: 2",
    "a: *nothing",
    "- {}\n---\n- {}",
    "\u0000",
    "!!js/function x",
    "[".repeat(20_000),
  ];
  for (const text of texts) {
    const [fault, ...rest] = faultsOf(text);
    assertEquals(rest, []);
    assertEquals(fault?.path, "");
    assertStringIncludes(fault!.message, "it is not valid YAML: ");
    assert(!fault!.message.includes("\n"), "the message is one line");
  }
});

Deno.test("parseConfig() escapes control characters in messages", () => {
  const texts = ["- !<tag:\u001b[31m> x", '- {url: "\\e[31m\\u202e"}', '- {url: "a\\u2028b"}'];
  for (const text of texts) {
    const { message } = assertThrows(() => parseConfig(text), BalancerError);
    assertStringIncludes(message, "\ufffd");
    // deno-lint-ignore no-control-regex
    assertEquals(message.match(/[\u0000-\u001f\u2028\u202e]/), null);
  }
});

Deno.test("parseConfig() shortens a long value in its message", () => {
  assert(faultOf("url", "x".repeat(5000)).length < 200);
});

Deno.test("parseConfig() reports faults of etcd", () => {
  const faults = faultsOf(`
etcd:
  endpoints: [http://a, 127.0.0.1:2379, "http://u:p@a", "http://[", "http://a/path"]
  prefix: /ä/
  user: root
  key_file: k
  optional: maybe
  tls: true
`);
  const url = "must be a URL such as http://10.0.0.1:2379, without a path or a user";
  assertEquals(Object.fromEntries(faults.map(({ path, message }) => [path, message])), {
    "etcd.endpoints[1]": `${url}; not "127.0.0.1:2379"`,
    "etcd.endpoints[2]": `${url}; not "http://u:p@a"`,
    "etcd.endpoints[3]": `"http://[" ${url}`,
    "etcd.endpoints[4]": `${url}; not "http://a/path"`,
    "etcd.prefix": 'must be 1 to 200 ASCII characters without spaces; not "/ä/"',
    "etcd.optional": 'must be true or false; not "maybe"',
    "etcd.tls": UNKNOWN,
  });
  assertEquals(faultsOf("etcd: {endpoints: [http://a], user: root, key_file: k}"), [
    { path: "etcd.user", message: '"root" requires password_file as well' },
    { path: "etcd.key_file", message: '"k" requires cert_file as well' },
  ]);
  assertEquals(faultsOf("etcd: {endpoints: []}"), [
    { path: "etcd.endpoints", message: "must have at least one URL; not an empty list" },
  ]);
  assertEquals(faultsOf("etcd: {}").map(({ path }) => path), ["etcd.endpoints"]);
});
