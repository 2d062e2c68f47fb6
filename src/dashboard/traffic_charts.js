import { Chart } from "./chart.js";
import { byId } from "./dom.js";
import { formatLatency, formatRate } from "./format.js";
import { History } from "./history.js";

/** The charts of the requests, the errors and the latency of all servers together. */
export class TrafficCharts {
  #history = new History(4);
  #charts = [
    new Chart(byId("chart-requests"), {
      title: "Requests per second",
      series: [{ name: "Requests", className: "line-requests" }],
      format: formatRate,
      tick: formatRate,
      least: 1,
    }),
    new Chart(byId("chart-errors"), {
      title: "Errors per second",
      series: [{ name: "Errors", className: "line-errors" }],
      format: formatRate,
      tick: formatRate,
      least: 1,
    }),
    new Chart(byId("chart-latency"), {
      title: "Latency",
      series: [
        { name: "p50", className: "line-p50" },
        { name: "p99", className: "line-p99" },
      ],
      format: formatLatency,
      tick: formatLatency,
      least: 1,
    }),
  ];

  /** Takes what `/stats` says. */
  add({ time, total }) {
    const values = [
      total.requests_per_second,
      total.errors_per_second,
      total.p50_ms,
      total.p99_ms,
    ];
    this.#history.add(Date.parse(time) / 1000, values);
    this.#draw();
  }

  /** Nothing is known from now on until the next {@linkcode TrafficCharts.add}. */
  addGap() {
    this.#history.addGap();
    this.#draw();
  }

  #draw() {
    const [times, requests, errors, p50, p99] = this.#history.columns;
    const [first, second, third] = this.#charts;
    first.draw([times, requests]);
    second.draw([times, errors]);
    third.draw([times, p50, p99]);
  }
}
