import { z } from "zod";
import type { RegistryReport } from "../model/registry_report.ts";
import type { Answer } from "./operation.ts";

/** Maximum number of faults in an answer; there may be as many as there are keys. */
const FAULTS_MAX = 100;

/** Maximum number of missing servers in an answer. */
const HELD_MAX = 100;

const held = {
  count: z.int().min(1).describe("Number of servers"),
  since: z.iso.datetime().describe("Time since which the first of them has been missing"),
  until: z.iso.datetime().describe("Time at which they will be removed if nothing changes"),
};
const HELD =
  "Servers that are missing from etcd and still in use; POST /accept-servers removes them";

const health = {
  kind: z.literal("etcd"),
  connected: z.boolean()
    .describe("Whether servers can be changed, and changes made elsewhere arrive"),
  since: z.iso.datetime().describe("Time of the latest change of `connected`"),
  revision: z.int().min(0).describe("Revision up to which all changes have arrived"),
  balancers: z.int().min(0).describe("Number of balancers in the cluster; /fleet lists them")
    .optional(),
  fault_count: z.int().min(0)
    .describe("Number of warnings and of keys with faults, which /stats lists"),
  warnings: z.array(z.object({
    code: z.enum(["held_removals", "out_of_space", "write_refused"]),
    message: z.string().describe("What happened, and what to do"),
  })).describe("Conditions that need an operator's attention"),
};

/** Connection to etcd, without addresses and servers: anyone may read it. */
export const REGISTRY_HEALTH = z.object({
  ...health,
  held_removals: z.object(held).describe(HELD).optional(),
}).meta({ id: "RegistryHealth" });

/** Connection to etcd, and what is wrong with its content. */
export const REGISTRY = z.object({
  ...health,
  error: z.string().nullable().describe("Why etcd cannot be reached"),
  held_removals: z.object({
    ...held,
    urls: z.array(z.string()).describe("The first hundred of them"),
  }).describe(HELD).optional(),
  faults: z.array(z.object({
    key: z.string(),
    revision: z.int().min(0),
    message: z.string().describe("What is wrong with the value, and how its server is treated"),
  })).describe("Values that are not used as they are, the first hundred by key"),
}).meta({ id: "Registry" });

/** Connection to etcd as JSON, for anyone. */
export type RegistryHealthJson = Answer<typeof REGISTRY_HEALTH>;

/** Connection to etcd as JSON. */
export type RegistryJson = Answer<typeof REGISTRY>;

/** Writes the connection to etcd as JSON, for anyone. */
export function registryHealthJson(report: RegistryReport): RegistryHealthJson {
  const { kind, connected, since, revision, balancers, heldRemovals, warnings, faults } = report;
  return {
    kind,
    connected,
    since: since.toISOString(),
    revision,
    ...(balancers === undefined ? {} : { balancers }),
    fault_count: faults.length + warnings.length,
    warnings,
    ...(heldRemovals === undefined ? {} : {
      held_removals: {
        count: heldRemovals.urls.length,
        since: heldRemovals.since.toISOString(),
        until: heldRemovals.until.toISOString(),
      },
    }),
  };
}

/** Writes the connection to etcd as JSON. */
export function registryJson(report: RegistryReport): RegistryJson {
  const { error = null, faults, heldRemovals } = report;
  const { held_removals: held, ...health } = registryHealthJson(report);
  const urls = heldRemovals?.urls.slice(0, HELD_MAX) ?? [];
  return {
    ...health,
    error,
    ...(held === undefined ? {} : { held_removals: { ...held, urls } }),
    faults: faults.slice(0, FAULTS_MAX),
  };
}
