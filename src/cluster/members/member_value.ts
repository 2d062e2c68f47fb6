import { z } from "zod";
import type { ClusterMember } from "../../model/cluster_report.ts";
import { momentSchema, readValue, textSchema } from "../store/values.ts";

/** What a balancer says of itself when it joins the others. */
export type Member = Omit<ClusterMember, "status" | "isBehind">;

const memberSchema = z.object({
  name: textSchema(255),
  version: textSchema(100),
  started_at: momentSchema,
  admin: textSchema(2048).optional(),
  shared_health: z.boolean({ error: "must be true or false" }),
}, { error: "must be a JSON object" });

/** Whether this can be a balancer's id, which is the end of its keys. */
export function isMemberId(text: string): boolean {
  return /^[0-9A-Za-z_.-]{1,64}$/.test(text);
}

/** A balancer as the value of its key. */
export function memberValue({ name, version, startedAt, admin, sharesHealth }: Member): string {
  return JSON.stringify({
    name,
    version,
    started_at: startedAt.toISOString(),
    ...(admin === undefined ? {} : { admin }),
    shared_health: sharesHealth,
  });
}

/**
 * Reads what a balancer says of itself.
 *
 * @param id Its id.
 * @param value The value of its key.
 * @throws {BalancerError} `invalid`, with every fault.
 */
export function readMember(id: string, value: string): Member {
  const { name, version, started_at, admin, shared_health } = readValue(memberSchema, value);
  return { id, name, version, startedAt: started_at, admin, sharesHealth: shared_health };
}
