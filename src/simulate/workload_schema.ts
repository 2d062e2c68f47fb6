import { z } from "zod";
import { seconds, text, wholeNumber } from "../config/fields.ts";
import { camelKeys } from "../config/names.ts";
import { invalid, validate } from "../config/validate.ts";
import { DEFAULT_WORKLOAD, FAULTS, MOST_REQUESTS, type Workload } from "./workload.ts";

/** Range of all times, in seconds: a microsecond to a year. */
const SHORTEST = 1e-6;
const LONGEST = 31_536_000;

function number(min: number, max: number): z.ZodNumber {
  const error = `must be a number from ${min} to ${max}`;
  return z.number({ error }).min(min, { error }).max(max, { error });
}

const serverName = text(/^.{1,2048}$/, "must be the URL or the name of a server");

const mean = seconds(SHORTEST, LONGEST).describe("Seconds on average");

const service = z.discriminatedUnion("distribution", [
  z.strictObject({ distribution: z.literal("constant"), mean }),
  z.strictObject({ distribution: z.literal("exponential"), mean }),
  z.strictObject({
    distribution: z.literal("lognormal"),
    mean,
    variation: number(0.01, 100).describe("Standard deviation / mean. Default: 1").default(1),
  }),
  z.strictObject({
    distribution: z.literal("pareto"),
    mean,
    shape: number(1.05, 100).describe("The smaller, the longer the tail. Default: 2.5")
      .default(2.5),
  }),
  z.strictObject({ distribution: z.literal("recorded") }),
], {
  error:
    "must be a mapping with a distribution: constant, exponential, lognormal, pareto, recorded",
});

const concurrency = wholeNumber(0, 1_000_000).describe(
  "Requests that a server handles at once, while it queues the others; 0 for no limit. " +
    `Default: ${DEFAULT_WORKLOAD.concurrency}`,
);

const upstream = z.strictObject({
  server: serverName.describe("Its URL or name"),
  service: service.optional(),
  concurrency: concurrency.optional(),
}, { error: "must be a mapping with a server" });

const FAILING = "must be how many of the servers, or a list of URLs and names";

const failure = z.strictObject({
  servers: z.union([wholeNumber(1, 65_536), z.array(serverName).min(1, { error: FAILING })], {
    error: FAILING,
  }).describe("The servers, or their number, evenly spread over the list"),
  kind: z.enum(FAULTS, { error: `must be one of ${FAULTS.join(", ")}` }).describe(
    "down breaks off and refuses connections, hang stops working, errors responds 500, slow is slow",
  ),
  from: seconds(0, LONGEST).describe("When it begins, in seconds from the start"),
  until: seconds(0, LONGEST).describe("When it ends, in seconds from the start"),
  share: number(0, 1).describe("errors: share of the requests. Default: 1").default(1),
  factor: number(1, 10_000).describe("slow: factor by which service times are longer. Default: 10")
    .default(10),
}, { error: "must be a mapping with servers, kind, from and until" })
  .refine(({ from, until }) => from < until, {
    path: ["until"],
    error: "must be later than from",
  });

const fields = z.strictObject({
  rate: number(1e-6, 1e9).describe("Requests per second of all clients").optional(),
  load: number(0.001, 100).describe(
    `Share of the servers' capacity, in place of rate. Default: ${DEFAULT_WORKLOAD.load}`,
  ).optional(),
  arrivals: z.enum(["poisson", "constant"], { error: "must be poisson or constant" })
    .describe("Random arrivals, or evenly spaced ones. Default: poisson").optional(),
  requests: wholeNumber(1, MOST_REQUESTS).describe(
    `Number of requests. Default: ${DEFAULT_WORKLOAD.requests}, or as many as duration allows`,
  ).optional(),
  duration: seconds(SHORTEST, LONGEST).describe("Time in which requests arrive, in seconds")
    .optional(),
  warm_up: number(0, 0.99).describe(
    `Share of the requests, from the first, that is not counted. Default: ${DEFAULT_WORKLOAD.warmUp}`,
  ).optional(),
  seed: wholeNumber(0, 2 ** 32 - 1).describe(
    `Random seed. Default: ${DEFAULT_WORKLOAD.seed}`,
  ).optional(),
  balancers: wholeNumber(1, 10_000).describe(
    `Balancers, each of which sees its own requests only. Default: ${DEFAULT_WORKLOAD.balancers}`,
  ).optional(),
  start: z.enum(["together", "apart"], { error: "must be together or apart" }).describe(
    "First server that balancers pick: the same for all (together), or random (apart). Default: together",
  ).optional(),
  spread: z.enum(["random", "client"], { error: "must be random or client" }).describe(
    "Whether each request, or each client, goes to a random balancer. Default: random",
  ).optional(),
  clients: wholeNumber(1, 1_000_000).describe(
    `Number of clients, all alike. Default: ${DEFAULT_WORKLOAD.clients}`,
  ).optional(),
  service: service.describe("Distribution of service times").optional(),
  concurrency: concurrency.optional(),
  servers: z.array(upstream, { error: "must be a list of mappings with a server" })
    .describe("Servers that differ in service or concurrency").optional(),
  failures: z.array(failure, { error: "must be a list of failures" })
    .describe("Failures of servers").optional(),
}, { error: "must be a mapping that describes requests and servers" });

/** Schema of a workload file. */
export const workloadSchema = fields.superRefine((workload, context) => {
  if (workload.rate === undefined || workload.load === undefined) return;
  const message = "cannot be combined with load; remove one of them";
  context.addIssue({ code: "custom", path: ["rate"], message });
});

/** Settings that an access log determines. */
const RECORDED = ["rate", "load", "arrivals", "clients"] as const;

/**
 * Validates a workload and fills in the defaults.
 *
 * @param value The file's parsed YAML; null for an empty file.
 * @param source Name of the file, for error messages.
 * @param options Whether the requests come from an access log. Default: they are generated.
 * @throws {BalancerError} `invalid`, with every error and its path.
 */
export function readWorkload(
  value: unknown,
  source: string,
  { recorded = false }: { readonly recorded?: boolean } = {},
): Workload {
  const given = camelKeys(validate(workloadSchema, value ?? {}, source));
  if (recorded) checkRecorded(given, source);
  const workload = { ...DEFAULT_WORKLOAD, ...given } as Workload;
  // The default must not cut short a whole log or an explicit duration.
  const isLimited = given.requests !== undefined || !recorded && given.duration === undefined;
  return isLimited ? workload : { ...workload, requests: undefined };
}

function checkRecorded(given: Readonly<Record<string, unknown>>, source: string): void {
  const faults = RECORDED.filter((name) => given[name] !== undefined)
    .map((path) => ({
      path,
      message: "cannot be given with an access log, which provides it; remove it",
    }));
  if (faults.length > 0) throw invalid(source, faults);
}
