import type { Page } from "playwright-core";

/** Tests of the page in a browser, by what they show. */
export type Cases = Readonly<Record<string, (tab: Page) => Promise<void>>>;
