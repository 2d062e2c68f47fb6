import * as fc from "fast-check";
import { POLICY_NAMES } from "../../../src/model/settings.ts";
import { damaged, NUMBER_TEXTS, ODD_KEYS, oddText } from "./odd_values.ts";

/** Every setting with values that are allowed. */
const SETTINGS: Readonly<Record<string, readonly string[]>> = {
  host: ["127.0.0.1", "localhost", '"::1"'],
  port: ["1", "8080", "65535"],
  api_host: ["127.0.0.1"],
  api_port: ["8000"],
  workers: ["1", "256", "auto"],
  grace_period: ["0", "0.5", "86400"],
  tls: ["{cert: a.pem, key: b.pem}"],
  api_token_file: ["token"],
  api_without_token: ["true", "false"],
  policy: POLICY_NAMES,
  sticky: ["cookie"],
  sticky_secret_file: ["secret"],
  trusted_proxies: ["[]", "[127.0.0.1, 10.0.0.0/8, '::1']"],
  timeouts: ["{}", "{connect: 0.001, response: 86400, content: 1, keep_alive: 2, queue: 3}"],
  retries: ["{tries: 1, budget: 0}", "{tries: 100}"],
  ejection: ["{connection_failures: 0, failed_responses: 1000}", "{backoff: 1, max_share: 100}"],
  slow_start: ["0", "3600", "1.5"],
  limits: ["{request_body: 0, request_head: 1024, queue: 0}", "{request_head: 65536}"],
  upstream_tls: ["{}", "{ca_file: ca.pem, server_name: a.example}"],
  health_check: ["{path: /up, timeout: 0.001, rise: 1, fall: 100}", "{min_status: 100}"],
};

const SERVER_FIELDS: Readonly<Record<string, readonly string[]>> = {
  name: ["one", '"\u4e16"', "'it''s'"],
  weight: ["0", "1", "4294967295", "0x10", "1_0"],
  health_check_period: ["0", "10"],
  max_connections: ["0", "100"],
};

/** Scalars and nodes in which YAML hides surprises. */
const ODD_NODES: readonly string[] = [
  ["~", "null", "", "yes", "no", "True", "0o17", "017", "0b1", "190:20:30", "1e3", ".inf", "-.INF"],
  [".nan", "+1", "-0", "1_000", "0x_", "2001-12-14", "2001-12-14t21:59:43.10-05:00", "=", "<<"],
  ["!!str 1", "!!int '1'", "!!float 1", "!!null a", "!!bool x", "!!binary aGk=", "!!binary '*'"],
  ["!!set {a, b}", "!!omap [a: 1, b: 2]", "!!pairs [a: 1, a: 2]", "!!seq {}", "!!map []"],
  ["!!timestamp 2001-12-14", "!!js/function 'a'", "!!js/regexp /a/", "!!python/object:a {}"],
  ["!foo bar", "!<tag:a> b", "! a", "!!", "&a 1", "*a", "*b", "&b [*b]", "&c {c: *c}", "&a"],
  [
    "|\n    a\n    b",
    ">-\n    a",
    "|9\n a",
    "'",
    '"',
    '"\\x"',
    '"\\u0000"',
    '"\\ud800"',
    '"\\',
    "`a",
  ],
  [
    "@a",
    "%a",
    "[",
    "]",
    "{",
    "}",
    "[[[[]]]]",
    "{a: {b: {c: {}}}}",
    "[1, 2",
    "{a: 1",
    "{a, b}",
    "[a: 1]",
  ],
  [
    "? a",
    "? [a]\n  : b",
    "{[a]: b}",
    "{{a: b}: c}",
    "- a",
    "a: b",
    "a: b: c",
    "# a",
    "a # b",
    "a#b",
  ],
  [
    "__proto__",
    "{__proto__: {a: 1}}",
    "{constructor: 1}",
    "\u0000",
    "\u0007",
    "\ufeff",
    "\u2028",
    "\t",
  ],
].flat();

