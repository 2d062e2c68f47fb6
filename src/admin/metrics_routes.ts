import { EXPOSITION_TYPE } from "../metrics/exposition.ts";
import { writeMetrics } from "../metrics/metrics.ts";
import { VERSION } from "../version.ts";
import type { Routes } from "./router.ts";
import type { AdminTarget } from "./target.ts";

/** What Prometheus reads. */
export const METRICS_ROUTES: Routes = {
  "/metrics": { GET: metrics },
};

async function metrics(target: AdminTarget): Promise<Response> {
  const text = await writeMetrics({
    servers: target.servers(),
    traffic: target.traffic(),
    version: VERSION,
  });
  return new Response(text, {
    headers: { "content-type": EXPOSITION_TYPE, "cache-control": "no-store" },
  });
}
