import { z } from "zod";
import { CidrBlock } from "../model/cidr_block.ts";
import { parseNameServer } from "../model/name_server.ts";
import {
  type AccessLogFormat,
  DECISIONS_MAX,
  DEFAULT_SETTINGS,
  POLICY_NAMES,
  REQUEST_HEAD_MAX,
} from "../model/settings.ts";
import { filePath, seconds, trueOrFalse, wholeNumber } from "./fields.ts";

const { timeouts, retries, ejection, limits } = DEFAULT_SETTINGS;

/** The range of everything that is waited for, in seconds. */
const WAIT_MIN = 0.001;
const WAIT_MAX = 86_400;

function wait(what: string, standard: number): z.ZodOptional<z.ZodNumber> {
  return seconds(WAIT_MIN, WAIT_MAX).describe(`${what}, in seconds. Default: ${standard}`)
    .optional();
}

function count(
  what: string,
  { min, max, standard }: { min: number; max: number; standard: number },
): z.ZodOptional<z.ZodNumber> {
  return wholeNumber(min, max).describe(`${what}. Default: ${standard}`).optional();
}

/** How long things may take. */
export const timeoutsSchema = z.strictObject({
  connect: wait("How long a connection to a server may take", timeouts.connect),
  response: wait("How long the head of a response may take", timeouts.response),
  content: wait("How long a client or a server may send, or take, no content", timeouts.content),
  keep_alive: wait("How long an idle connection to a server is kept", timeouts.keepAlive),
  queue: wait("How long a request waits for a server below its max_connections", timeouts.queue),
}, { error: "must be a mapping of timeouts in seconds" });

/** When a request goes to another server. */
export const retriesSchema = z.strictObject({
  tries: count("How many servers one request is given to at most", {
    min: 1,
    max: 100,
    standard: retries.tries,
  }),
  budget: count("Further tries for every hundred requests; ten a second are always allowed", {
    min: 0,
    max: 100,
    standard: retries.budget,
  }),
}, { error: "must be a mapping of retry settings" });

/** When a server is taken out. */
export const ejectionSchema = z.strictObject({
  connection_failures: count("Failed connections in a row that eject a server; 0 for never", {
    min: 0,
    max: 1000,
    standard: ejection.connectionFailures,
  }),
  failed_responses: count("5xx responses and timeouts in a row that do; 0 for never", {
    min: 0,
    max: 1000,
    standard: ejection.failedResponses,
  }),
  backoff: wait("How long the first ejection lasts; the n-th lasts n times that", ejection.backoff),
  max_backoff: wait("How long an ejection lasts at most", ejection.maxBackoff),
  max_share: count("How many in a hundred of the servers may be out at once", {
    min: 0,
    max: 100,
    standard: ejection.maxShare,
  }),
}, { error: "must be a mapping of ejection settings" });

/** How much is accepted. */
export const limitsSchema = z.strictObject({
  request_body: count("The largest content of a request in bytes; 0 for no limit", {
    min: 0,
    max: Number.MAX_SAFE_INTEGER,
    standard: limits.requestBody,
  }),
  request_head: count(
    "The largest head of a request in bytes; over HTTP/2 Deno refuses more than 16384 whatever this " +
      "says, over HTTP/1.1 more than 65540 or 128 fields",
    { min: 1024, max: REQUEST_HEAD_MAX, standard: limits.requestHead },
  ),
  queue: count("How many requests may wait on each thread for a server below its max_connections", {
    min: 0,
    max: 1_000_000,
    standard: limits.queue,
  }),
}, { error: "must be a mapping of limits" });

/** The rule for choosing a server. */
export const policySchema = z.enum(POLICY_NAMES, {
  error: `must be one of ${POLICY_NAMES.join(", ")}`,
});

/** Whether requests are counted. */
export const metricsSchema: z.ZodBoolean = trueOrFalse();

/** How the lines of the access log look. */
export const accessLogSchema = z.enum(["common", "combined", "json"] satisfies AccessLogFormat[], {
  error: "must be common, combined or json",
});

/** How the log looks. */
export const logFormatSchema = z.enum(["pretty", "json"], { error: "must be pretty or json" });

/** How many of the latest picks can be kept. */
export const decisionsSchema: z.ZodNumber = wholeNumber(0, DECISIONS_MAX);

/** Seconds in which the weight of a server that comes back grows to what it is. */
export const slowStartSchema: z.ZodNumber = seconds(0, 3600);

/** Seconds that what a removed server works on may take. */
export const drainSchema: z.ZodNumber = seconds(0, WAIT_MAX);

/** The files with the certificate and the key by which the proxy speaks TLS. */
export const tlsFilesSchema = z.strictObject({
  cert: filePath().describe("The certificate chain in PEM form"),
  key: filePath().describe("Its private key in PEM form"),
}, { error: "must be a mapping with cert and key" });

const serverName = z.string({ error: "must be a host name" })
  .regex(/^[A-Za-z0-9.-]{1,253}$/, { error: "must be a host name" })
  .describe("The name that certificates must be for, in place of the URL's host");

/** How `https:` servers are spoken to, as the library's callers say it. */
export const upstreamTlsSchema = z.strictObject({
  ca_certs: z.array(z.string({ error: "must be a certificate in PEM form" }), {
    error: "must be a list of certificates in PEM form",
  }).optional(),
  server_name: serverName.optional(),
}, { error: "must be an object with caCerts and serverName" });

/** How `https:` servers are spoken to, with files. */
export const upstreamTlsFilesSchema = z.strictObject({
  ca_file: filePath().describe(
    "Certificates in PEM form that are trusted beside the runtime's list",
  )
    .optional(),
  server_name: serverName.optional(),
}, { error: "must be a mapping with ca_file and server_name" });

const NAME_SERVER = "must be the IP address of a name server, such as 127.0.0.1:8600";

/** How names are looked up. */
export const dnsSchema = z.strictObject({
  server: z.string({ error: NAME_SERVER })
    .refine((value) => parseNameServer(value) !== undefined, { error: NAME_SERVER })
    .describe(
      "The name server, an IP address with or without a port. Default: those of /etc/resolv.conf",
    ).optional(),
  timeout: seconds(0.1, 30).describe(
    "How long a name server has to answer by TCP, and then by UDP, in seconds. Default: that of " +
      "/etc/resolv.conf, or 2",
  ).optional(),
  attempts: wholeNumber(1, 5).describe(
    "How often the name servers are asked. Default: that of /etc/resolv.conf, or 1",
  ).optional(),
}, { error: "must be a mapping with server, timeout and attempts" });

const CIDR = "must be an IP address or a CIDR block such as 10.0.0.0/8";

/** Whose forwarding fields are believed. */
export const trustedProxiesSchema = z.array(
  z.string({ error: CIDR }).superRefine((value, context) => {
    const fault = blockFault(value);
    if (fault !== undefined) context.addIssue({ code: "custom", message: `${fault}; it ${CIDR}` });
  }),
  { error: "must be a list of IP addresses and CIDR blocks" },
);

/** What is wrong with an address or a block; undefined where nothing is. */
function blockFault(value: string): string | undefined {
  try {
    CidrBlock.parse(value);
    return undefined;
  } catch (error) {
    return (error as TypeError).message;
  }
}
