import { z } from "zod";
import { seconds, text, wholeNumber } from "../config/fields.ts";
import { DEFAULT_WORKLOAD, MOST_REQUESTS, UPSTREAM_FAULTS } from "./workload.ts";

/** The range of every time, in seconds: a microsecond to a year. */
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
  "How many requests a server works on at once, others queue there; 0 for any number. " +
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
  }).describe("Which servers, or how many, evenly spread over the list"),
  kind: z.enum(UPSTREAM_FAULTS, { error: `must be one of ${UPSTREAM_FAULTS.join(", ")}` }).describe(
    "down refuses connections and breaks off, hang stands still, errors answers 500, slow is slow",
  ),
  from: seconds(0, LONGEST).describe("When it begins, in seconds from the first moment"),
  until: seconds(0, LONGEST).describe("When it is over"),
  share: number(0, 1).describe("errors: the share of the requests. Default: 1").default(1),
  factor: number(1, 10_000).describe("slow: how many times as long everything takes. Default: 10")
    .default(10),
}, { error: "must be a mapping with servers, kind, from and until" })
  .refine(({ from, until }) => from < until, {
    path: ["until"],
    error: "must be later than from",
  });

const fields = z.strictObject({
  rate: number(1e-6, 1e9).describe("Requests a second, of all clients together").optional(),
  load: number(0.001, 100).describe(
    `The share of what all servers can do; in place of rate. Default: ${DEFAULT_WORKLOAD.load}`,
  ).optional(),
  arrivals: z.enum(["poisson", "constant"], { error: "must be poisson or constant" })
    .describe("At random moments, or evenly. Default: poisson").optional(),
  requests: wholeNumber(1, MOST_REQUESTS).describe(
    `How many requests come. Default: ${DEFAULT_WORKLOAD.requests}, or as many as duration makes`,
  ).optional(),
  duration: seconds(SHORTEST, LONGEST).describe("For how many seconds they come").optional(),
  warm_up: number(0, 0.99).describe(
    `The share of them, from the first, that is not counted. Default: ${DEFAULT_WORKLOAD.warmUp}`,
  ).optional(),
  seed: wholeNumber(0, 2 ** 32 - 1).describe(
    `What all chance follows from. Default: ${DEFAULT_WORKLOAD.seed}`,
  ).optional(),
  balancers: wholeNumber(1, 10_000).describe(
    `Balancers, each of which sees its own requests only. Default: ${DEFAULT_WORKLOAD.balancers}`,
  ).optional(),
  start: z.enum(["together", "apart"], { error: "must be together or apart" }).describe(
    "Whether all balancers begin with the same server, or each with another. Default: together",
  ).optional(),
  spread: z.enum(["random", "client"], { error: "must be random or client" }).describe(
    "How requests come to balancers: each at random, or a client's all to one. Default: random",
  ).optional(),
  clients: wholeNumber(1, 1_000_000).describe(
    `How many clients there are, all alike. Default: ${DEFAULT_WORKLOAD.clients}`,
  ).optional(),
  service: service.describe("How long servers work on a request").optional(),
  concurrency: concurrency.optional(),
  servers: z.array(upstream, { error: "must be a list of mappings with a server" })
    .describe("Servers that differ in service or concurrency").optional(),
  failures: z.array(failure, { error: "must be a list of failures" })
    .describe("What goes wrong, and when").optional(),
}, { error: "must be a mapping that describes requests and servers" });

/** A workload, as its file has it. */
export const workloadSchema = fields.superRefine((workload, context) => {
  if (workload.rate === undefined || workload.load === undefined) return;
  const message = "cannot be given beside load; remove one of them";
  context.addIssue({ code: "custom", path: ["rate"], message });
});
