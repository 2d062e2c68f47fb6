import type { Routes } from "./router.ts";
import { serverStatusJson } from "./server_json.ts";
import type { AdminTarget } from "./target.ts";

/** What tells how the servers are doing. */
export const STATUS_ROUTES: Routes = {
  "/servers": { GET: list },
  "/healthz": { GET: health },
};

function list(target: AdminTarget): unknown {
  return target.servers().map(serverStatusJson);
}

function health(target: AdminTarget): unknown {
  const servers = target.servers();
  const healthy = servers.filter((server) => server.healthy).length;
  return { status: "ok", servers: servers.length, healthy };
}
