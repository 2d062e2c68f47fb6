import { z } from "zod";
import { isHost } from "../model/host.ts";
import { etcdSchema } from "./etcd_schema.ts";
import { DAY, filePath, seconds, text, trueOrFalse, wholeNumber } from "./fields.ts";
import { serverListSchema } from "./server_schema.ts";
import {
  accessLogSchema,
  balancerSchema,
  policySchema,
  serverNameSchema,
  workersSchema,
} from "./settings_schema.ts";

const port = wholeNumber(1, 65_535);
const HOST = "must be a host name or an IP address to listen on";
const host = text(/^[A-Za-z0-9.:%_-]{1,253}$/, HOST).refine(isHost, { error: HOST });

const tls = z.strictObject({
  cert: filePath().describe("The certificate chain in PEM form"),
  key: filePath().describe("Its private key in PEM form"),
}, { error: "must be a mapping with cert and key" });

const upstreamTls = z.strictObject({
  ca_file: filePath().describe(
    "Certificate authorities to trust in addition to the runtime's, in PEM form",
  )
    .optional(),
  server_name: serverNameSchema.optional(),
}, { error: "must be a mapping with ca_file and server_name" });

/**
 * The configuration file in its long form: servers and settings. Those of the program are declared
 * here, as `Config` documents them; those of the balancer in `balancerSchema`.
 */
export const settingsSchema = z.strictObject({
  host: host.default("0.0.0.0").describe("Address that accepts requests"),
  port: port.default(80).describe("Port that accepts requests"),
  api_host: host.default("127.0.0.1").describe("Address of the admin API"),
  api_port: port.default(8000).describe("Port of the admin API"),
  workers: z.union([workersSchema, z.literal("auto")], {
    error: `must be "auto" or a whole number from 1 to ${workersSchema.maxValue}`,
  }).default(1).describe("Threads that accept connections; auto for one per core"),
  grace_period: seconds(0, DAY).default(10).describe(
    "Seconds for active requests to finish at shutdown",
  ),
  tls: tls.describe(
    "Certificate and key for accepting requests over TLS. Default: none, plain HTTP",
  ).optional(),
  api_token_file: filePath().describe(
    "File with the token that the admin API requires. Default: none, no token is required",
  ).optional(),
  api_without_token: trueOrFalse().default(false).describe(
    "Whether other machines may reach the admin API without a token",
  ),
  access_log: accessLogSchema.describe(
    "Logs each request to standard output, in this format. Default: off",
  ).optional(),
  log_format: z.enum(["pretty", "json"], { error: "must be pretty or json" }).describe(
    "Format of the log. Default: pretty on a terminal, otherwise json",
  ).optional(),
  policy: policySchema.describe("How a server is chosen for each request"),
  sticky: z.literal("cookie", { error: "must be cookie" }).describe(
    "Uses a cookie to keep each client on the server that first answered it. Default: off",
  ).optional(),
  sticky_secret_file: filePath().describe(
    "File with the secret that the cookies are computed from; balancers with the same secret " +
      "accept each other's cookies. Default: a new secret at each start",
  ).optional(),
  upstream_tls: upstreamTls.describe("Settings of TLS connections to https: servers").optional(),
  ...balancerSchema.shape,
  etcd: etcdSchema.describe(
    "Shares servers with other balancers through etcd 3.4 or newer. The servers of this file are " +
      "then only used to fill an empty etcd",
  ).optional(),
  servers: serverListSchema.describe(
    "The servers that receive the requests; [] for none. Required unless etcd is configured",
  ).optional(),
}, { error: "must be a list of servers, or a mapping with servers: and settings" });

/** The same, with the servers required. */
export const namingServers = requireServers(({ servers }) => servers !== undefined);

/** The same, with the servers required unless etcd is configured. */
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
    // Runs even if there are other faults, so that all are reported at once.
  }, { when: ({ value }) => typeof value === "object" && value !== null });
}

/** The configuration file: either form. */
export const configSchema = z.union([serverListSchema, settingsSchema]);
