import { getLogger } from "@logtape/logtape";
import { z } from "zod";
import { invalid } from "../../config/validate.ts";
import type { ClusterMember } from "../../model/cluster_report.ts";
import { KeyStore } from "../store/key_store.ts";
import { momentSchema, parseValue, textSchema } from "../store/values.ts";

const logger = getLogger(["ballast", "fleet"]);

/** The record that a balancer publishes when it joins the cluster. */
export type Member = Omit<ClusterMember, "status" | "isBehind">;

const memberSchema = z.object({
  name: textSchema(255),
  version: textSchema(100),
  started_at: momentSchema,
  admin: textSchema(2048).optional(),
  shared_health: z.boolean({ error: "must be true or false" }),
}, { error: "must be a JSON object" });

/** Whether a text is a valid balancer ID, with which its keys end. */
export function isMemberId(text: string): boolean {
  return /^[0-9A-Za-z_.-]{1,64}$/.test(text);
}

/** Formats the value of a member's key. */
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
 * Parses the value of a member's key.
 *
 * @param id The balancer's ID.
 * @param text The value.
 * @throws {BalancerError} `invalid`, with every fault.
 */
export function parseMember(id: string, text: string): Member {
  const { name, version, started_at, admin, shared_health } = parseValue(memberSchema, text);
  return { id, name, version, startedAt: started_at, admin, sharesHealth: shared_health };
}

/**
 * Creates the store of the balancers that are up. An invalid value leaves a member unchanged. Logs
 * balancers that join and leave.
 *
 * @param prefix Prefix of the members' keys.
 * @param onChange Called after each update.
 */
export function memberStore(prefix: string, onChange: () => void): KeyStore<Member> {
  return new KeyStore<Member>({
    prefix,
    keepsLastValid: true,
    parse: (id, text) => {
      if (isMemberId(id)) return parseMember(id, text);
      const message = "must end with a balancer ID: at most 64 letters, digits, _, - and .";
      throw invalid("the key", [{ path: "", message }]);
    },
    onChange: (changes) => {
      for (const { id, before, value } of changes) {
        if (before === undefined && value !== undefined) {
          logger.info("{name} joined ({id})", { name: value.name, id });
        } else if (before !== undefined && value === undefined) {
          logger.info("{name} left ({id})", { name: before.name, id });
        }
      }
      onChange();
    },
  });
}
