import actionsScript from "./actions.js" with { type: "text" };
import apiScript from "./api.js" with { type: "text" };
import balancersStyle from "./balancers.css" with { type: "text" };
import balancersScript from "./balancers.js" with { type: "text" };
import baseStyle from "./base.css" with { type: "text" };
import chartScript from "./chart.js" with { type: "text" };
import columnsScript from "./columns.js" with { type: "text" };
import dialogsStyle from "./dialogs.css" with { type: "text" };
import domScript from "./dom.js" with { type: "text" };
import eventListScript from "./event_list.js" with { type: "text" };
import eventsStyle from "./events.css" with { type: "text" };
import eventStreamScript from "./event_stream.js" with { type: "text" };
import serverTableStyle from "./server_table.css" with { type: "text" };
import serverTableNarrowStyle from "./server_table_narrow.css" with { type: "text" };
import serverTableScript from "./server_table.js" with { type: "text" };
import formatScript from "./format.js" with { type: "text" };
import historyScript from "./history.js" with { type: "text" };
import iconImage from "./icon.svg" with { type: "text" };
import impactDialogScript from "./impact_dialog.js" with { type: "text" };
import indexPage from "./index.html" with { type: "text" };
import layoutStyle from "./layout.css" with { type: "text" };
import mainScript from "./main.js" with { type: "text" };
import noticesScript from "./notices.js" with { type: "text" };
import pollerScript from "./poller.js" with { type: "text" };
import rowMenuScript from "./row_menu.js" with { type: "text" };
import serverDialogScript from "./server_dialog.js" with { type: "text" };
import serverFieldsScript from "./server_fields.js" with { type: "text" };
import serverRowScript from "./server_row.js" with { type: "text" };
import sseParserScript from "./sse_parser.js" with { type: "text" };
import summaryScript from "./summary.js" with { type: "text" };
import themeScript from "./theme.js" with { type: "text" };
import tokenDialogScript from "./token_dialog.js" with { type: "text" };
import trafficStyle from "./traffic.css" with { type: "text" };
import trafficChartsScript from "./traffic_charts.js" with { type: "text" };
import wakerScript from "./waker.js" with { type: "text" };
import uplotScript from "uplot/dist/uPlot.iife.min.js" with { type: "text" };
import uplotStyle from "uplot/dist/uPlot.min.css" with { type: "text" };
import type { Dashboard, DashboardFile } from "../admin/dashboard.ts";

const SCRIPTS: Readonly<Record<string, string>> = {
  "actions.js": actionsScript,
  "api.js": apiScript,
  "balancers.js": balancersScript,
  "chart.js": chartScript,
  "columns.js": columnsScript,
  "dom.js": domScript,
  "event_list.js": eventListScript,
  "event_stream.js": eventStreamScript,
  "server_table.js": serverTableScript,
  "format.js": formatScript,
  "history.js": historyScript,
  "impact_dialog.js": impactDialogScript,
  "main.js": mainScript,
  "notices.js": noticesScript,
  "poller.js": pollerScript,
  "row_menu.js": rowMenuScript,
  "server_dialog.js": serverDialogScript,
  "server_fields.js": serverFieldsScript,
  "server_row.js": serverRowScript,
  "sse_parser.js": sseParserScript,
  "summary.js": summaryScript,
  "theme.js": themeScript,
  "token_dialog.js": tokenDialogScript,
  "traffic_charts.js": trafficChartsScript,
  "waker.js": wakerScript,
  "uplot.js": uplotScript,
};

const STYLES: Readonly<Record<string, string>> = {
  "balancers.css": balancersStyle,
  "base.css": baseStyle,
  "dialogs.css": dialogsStyle,
  "events.css": eventsStyle,
  "server_table.css": serverTableStyle,
  "server_table_narrow.css": serverTableNarrowStyle,
  "layout.css": layoutStyle,
  "traffic.css": trafficStyle,
  "uplot.css": uplotStyle,
};

/**
 * The dashboard's files, to be passed to `createAdmin`. They are part of the program: nothing is
 * read from the disk or the network.
 *
 * @returns The files, by name.
 *
 * @example Serve the dashboard
 * ```ts
 * import { createAdmin, LoadBalancer } from "@ballast/lb";
 * import { createDashboard } from "@ballast/lb/dashboard";
 *
 * await using balancer = new LoadBalancer();
 * const admin = createAdmin(balancer, { dashboard: createDashboard() });
 * const page = await admin.fetch(new Request("http://localhost/"));
 * console.assert(page.headers.get("content-type") === "text/html; charset=utf-8");
 * ```
 */
export function createDashboard(): Dashboard {
  return {
    "index.html": { type: "text/html; charset=utf-8", text: indexPage },
    "icon.svg": { type: "image/svg+xml", text: iconImage },
    ...withType("text/javascript; charset=utf-8", SCRIPTS),
    ...withType("text/css; charset=utf-8", STYLES),
  };
}

function withType(type: string, texts: Readonly<Record<string, string>>): Dashboard {
  const entries = Object.entries(texts).map(([name, text]): [string, DashboardFile] => [
    name,
    { type, text },
  ]);
  return Object.fromEntries(entries);
}
