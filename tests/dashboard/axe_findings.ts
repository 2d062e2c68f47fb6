import axe from "axe-core";
import type { Page } from "playwright-core";

/** A finding of axe, as far as it is told. */
interface Finding {
  readonly id: string;
  readonly impact: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
}

/** axe's findings on the page that are serious or worse, by all of its rules or by these. */
export async function findings(page: Page, rules?: readonly string[]): Promise<string[]> {
  // The page's policy lets no script in; what is evaluated comes by another way.
  await page.evaluate(axe.source);
  const options = JSON.stringify(rules === undefined ? {} : { runOnly: rules });
  const run = `axe.run(${options}).then(({ violations }) => violations)`;
  const found = await page.evaluate(run) as Finding[];
  return found
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`)
    );
}
