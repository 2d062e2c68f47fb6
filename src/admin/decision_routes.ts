import { getLogger } from "@logtape/logtape";
import { z } from "zod";
import { wholeNumber } from "../config/fields.ts";
import { serverUrlSchema } from "../config/server_schema.ts";
import { decisionsSchema } from "../config/settings_schema.ts";
import { validate } from "../config/validate.ts";
import type { DecisionLog } from "../state/decision_log.ts";
import { DECISIONS_MAX } from "../model/settings.ts";
import { canonicalServerUrl } from "../model/server.ts";
import { decisionJson, DECISIONS, type DecisionsJson } from "./decisions.ts";
import type { AdminCall, Routes } from "./operation.ts";
import { NO_QUERY } from "./query.ts";
import { readBody } from "./read_body.ts";
import type { AdminTarget } from "./target.ts";

const logger = getLogger(["ballast", "admin"]);

/** Number of decisions in an answer by default. */
const DEFAULT_LIMIT = 100;

const DECISIONS_QUERY = z.strictObject({
  limit: wholeNumber(1, DECISIONS_MAX).describe("Maximum number. Default: 100").optional(),
  after: wholeNumber(0, Number.MAX_SAFE_INTEGER)
    .describe("Number of the latest known decision. Default: the latest decisions are returned")
    .optional(),
  server: serverUrlSchema.describe("The URL of the server that was picked. Default: any")
    .optional(),
});

const DECISIONS_BODY = z.strictObject({
  keep: decisionsSchema.describe("How many of the latest decisions are kept; 0 for none"),
}, { error: "must be an object with keep" });

/** `/decisions`. */
export const DECISION_ROUTES: Routes = {
  "/decisions": {
    GET: {
      handler: ({ balancer }, { query }: AdminCall<typeof DECISIONS_QUERY>) =>
        answer(balancer.decisions, query),
      summary: "Explain recent routing decisions",
      query: DECISIONS_QUERY,
      answers: {
        200: {
          description: "The decisions that are kept, oldest first",
          content: { "application/json": DECISIONS },
        },
      },
      problems: { 400: "The query is malformed" },
    },
    PUT: {
      handler: keep,
      summary: "Set how many of the latest decisions are kept; 0 turns recording off",
      query: NO_QUERY,
      body: { "application/json": DECISIONS_BODY },
      answers: {
        200: {
          description: "The decisions that are kept now",
          content: { "application/json": DECISIONS },
        },
      },
      problems: {
        400: "The body or the query is malformed",
        413: "The body is too large",
        415: "The body is not JSON",
      },
    },
  },
};

async function keep({ balancer }: AdminTarget, { request }: AdminCall): Promise<DecisionsJson> {
  const body = validate(DECISIONS_BODY, await readBody(request, false), "the body");
  balancer.decisions.keep(body.keep);
  logger.info("Keeping the latest {count} decisions", { count: body.keep });
  return answer(balancer.decisions, {});
}

function answer(
  log: DecisionLog,
  query: AdminCall<typeof DECISIONS_QUERY>["query"],
): DecisionsJson {
  const { limit = DEFAULT_LIMIT, after } = query;
  const server = query.server === undefined ? undefined : canonicalServerUrl(query.server);
  const all = log.after(after ?? 0)
    .filter(({ chosen }) => server === undefined || chosen === server);
  // A caller that continues from a number must miss none.
  const wanted = after === undefined ? all.slice(-limit) : all.slice(0, limit);
  return {
    keep: log.kept,
    skipped: log.skipped,
    latest: log.count,
    decisions: wanted.map(decisionJson),
  };
}
