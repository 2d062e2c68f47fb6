import type { Browser } from "playwright-core";

/** Tests of the page in a browser, by what they show. */
export type Cases = Readonly<Record<string, (browser: Browser) => Promise<void>>>;
