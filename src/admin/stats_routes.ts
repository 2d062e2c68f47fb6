import type { Clock } from "../core/clock.ts";
import type { Routes } from "./router.ts";
import { statsJson } from "./stats_json.ts";
import type { TrafficMeter } from "./traffic_meter.ts";

/**
 * What tells how much traffic there is.
 *
 * @param meter What measures it.
 * @param clock The time of day.
 */
export function statsRoutes(meter: TrafficMeter, clock: Clock): Routes {
  return {
    "/stats": {
      GET: {
        handler: (target) => statsJson(target, meter, clock),
        summary: "Tell how much traffic there is, and how the servers do",
        answers: { 200: { description: "Totals, rates and latencies" } },
      },
    },
  };
}
