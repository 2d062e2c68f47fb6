import { getLogger } from "@logtape/logtape";
import { decisionsChangeSchema, decisionsQuerySchema } from "../config/decision_schema.ts";
import { validate } from "../config/validate.ts";
import type { DecisionLog } from "../state/decision_log.ts";
import { canonicalServerUrl } from "../model/server.ts";
import { DECISIONS } from "./decision_schema.ts";
import { decisionJson, type DecisionsJson } from "./decision_json.ts";
import type { AdminCall } from "./operation.ts";
import { NO_QUERY, readQuery } from "./query.ts";
import { readBody } from "./read_body.ts";
import type { Routes } from "./router.ts";
import type { AdminTarget } from "./target.ts";

const logger = getLogger(["ballast", "admin"]);

/** How many decisions are answered to those who do not say. */
const DEFAULT_LIMIT = 100;

/** What tells why requests went where they went. */
export const DECISION_ROUTES: Routes = {
  "/decisions": {
    GET: {
      handler: list,
      summary: "Tell why the latest requests went where they went",
      query: decisionsQuerySchema,
      answers: {
        200: {
          description: "The decisions that are kept, oldest first",
          content: { "application/json": DECISIONS },
        },
      },
      problems: { 400: "The query does not fit" },
    },
    PUT: {
      handler: keep,
      summary: "Say how many of the latest decisions are kept; with 0, none are recorded",
      query: NO_QUERY,
      body: { "application/json": decisionsChangeSchema },
      answers: {
        200: {
          description: "What is kept now",
          content: { "application/json": DECISIONS },
        },
      },
      problems: {
        400: "The body or the query does not fit",
        413: "The body is too large",
        415: "The body is no JSON",
      },
    },
  },
};

/** What of the log is asked for. */
interface DecisionsQuery {
  /** How many decisions at most. */
  readonly limit?: number | undefined;
  /** The number of the last one that is known already. */
  readonly after?: number | undefined;
  /** The URL of the server that they went to. */
  readonly server?: string | undefined;
}

function list({ balancer }: AdminTarget, { url }: AdminCall): DecisionsJson {
  return answer(balancer.decisions, readQuery(url, decisionsQuerySchema));
}

async function keep(target: AdminTarget, { request, url }: AdminCall): Promise<DecisionsJson> {
  // Whoever asks for more than that is not to believe that it was done.
  readQuery(url, NO_QUERY);
  const body = validate(decisionsChangeSchema, await readBody(request, false), "the body");
  target.balancer.decisions.keep(body.keep);
  logger.info("Keeping the latest {count} decisions", { count: body.keep });
  return answer(target.balancer.decisions, {});
}

function answer(log: DecisionLog, query: DecisionsQuery): DecisionsJson {
  const { limit = DEFAULT_LIMIT, after } = query;
  const server = query.server === undefined ? undefined : canonicalServerUrl(query.server);
  const all = log.after(after ?? 0)
    .filter(({ chosen }) => server === undefined || chosen === server);
  // Who goes on from a number is to miss none; who does not wants the latest.
  const wanted = after === undefined ? all.slice(-limit) : all.slice(0, limit);
  return {
    keep: log.kept,
    skipped: log.skipped,
    latest: log.count,
    decisions: wanted.map(decisionJson),
  };
}
