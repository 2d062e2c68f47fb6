import type { Clock } from "../runtime/clock.ts";
import type { Routes } from "./router.ts";
import { statsJson } from "./stats_json.ts";
import { STATS } from "./stats_schema.ts";
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
        summary: "Tell how much traffic there is, over about the last ten seconds",
        answers: {
          200: { description: "The traffic", content: { "application/json": STATS } },
        },
      },
    },
  };
}
