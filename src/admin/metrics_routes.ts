import { z } from "zod";
import { EXPOSITION_TYPE } from "../observability/metrics/exposition.ts";
import { writeMetrics } from "../observability/metrics/metrics.ts";
import { VERSION } from "../model/version.ts";
import type { Routes } from "./router.ts";
import type { AdminTarget } from "./target.ts";

/** What Prometheus reads. */
export const METRICS_ROUTES: Routes = {
  "/metrics": {
    GET: {
      handler: metrics,
      summary: "Tell what was counted, for Prometheus",
      answers: {
        200: {
          description: "Metrics in Prometheus' text format",
          content: { "text/plain": z.string() },
        },
      },
    },
  },
};

async function metrics(target: AdminTarget): Promise<Response> {
  const text = await writeMetrics({
    servers: target.balancer.servers(),
    traffic: target.balancer.traffic(),
    registry: target.cluster?.registry,
    version: VERSION,
  });
  return new Response(text, {
    headers: { "content-type": EXPOSITION_TYPE, "cache-control": "no-store" },
  });
}
