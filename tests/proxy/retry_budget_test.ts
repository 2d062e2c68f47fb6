import { assertEquals } from "@std/assert";
import { RetryBudget } from "../../src/proxy/retry_budget.ts";

/** How many retries in a row the budget allows at this time, up to 1000. */
function allowed(budget: RetryBudget, now: number): number {
  let count = 0;
  while (count < 1000 && budget.tryRetry(now)) count++;
  return count;
}

function countRequests(budget: RetryBudget, count: number, now: number): void {
  for (let i = 0; i < count; i++) budget.countRequest(now);
}

Deno.test("RetryBudget.tryRetry() allows a hundred in a window without any request", () => {
  assertEquals(allowed(new RetryBudget(0), 0), 100);
});

Deno.test("RetryBudget.tryRetry() allows a share of the requests in addition", () => {
  const budget = new RetryBudget(20);
  countRequests(budget, 500, 0);
  assertEquals(allowed(budget, 0), 200);
  countRequests(budget, 50, 1000);
  assertEquals(allowed(budget, 1000), 10);
});

Deno.test("RetryBudget.tryRetry() counts the previous tally, and none before it", () => {
  const budget = new RetryBudget(10);
  countRequests(budget, 1000, 0);
  assertEquals(allowed(budget, 4999), 200);
  // The next tally: the previous one still counts, its requests and its retries.
  countRequests(budget, 100, 5000);
  assertEquals(allowed(budget, 5000), 10);
  // The one after: the first is no longer counted.
  assertEquals(allowed(budget, 10_000), 100);
});

Deno.test("RetryBudget.tryRetry() starts afresh after a pause", () => {
  const budget = new RetryBudget(10);
  countRequests(budget, 1000, 0);
  assertEquals(allowed(budget, 0), 200);
  assertEquals(allowed(budget, 15_000), 100);
  assertEquals(allowed(budget, 15_000), 0);
});
