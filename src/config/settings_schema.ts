import { z } from "zod";
import { CidrBlock } from "../model/cidr_block.ts";
import { parseNameServer } from "../model/name_server.ts";
import {
  ACCESS_LOG_FORMATS,
  type BalancerSettings,
  DECISIONS_MAX,
  POLICY_NAMES,
  type PolicyName,
  REQUEST_HEAD_MAX,
  type Settings,
} from "../model/settings.ts";
import { DAY, seconds, text, trueOrFalse, wholeNumber } from "./fields.ts";
import { completeOptions } from "./check_options.ts";
import { camelCase } from "./names.ts";

/** A time limit: positive, so that it leaves a moment at least. */
function timeLimit(): z.ZodNumber {
  return seconds(0.001, DAY);
}

const timeouts = z.strictObject({
  connect: timeLimit().default(5).describe(
    "Time limit for opening a connection to a server, including the TLS handshake, in seconds",
  ),
  response: timeLimit().default(60).describe(
    "Time limit from the end of a request to the head of its response, in seconds",
  ),
  content: timeLimit().default(60).describe(
    "Longest pause in a request or response body, in seconds",
  ),
  keep_alive: timeLimit().default(60).describe(
    "Minimum time that an idle connection to a server is kept open, in seconds",
  ),
  queue: timeLimit().default(30).describe(
    "Time limit for waiting in the queue until a server is below its max_connections, in seconds",
  ),
}, { error: "must be a mapping of timeouts in seconds" });

const retries = z.strictObject({
  tries: wholeNumber(1, 100).default(3).describe(
    "Maximum number of servers that one request is sent to",
  ),
  budget: wholeNumber(0, 100).default(20).describe(
    "Maximum retries per hundred requests; ten per second are always allowed",
  ),
}, { error: "must be a mapping of retry settings" });

const ejection = z.strictObject({
  connection_failures: wholeNumber(0, 1000).default(3).describe(
    "Consecutive connection failures that eject a server; 0 for never",
  ),
  failed_responses: wholeNumber(0, 1000).default(0).describe(
    "Consecutive 5xx responses, timeouts and invalid responses that eject a server; 0 for never",
  ),
  backoff: timeLimit().default(10).describe(
    "Duration of the first ejection in seconds; the n-th in a row lasts n times as long",
  ),
  max_backoff: timeLimit().default(300).describe("Maximum duration of an ejection in seconds"),
  max_share: wholeNumber(0, 100).default(50).describe(
    "Maximum percentage of servers ejected at once",
  ),
}, { error: "must be a mapping of ejection settings" });

const limits = z.strictObject({
  request_body: wholeNumber(0, Number.MAX_SAFE_INTEGER).default(0).describe(
    "Maximum request body in bytes; 0 for no limit",
  ),
  request_head: wholeNumber(1024, REQUEST_HEAD_MAX).default(REQUEST_HEAD_MAX).describe(
    "Maximum request head in bytes. Deno always refuses more than 16384 bytes over HTTP/2, and more " +
      "than 65540 bytes or 128 fields over HTTP/1.1",
  ),
  queue: wholeNumber(0, 1_000_000).default(1000).describe(
    "Maximum requests queued on each thread while all servers are at their max_connections",
  ),
}, { error: "must be a mapping of limits" });

/** Health checks, also as `LoadBalancer.setHealthCheck` takes them. */
export const healthCheckSchema = z.strictObject({
  path: text(/^\/[!-~]*$/, "must be a path that begins with / and has no spaces").default("/")
    .describe("Path requested with GET, below the server's base path"),
  timeout: seconds(0.001, 3600).default(5).describe(
    "Maximum time for a response in seconds; never longer than the server's health_check_period",
  ),
  min_status: wholeNumber(100, 599).default(200).describe("Lowest status that passes"),
  max_status: wholeNumber(100, 599).default(399).describe("Highest status that passes"),
  rise: wholeNumber(1, 100).default(1).describe("Consecutive passes that make a server healthy"),
  fall: wholeNumber(1, 100).default(1).describe(
    "Consecutive failures that make a server unhealthy",
  ),
}, { error: "must be a mapping of health check settings" }).superRefine((check, context) => {
  const { min_status: min, max_status: max } = check;
  if (min <= max) return;
  // Where only one of them was given, the other one has its default.
  const path = max === healthCheckSchema.shape.max_status.def.defaultValue
    ? ["min_status"]
    : ["max_status"];
  const message = `leaves no status that passes: the lowest is ${min}, the highest ${max}`;
  context.addIssue({ code: "custom", path, message });
});

const NAME_SERVER = "must be the IP address of a name server, such as 127.0.0.1:8600";

