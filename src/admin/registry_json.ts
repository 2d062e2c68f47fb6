import { z } from "zod";
import type {
  HeldRemovalsReport,
  RegistryReport,
  RegistryWarning,
} from "../model/registry_report.ts";

/** How many faults are told at most; there may be as many as there are keys. */
const FAULTS_MAX = 100;

/** How many servers are told at most that are missing. */
const HELD_MAX = 100;

/** How a balancer is connected to what several share, as the admin API writes it. */
export interface RegistryJson {
  /** What keeps the servers. */
  readonly kind: "etcd";
  /** Whether it can be reached. */
  readonly connected: boolean;
  /** Since when that is so, as RFC 3339. */
  readonly since: string;
  /** Why it cannot be reached; null where it can, and before the first try. */
  readonly error: string | null;
  /** The revision up to which every change is seen here. */
  readonly revision: number;
  /** How many balancers share the servers; left out where that is not known. */
  readonly balancers?: number | undefined;
  /** How much is wrong: the keys that are not used as they are, and the warnings. */
  readonly fault_count: number;
  /** What a person has to look at. */
  readonly warnings: readonly RegistryWarning[];
  /** Servers that are missing there and still in use; left out where none are. */
  readonly held_removals?: HeldRemovalsJson | undefined;
  /** What is not used as it is, the first hundred by their keys. */
  readonly faults: readonly {
    /** The key. */
    readonly key: string;
    /** The revision at which it was written. */
    readonly revision: number;
    /** What is wrong with it, and what becomes of the server. */
    readonly message: string;
  }[];
}

/** Servers that are missing where they are kept and still in use, as the admin API writes them. */
export interface HeldRemovalsJson {
  /** How many they are. */
  readonly count: number;
  /** Since when the first of them has been missing, as RFC 3339. */
  readonly since: string;
  /** When they will be removed, if nothing changes until then, as RFC 3339. */
  readonly until: string;
  /** The URLs of the first hundred. */
  readonly urls: readonly string[];
}

/** What everybody may know of it: no addresses, and nothing of the servers. */
export type RegistryHealthJson = Omit<RegistryJson, "error" | "faults" | "held_removals"> & {
  /** Servers that are missing there and still in use; left out where none are. */
  readonly held_removals?: Omit<HeldRemovalsJson, "urls"> | undefined;
};

const held = {
  count: z.int().min(1).describe("How many they are"),
  since: z.iso.datetime().describe("Since when the first of them has been missing"),
  until: z.iso.datetime().describe("When they will be removed, if nothing changes until then"),
};
const HELD = "Servers that are missing there and still in use; POST /accept-servers removes them";

const health = {
  kind: z.literal("etcd"),
  connected: z.boolean().describe("Whether changes can be made, and those of others are seen"),
  since: z.iso.datetime().describe("Since when that is so"),
  revision: z.int().min(0).describe("The revision up to which every change is seen here"),
  balancers: z.int().min(0).describe("How many balancers share the servers; /fleet tells which")
    .optional(),
  fault_count: z.int().min(0)
    .describe("How many keys are not used as they are, which /stats has, and warnings there are"),
  warnings: z.array(z.object({
    code: z.enum(["held_removals", "out_of_space", "write_refused"]),
    message: z.string().describe("What it is, and what to do"),
  })).describe("What a person has to look at"),
};

/** How a balancer is connected to what several share, for descriptions. */
export const REGISTRY_HEALTH = z.object({
  ...health,
  held_removals: z.object(held).describe(HELD).optional(),
})
  .meta({ id: "RegistryHealth" }) satisfies z.ZodType<RegistryHealthJson>;

/** The same, with what is wrong. */
export const REGISTRY = z.object({
  ...health,
  error: z.string().nullable().describe("Why it cannot be reached"),
  held_removals: z.object({
    ...held,
    urls: z.array(z.string()).describe("The first hundred of them"),
  }).describe(HELD).optional(),
  faults: z.array(z.object({
    key: z.string(),
    revision: z.int().min(0),
    message: z.string().describe("What is wrong with it, and what becomes of the server"),
  })).describe("What is not used as it is, the first hundred by their keys"),
}).meta({ id: "Registry" }) satisfies z.ZodType<RegistryJson>;

/** How a balancer is connected, as JSON for everybody. */
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
    ...(heldRemovals === undefined ? {} : { held_removals: heldJson(heldRemovals) }),
  };
}

function heldJson({ urls, since, until }: HeldRemovalsReport): Omit<HeldRemovalsJson, "urls"> {
  return { count: urls.length, since: since.toISOString(), until: until.toISOString() };
}

/** How a balancer is connected, as JSON. */
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
