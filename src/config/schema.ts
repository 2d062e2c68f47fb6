import { z } from "zod";
import { isHost } from "../model/host.ts";
import { DEFAULT_HEALTH_CHECK } from "../health/health_check.ts";
import { etcdSchema } from "./etcd_schema.ts";
import { filePath, seconds, text, trueOrFalse, wholeNumber } from "./fields.ts";
import { serverListSchema } from "./server_schema.ts";
import {
  accessLogSchema,
  decisionsSchema,
  dnsSchema,
  ejectionSchema,
  limitsSchema,
  logFormatSchema,
  metricsSchema,
  policySchema,
  retriesSchema,
  slowStartSchema,
  timeoutsSchema,
  tlsFilesSchema,
  trustedProxiesSchema,
  upstreamTlsFilesSchema,
} from "./settings_schema.ts";

/** The range of a health check's timeout, in seconds. */
const TIMEOUT_MIN = 0.001;
const TIMEOUT_MAX = 3600;
/** The longest period that the program waits for anything at shutdown, in seconds. */
const GRACE_PERIOD_MAX = 86_400;

/** The most threads that accept connections. */
const WORKERS_MAX = 256;
/** How many threads accept connections. */
export const workersSchema: z.ZodNumber = wholeNumber(1, WORKERS_MAX);

const port = wholeNumber(1, 65_535);
const HOST = "must be a host name or an IP address to listen on";
const host = text(/^[A-Za-z0-9.:%_-]{1,253}$/, HOST).refine(isHost, { error: HOST });

/** How servers are checked. */
export const healthCheckSchema = z.strictObject({
  path: text(/^\/[!-~]*$/, "must be a path that begins with / and has no spaces")
    .describe(`What is asked for with GET. Default: ${DEFAULT_HEALTH_CHECK.path}`).optional(),
  timeout: seconds(TIMEOUT_MIN, TIMEOUT_MAX).describe(
    `Seconds that an answer may take, never longer than the period. Default: ${DEFAULT_HEALTH_CHECK.timeout}`,
  ).optional(),
  min_status: wholeNumber(100, 599)
    .describe(`The lowest status that passes. Default: ${DEFAULT_HEALTH_CHECK.minStatus}`)
    .optional(),
  max_status: wholeNumber(100, 599)
    .describe(`The highest status that passes. Default: ${DEFAULT_HEALTH_CHECK.maxStatus}`)
    .optional(),
  rise: wholeNumber(1, 100).describe(
    `Passed checks in a row that make a server healthy. Default: ${DEFAULT_HEALTH_CHECK.rise}`,
  ).optional(),
  fall: wholeNumber(1, 100).describe(
    `Failed checks in a row that make a server unhealthy. Default: ${DEFAULT_HEALTH_CHECK.fall}`,
  ).optional(),
}, { error: "must be a mapping of health check settings" }).superRefine((check, context) => {
  const min = check.min_status ?? DEFAULT_HEALTH_CHECK.minStatus;
  const max = check.max_status ?? DEFAULT_HEALTH_CHECK.maxStatus;
  if (min <= max) return;
  const path = [check.max_status === undefined ? "min_status" : "max_status"];
  const message = `leaves no status that passes: the lowest is ${min}, the highest ${max}`;
  context.addIssue({ code: "custom", path, message });
});

/** The configuration file in its long form: servers and settings. */
export const settingsSchema = z.strictObject({
  host: host.describe("The address on which requests are accepted. Default: 0.0.0.0").optional(),
  port: port.describe("The port on which requests are accepted. Default: 80").optional(),
  api_host: host.describe("The address of the admin API. Default: 127.0.0.1").optional(),
  api_port: port.describe("The port of the admin API. Default: 8000").optional(),
  workers: z.union([workersSchema, z.literal("auto")], {
    error: `must be "auto" or a whole number from 1 to ${WORKERS_MAX}`,
  }).describe("Threads that accept connections; auto is one for each core. Default: 1").optional(),
  grace_period: seconds(0, GRACE_PERIOD_MAX)
    .describe("Seconds that requests under way get to finish at shutdown. Default: 10").optional(),
  tls: tlsFilesSchema.describe(
    "The files by which requests are accepted over TLS. Default: none, plain HTTP",
  ).optional(),
  api_token_file: filePath().describe(
    "A file with the token that callers of the admin API must send. Default: none is asked for",
  ).optional(),
  api_without_token: trueOrFalse().describe(
    "Lets api_host be an address that others can reach without an api_token_file. Default: false",
  ).optional(),
  policy: policySchema.describe("The rule for choosing a server. Default: least_connections")
    .optional(),
  sticky: z.literal("cookie", { error: "must be cookie" }).describe(
    "Keeps each client at the server that answered it first, by a cookie. Default: off",
  ).optional(),
  sticky_secret_file: filePath().describe(
    "A file with the secret from which the cookies are made; balancers that share it know each " +
      "other's cookies. Default: a new one at each start",
  ).optional(),
  trusted_proxies: trustedProxiesSchema.describe(
    "Addresses and CIDR blocks whose forwarding fields are believed. Default: none",
  ).optional(),
  timeouts: timeoutsSchema.describe("How long things may take").optional(),
  retries: retriesSchema.describe("When a request that failed goes to another server").optional(),
  ejection: ejectionSchema.describe("When a server that fails requests is taken out for a while")
    .optional(),
  slow_start: slowStartSchema.describe(
    "Seconds in which the weight of a server that comes back grows to what it is. Default: 0, off",
  ).optional(),
  limits: limitsSchema.describe("How much is accepted").optional(),
  metrics: metricsSchema.describe(
    "Counts requests for /metrics, the dashboard and status. Default: true",
  ).optional(),
  access_log: accessLogSchema.describe(
    "How each request is written to the standard output: common, combined or json. Default: not",
  ).optional(),
  log_format: logFormatSchema.describe(
    "How the log looks. Default: pretty on a terminal, else json",
  ).optional(),
  decisions: decisionsSchema.describe(
    "How many of the latest picks are kept to be explained. Default: 0, none",
  ).optional(),
  upstream_tls: upstreamTlsFilesSchema.describe("How https: servers are spoken to").optional(),
  dns: dnsSchema.describe("How the names of servers with discover are looked up").optional(),
  health_check: healthCheckSchema.describe("How servers are checked").optional(),
  etcd: etcdSchema.describe(
    "Shares the servers with other balancers through etcd 3.4 or newer; those of this file are " +
      "then only what an empty etcd begins with",
  ).optional(),
  servers: serverListSchema.describe(
    "The servers that requests are balanced over; [] for none. Only with etcd can they be left out",
  ).optional(),
}, { error: "must be a list of servers, or a mapping with servers: and settings" });

/** The same where the servers have to be named. */
export const namingServers = requireServers(({ servers }) => servers !== undefined);

/** The same where the servers have to be named, unless etcd keeps them. */
export const namingServersOrEtcd = requireServers(({ servers, etcd }) =>
  servers !== undefined || etcd !== undefined
);

function requireServers(
  isNamed: (settings: z.infer<typeof settingsSchema>) => boolean,
): typeof settingsSchema {
  return settingsSchema.superRefine((settings, context) => {
    if (isNamed(settings)) return;
    context.addIssue({
      code: "invalid_type",
      expected: "array",
      path: ["servers"],
      message: "must be a list of servers (use `servers: []` to remove all, or to begin with none)",
    });
    // Where there are other faults too, all are to be told at once.
  }, { when: ({ value }) => typeof value === "object" && value !== null });
}

/** The configuration file: either form. */
export const configSchema = z.union([serverListSchema, settingsSchema]);