const dns = z.strictObject({
  server: z.string({ error: NAME_SERVER })
    .refine((value) => parseNameServer(value) !== undefined, { error: NAME_SERVER })
    .describe(
      "IP address of the name server, with or without a port. Default: those of /etc/resolv.conf",
    ).optional(),
  timeout: seconds(0.1, 30).describe(
    "Maximum time for a name server to respond, in seconds. It is asked over TCP first; if that " +
      "fails, it gets the same time again to respond over UDP. Default: that of /etc/resolv.conf, or 2",
  ).optional(),
  attempts: wholeNumber(1, 5).describe(
    "How many times each lookup queries the name servers before it fails. Default: that of " +
      "/etc/resolv.conf, or 1",
  ).optional(),
}, { error: "must be a mapping with server, timeout and attempts" });

const CIDR = "must be an IP address or a CIDR block such as 10.0.0.0/8";

const trustedProxies = z.array(
  z.string({ error: CIDR }).superRefine((value, context) => {
    const fault = blockFault(value);
    if (fault !== undefined) context.addIssue({ code: "custom", message: `${fault}; it ${CIDR}` });
  }),
  { error: "must be a list of IP addresses and CIDR blocks" },
);

/** The fault in an address or a block; undefined if it is valid. */
function blockFault(value: string): string | undefined {
  try {
    CidrBlock.parse(value);
    return undefined;
  } catch (error) {
    return (error as TypeError).message;
  }
}

/** Number of decisions to keep. */
export const decisionsSchema: z.ZodNumber = wholeNumber(0, DECISIONS_MAX);

/** Seconds that the requests of a removed server may take. */
export const drainSchema: z.ZodNumber = seconds(0, DAY);

/**
 * The declaration of each setting that a program and a configuration file have in common: name, type,
 * range, default and description. The file, its JSON Schema and reference, the options of
 * `LoadBalancer` and what `config()` returns follow from it; `BalancerSettings` documents it for
 * programs.
 */
export const balancerSchema = z.strictObject({
  trusted_proxies: trustedProxies.default([]).describe(
    "Addresses and CIDR blocks of proxies whose forwarding fields are trusted",
  ),
  timeouts: timeouts.prefault({}).describe("Time limits, in seconds"),
  retries: retries.prefault({}).describe("Retries of failed requests on other servers"),
  ejection: ejection.prefault({}).describe(
    "Outlier ejection: temporarily takes a server out of rotation if it fails requests",
  ),
  slow_start: seconds(0, 3600).default(0).describe(
    "Seconds over which the weight of a recovered server grows to its full value; 0 turns this off",
  ),
  limits: limits.prefault({}).describe("Limits on requests"),
  metrics: trueOrFalse().default(true).describe(
    "Whether requests are counted, for /metrics, the dashboard and status",
  ),
  decisions: decisionsSchema.default(0).describe(
    "Number of recent routing decisions to keep, for explain; 0 for none",
  ),
  dns: dns.describe("DNS lookups for servers with discover").optional(),
  health_check: healthCheckSchema.prefault({}).describe("Health checks of servers"),
});

const SETTING_NAMES = Object.keys(balancerSchema.shape).map(camelCase) as readonly (
  keyof BalancerSettings
)[];

/** Picks the settings of a balancer from options or a configuration, which have others too. */
export function pickSettings(source: BalancerSettings): BalancerSettings {
  const names = SETTING_NAMES.filter((name) => source[name] !== undefined);
  return Object.fromEntries(names.map((name) => [name, source[name]]));
}

/**
 * Fills in the defaults of a balancer's settings.
 *
 * @throws {BalancerError} `invalid`, with every fault.
 */
export function completeSettings(source: BalancerSettings): Settings {
  return completeOptions(balancerSchema, pickSettings(source), "the settings");
}

/** The policy of a balancer without one. */
export const DEFAULT_POLICY: PolicyName = "least_connections";
/** Names of the policies, for errors. */
export const POLICY_ERROR: string = `must be one of ${POLICY_NAMES.join(", ")}`;

/** Name of a policy. */
export const policySchema = z.enum(POLICY_NAMES, { error: POLICY_ERROR }).default(DEFAULT_POLICY);

/** Format of the access log. */
export const accessLogSchema = z.enum(ACCESS_LOG_FORMATS, {
  error: "must be common, combined or json",
});

/** Number of threads that accept connections. */
export const workersSchema: z.ZodNumber = wholeNumber(1, 256);

/** Name that certificates of `https:` servers must be valid for. */
export const serverNameSchema: z.ZodString = text(/^[A-Za-z0-9.-]{1,253}$/, "must be a host name")
  .describe(
    "Name that the servers' certificates must be valid for. Default: the host in each server's URL",
  );
