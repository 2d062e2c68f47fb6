/**
 * The dashboard: the web page at `/` of the admin API. It is an export of its own, as its files are
 * imported as text, which not every runtime can: the package for Node and Bun has them built in.
 *
 * @example Serve the admin API with the dashboard
 * ```ts ignore
 * import { createAdmin, LoadBalancer } from "@ballast/lb";
 * import { createDashboard } from "@ballast/lb/dashboard";
 *
 * const balancer = new LoadBalancer({ servers: [{ url: "http://127.0.0.1:3001" }] });
 * const admin = createAdmin(balancer, { dashboard: createDashboard() });
 * Deno.serve({ port: 8000, hostname: "127.0.0.1" }, admin.fetch);
 * ```
 *
 * @module
 */

import "../runtime/runtime_version.ts";
export type { Dashboard, DashboardFile } from "../admin/dashboard.ts";
export { createDashboard } from "./create_dashboard.ts";
