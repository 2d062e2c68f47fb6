import { assertEquals } from "@std/assert";
import type { ClusterReport } from "../../../src/model/cluster_report.ts";
import type { RegistryReport } from "../../../src/model/registry_report.ts";
import { CLUSTER } from "../../testing/scripted_cluster.ts";
import { findings } from "../axe_findings.ts";
import { rowSays } from "../page_parts.ts";
import { Stage } from "../stage.ts";
import type { Cases } from "./cases.ts";

const REGISTRY: RegistryReport = {
  kind: "etcd",
  connected: true,
  since: new Date(),
  error: undefined,
  revision: 90,
  warnings: [],
  faults: [],
};

const AGREEING: ClusterReport = {
  ...CLUSTER,
  members: CLUSTER.members.slice(0, 2),
  disagreements: [],
  error: undefined,
};

/** The balancers that share their servers. */
export const SHARING: Cases = {
  async "shows no balancers where there is one only"(tab) {
    await using stage = await Stage.start(tab);
    const page = await stage.open();
    await rowSays(page, "one", "Up");
    assertEquals(await page.locator("#balancers-panel").isVisible(), false);
    assertEquals(stage.complaints, []);
  },

  async "shows the balancers that share the servers, and where they do not agree"(tab) {
    let report = CLUSTER;
    await using stage = await Stage.start(tab, {
      names: ["one"],
      shared: { registry: REGISTRY, report: () => Promise.resolve(report) },
    });
    const page = await stage.open();
    const balancers = page.getByRole("region", { name: "Balancers" });
    await balancers.getByText("3 balancers, which do not agree on 1 server").waitFor();
    const rows = balancers.locator("tbody tr");
    const texts = await rows.allInnerTexts();
    for (
      const [i, words] of [
        ["ballast-1", "http://127.0.0.1:8000", "Up, shown here", "0.1.0", "13", "3 of 4"],
        ["ballast-2[U+001B][2J", "bbbbbbbbbbbb", "Behind", "–", "4 of 4"],
        ["ballast-3", "cccccccccccc", "New", "–"],
      ].entries()
    ) {
      for (const word of words) {
        assertEquals(texts[i]!.includes(word), true, `${word}: ${texts[i]}`);
      }
    }
    assertEquals(
      await balancers.getByRole("listitem").allInnerTexts(),
      ["http://127.0.0.1:3001 is unhealthy for ballast-1, and healthy for ballast-2[U+001B][2J"],
    );
    await balancers.getByRole("status").filter({ hasText: "etcd is unreachable" }).waitFor();
    report = AGREEING;
    await balancers.getByText("2 balancers", { exact: true }).waitFor();
    assertEquals(await rows.count(), 2);
    assertEquals(await balancers.getByRole("listitem").count(), 0);
    assertEquals(await page.locator("#balancers-trouble").isVisible(), false);
    assertEquals(stage.complaints, []);
  },

  async "says what a person has to look at, and which servers are missing in etcd"(tab) {
    const urls = Array.from({ length: 7 }, (_, i) => `http://10.0.0.${i}`);
    const registry: RegistryReport = {
      ...REGISTRY,
      heldRemovals: { urls, since: new Date(), until: new Date() },
      warnings: [{ code: "held_removals", message: "etcd has lost 7 servers\u001b[2J" }],
    };
    await using stage = await Stage.start(tab, {
      names: ["one"],
      shared: { registry, report: () => Promise.resolve(AGREEING) },
    });
    const page = await stage.open();
    const trouble = page.getByRole("region", { name: "Balancers" }).getByRole("status");
    await trouble.filter({ hasText: "etcd has lost 7 servers[U+001B][2J" }).waitFor();
    assertEquals((await trouble.innerText()).split("\n").slice(1), [
      ...urls.slice(0, 5).map((url) => `Missing: ${url}`),
      "and 2 more",
    ]);
    assertEquals(stage.complaints, []);
  },

  async "has no serious finding of axe where balancers do not agree"(tab) {
    await using stage = await Stage.start(tab, {
      names: ["one"],
      shared: {
        registry: { ...REGISTRY, connected: false },
        report: () => Promise.resolve(CLUSTER),
      },
    });
    for (const colorScheme of ["light", "dark"] as const) {
      const rules = colorScheme === "light" ? undefined : ["color-contrast"];
      const page = await stage.open({ colorScheme, reducedMotion: "reduce" });
      await page.getByText("3 balancers, which do not agree on 1 server").waitFor();
      assertEquals(await findings(page, rules), [], colorScheme);
      await page.setViewportSize({ width: 390, height: 844 });
      assertEquals(await findings(page, rules), [], `${colorScheme}, narrow`);
      const overflow = "document.documentElement.scrollWidth - innerWidth";
      assertEquals(await page.evaluate(overflow), 0);
    }
  },
};