const oddNode = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...ODD_NODES) },
  fc.constantFrom(...NUMBER_TEXTS),
  oddText(),
  oddText().map((text) => JSON.stringify(text)),
  fc.json({ maxDepth: 2 }),
  fc.constantFrom(...Object.values(SETTINGS).flat()),
);

/** Mostly what is allowed, now and then something odd. */
function value(allowed: readonly string[]): fc.Arbitrary<string> {
  return fc.oneof({ weight: 12, arbitrary: fc.constantFrom(...allowed) }, oddNode);
}

const url = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.integer({ min: 3000, max: 3020 }).map((port) => `http://127.0.0.1:${port}`),
  },
  fc.constantFrom("HTTPS://LocalHost/app/", "'http://[::1]'", "127.0.0.1:3000", "3000", "http://"),
  oddNode,
);

const server = fc.tuple(url, fc.subarray(Object.keys(SERVER_FIELDS))).chain(([at, keys]) =>
  fc.tuple(...keys.map((key) => value(SERVER_FIELDS[key]!))).map((
    values,
  ) => [`url: ${at}`, ...keys.map((key, index) => `${key}: ${values[index]}`)])
);

const serverItem = fc.oneof(
  { weight: 9, arbitrary: server.map((fields) => `- ${fields.join("\n  ")}`) },
  server.map((fields) => `- &s {${fields.join(", ")}}\n- *s`),
  server.map((fields) => `- &s\n  ${fields.join("\n  ")}\n- {<<: *s, url: "http://127.0.0.1:9"}`),
  oddNode.map((node) => `- ${node}`),
);

const servers = fc.array(serverItem, { maxLength: 4 }).map((items) => items.join("\n"));

const settings = fc.subarray(Object.keys(SETTINGS), { maxLength: 6 }).chain((keys) =>
  fc.tuple(...keys.map((key) => value(SETTINGS[key]!))).map((values) =>
    keys.map((key, index) => `${key}: ${values[index]}`).join("\n")
  )
);

const line = fc.oneof(
  fc.tuple(fc.constantFrom(...ODD_KEYS, ...Object.keys(SETTINGS)), oddNode)
    .map(([key, node]) => `${JSON.stringify(key)}: ${node}`),
  fc.constantFrom(
    "---",
    "...",
    "%YAML 1.2\n---",
    "%TAG ! a\n---",
    "<<: {port: 1}",
    "<<: *a",
    "# a",
  ),
);

const longForm = fc.tuple(settings, servers, fc.option(line, { freq: 3, nil: "" })).map(
  ([head, list, odd]) => `${odd}\n${head}\nservers:\n${list}\n`,
);

/** The billion laughs: each level has the one before it some times. */
const laughs = fc.record({
  levels: fc.integer({ min: 1, max: 30 }),
  width: fc.integer({ min: 1, max: 10 }),
  under: fc.constantFrom("servers", "trusted_proxies", "timeouts", "host", "<<"),
  merged: fc.boolean(),
}).map(({ levels, width, under, merged }) => {
  const lines = [merged ? "l0: &l0 {a: b}" : "l0: &l0 [a]"];
  for (let level = 1; level <= levels; level++) {
    const before = Array(width).fill(`*l${level - 1}`).join(", ");
    lines.push(
      `l${level}: &l${level} ${merged ? `{<<: [${before}], k${level}: 1}` : `[${before}]`}`,
    );
  }
  return `${lines.join("\n")}\n${under}: *l${levels}\n`;
});

const deep = fc.tuple(
  fc.integer({ min: 1, max: 3000 }),
  fc.constantFrom("[", "{a: ", "- ", "? ", "!a "),
)
  .map(([depth, opening]) => `servers: ${opening.repeat(depth)}`);

/** A configuration file, some of them right, most of them almost. */
export const CONFIG_TEXTS: fc.Arbitrary<string> = fc.oneof(
  { weight: 8, arbitrary: longForm },
  { weight: 4, arbitrary: servers },
  { weight: 4, arbitrary: damaged(longForm) },
  { weight: 2, arbitrary: damaged(servers) },
  { weight: 1, arbitrary: laughs },
  { weight: 1, arbitrary: deep },
  { weight: 1, arbitrary: oddText() },
);
