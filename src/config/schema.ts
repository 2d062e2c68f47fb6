import { z } from "zod";
import {
  canonicalServerUrl,
  DEFAULT_HEALTH_CHECK_PERIOD,
  DEFAULT_MAX_CONNECTIONS,
  DEFAULT_WEIGHT,
  NAME_MAX_LENGTH,
  UINT32_MAX,
} from "../model/server.ts";
import { DISCOVER_KINDS, discoverFault } from "../model/discovery.ts";
import { isHost } from "../model/host.ts";
import { etcdSchema } from "./etcd_schema.ts";
import { filePath, seconds, text, trueOrFalse, wholeNumber } from "./fields.ts";
import {
  accessLogSchema,
  balancerSchema,
  DAY,
  drainSchema,
  policySchema,
  serverNameSchema,
  workersSchema,
} from "./settings_schema.ts";

/** What is wrong with a server URL; undefined where nothing is. */
function urlFault(value: string): string | undefined {
  try {
    canonicalServerUrl(value);
    return undefined;
  } catch (error) {
    return (error as TypeError).message;
  }
}

const url = z.string({ error: "must be a URL such as http://127.0.0.1:3001" })
  .superRefine((value, context) => {
    const fault = urlFault(value);
    if (fault === undefined) return;
    const message = `${fault}; it must be a URL such as http://127.0.0.1:3001`;
    context.addIssue({ code: "custom", message });
  })
  .describe("The server's unique URL: an http or https origin, optionally with a base path");

const name = text(
  new RegExp(`^[^\\u0000-\\u001f\\u007f-\\u009f]{1,${NAME_MAX_LENGTH}}$`),
  `must be text of 1 to ${NAME_MAX_LENGTH} characters without control characters`,
).describe("A name for people. Default: the URL's host and port");

const weight = wholeNumber(0, UINT32_MAX).describe(
  `The server's share of the requests relative to the others; 0 takes no new requests. ` +
    `Default: ${DEFAULT_WEIGHT}`,
);

const healthCheckPeriod = wholeNumber(0, UINT32_MAX).describe(
  `Seconds between two health checks; 0 turns them off. Default: ${DEFAULT_HEALTH_CHECK_PERIOD}`,
);

const maxConnections = wholeNumber(0, UINT32_MAX).describe(
  "The most requests that the server works on at once; further ones wait. 0 for no limit. " +
    `Default: ${DEFAULT_MAX_CONNECTIONS}`,
);

const draining = trueOrFalse().describe(
  "Takes no new requests and goes on with those it has. Default: false",
);

const discover = z.enum(DISCOVER_KINDS, { error: "must be dns or dns-srv" }).describe(
  "Looks the URL's host up again and again, and makes each address a server of its own: dns by " +
    "its A and AAAA records, dns-srv by SRV records, which tell the ports. Default: the URL is that " +
    "of one server",
);

const port = wholeNumber(1, 65_535);
const HOST = "must be a host name or an IP address to listen on";
const host = text(/^[A-Za-z0-9.:%_-]{1,253}$/, HOST).refine(isHost, { error: HOST });

/** A server, as the configuration file, the API and the library's callers write it. */
export const serverSchema = z.strictObject({
  url,
  name: name.optional(),
  weight: weight.optional(),
  health_check_period: healthCheckPeriod.optional(),
  max_connections: maxConnections.optional(),
  draining: draining.optional(),
  discover: discover.optional(),
}, { error: "must be a server with at least a url" }).superRefine((server, context) => {
  if (server.discover === undefined) return;
  const fault = discoverFault(server.url, server.discover);
  if (fault !== undefined) context.addIssue({ code: "custom", path: ["url"], message: fault });
});

/** What tells which server is to go, and how. */
export const removalSchema = z.strictObject({ url, drain: drainSchema.optional() }, {
  error: "must be the URL of a server",
});

const servers = z.array(serverSchema, { error: "must be a list of servers" })
  .superRefine((list, context) => {
    const first = new Map<string, number>();
    for (const [index, server] of list.entries()) {
      // What is not a server URL is told already.
      if (typeof server?.url !== "string" || urlFault(server.url) !== undefined) continue;
      const key = canonicalServerUrl(server.url);
      const other = first.get(key);
      if (other === undefined) first.set(key, index);
      else {
        context.addIssue({
          code: "custom",
          path: [index, "url"],
          message: `is there twice: servers[${other}] has the same URL`,
        });
      }
    }
    // Where a server has faults of its own too, all are to be told at once.
  }, { when: ({ value }) => Array.isArray(value) })
  .describe("The servers that requests are balanced over");

const tls = z.strictObject({
  cert: filePath().describe("The certificate chain in PEM form"),
  key: filePath().describe("Its private key in PEM form"),
}, { error: "must be a mapping with cert and key" });

const upstreamTls = z.strictObject({
  ca_file: filePath().describe("Certificates in PEM form to trust beside the runtime's list")
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
  }).default(1).describe("Threads that accept connections; auto is one for each core"),
  grace_period: seconds(0, DAY).default(10).describe(
    "Seconds that requests in flight get to finish at shutdown",
  ),
  tls: tls.describe("Files for accepting requests over TLS. Default: none, plain HTTP").optional(),
  api_token_file: filePath().describe(
    "File with the token that callers of the admin API must send. Default: none is needed",
  ).optional(),
  api_without_token: trueOrFalse().default(false).describe(
    "Allows an api_host that other machines can reach without an api_token_file",
  ),
  access_log: accessLogSchema.describe(
    "Writes a line for each request to the standard output, in this format. Default: off",
  ).optional(),
  log_format: z.enum(["pretty", "json"], { error: "must be pretty or json" }).describe(
    "Format of the log. Default: pretty on a terminal, else json",
  ).optional(),
  policy: policySchema.describe("How a server is chosen for each request"),
  sticky: z.literal("cookie", { error: "must be cookie" }).describe(
    "Keeps each client at the server that answered it first, by a cookie. Default: off",
  ).optional(),
  sticky_secret_file: filePath().describe(
    "File with the secret that the cookies are computed from; balancers with the same secret " +
      "accept each other's cookies. Default: a new secret at each start",
  ).optional(),
  upstream_tls: upstreamTls.describe("TLS to https: servers").optional(),
  ...balancerSchema.shape,
  etcd: etcdSchema.describe(
    "Shares the servers with other balancers through etcd 3.4 or newer; those of this file are " +
      "then only used to fill an empty etcd",
  ).optional(),
  servers: servers.describe(
    "The servers that requests are balanced over; [] for none. Required unless etcd is configured",
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

/** The configuration file in the seed's form: a list of servers. */
export const serverListSchema = servers;

/** The configuration file: either form. */
export const configSchema = z.union([serverListSchema, settingsSchema]);
