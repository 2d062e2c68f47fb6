import { z } from "zod";
import { DECISIONS_MAX } from "../model/settings.ts";
import { wholeNumber } from "./fields.ts";
import { serverUrlSchema } from "./server_schema.ts";
import { decisionsSchema } from "./settings_schema.ts";

/** What of the log of decisions is asked for. */
export const decisionsQuerySchema = z.strictObject({
  limit: wholeNumber(1, DECISIONS_MAX).describe("How many at most. Default: 100").optional(),
  after: wholeNumber(0, Number.MAX_SAFE_INTEGER).describe(
    "The number of the last decision that is known already. Default: the latest are answered",
  ).optional(),
  server: serverUrlSchema.describe("The URL of the server that was picked. Default: any")
    .optional(),
});

/** How many decisions are kept from now on. */
export const decisionsChangeSchema = z.strictObject({
  keep: decisionsSchema.describe("How many of the latest decisions are kept; 0 for none"),
}, { error: "must be an object with keep" });
