import { element, setAttribute, setText } from "./dom.js";
import { WINDOW } from "./history.js";
import { formatClock } from "./format.js";

/** The fewest seconds that the time axis has. */
const SPAN_MIN = 60;

/**
 * One chart in a figure. Its caption has the numbers as text: the latest, or those at the pointer.
 */
export class Chart {
  #options;
  #values;
  #swatches;
  #frame;
  #plot;
  #columns;

  /**
   * @param {HTMLElement} figure What it is drawn in.
   * @param {{ title: string, series: { name: string, className: string }[],
   * format(value: number | null): string, tick(value: number): string, least: number }} options
   * The data; `least` is the lowest upper bound of the scale.
   */
  constructor(figure, options) {
    this.#options = options;
    this.#values = options.series.map(() => element("span", { class: "value" }));
    this.#swatches = options.series.map(({ className }) =>
      element("i", { "class": `swatch ${className}`, "aria-hidden": "true" })
    );
    const entries = options.series.map(({ name }, index) =>
      element("span", { class: "entry" }, this.#swatches[index], ` ${name} `, this.#values[index])
    );
    // A chart of one line needs no key beside its title.
    const single = options.series.length === 1;
    const legend = single ? [this.#values[0], this.#swatches[0]] : entries;
    setAttribute(this.#swatches[0], "hidden", single);
    this.#frame = element("div", { class: "plot", role: "img" });
    figure.append(
      element(
        "figcaption",
        {},
        element("span", { class: "chart-title" }, options.title),
        ...legend,
      ),
      this.#frame,
    );
    this.#plot = this.#makePlot();
    new ResizeObserver(() => this.#resize()).observe(this.#frame);
    document.addEventListener("themechange", () => this.#plot.redraw(false, true));
  }

  /** Draws columns: times, then one for each line. */
  draw(columns) {
    this.#columns = columns;
    this.#plot.setData(columns);
    this.#caption();
    this.#describe();
  }

  #makePlot() {
    const { tick, least, series } = this.#options;
    const axis = {
      stroke: () => getComputedStyle(this.#frame).color,
      grid: { stroke: () => getComputedStyle(this.#frame).borderTopColor, width: 1 },
      ticks: { show: false },
      font: "11px system-ui, sans-serif",
      gap: 4,
    };
    const lines = series.map((_, index) => ({
      stroke: () => getComputedStyle(this.#swatches[index]).backgroundColor,
      fill: () => index === 0 ? this.#fill(index) : undefined,
      width: 1.6,
      points: { show: false },
    }));
    // A classic script, which runs before this one.
    return new globalThis.uPlot(
      {
        width: 300,
        height: 100,
        padding: [8, 6, 0, 0],
        legend: { show: false },
        cursor: { y: false, drag: { x: false, y: false }, points: { size: 6 } },
        scales: {
          x: { range: timeRange },
          y: { range: (_, _min, max) => [0, Math.max(least, (max ?? 0) * 1.15)] },
        },
        axes: [
          { ...axis, size: 28, gap: 8, values: formatTimes, space: 64 },
          { ...axis, size: 48, values: (_, at) => at.map((value) => tick(value)), space: 24 },
        ],
        series: [{}, ...lines],
        hooks: { setCursor: [() => this.#caption()] },
      },
      [[], ...series.map(() => [])],
      this.#frame,
    );
  }

  /** The numbers at the pointer, else the latest. */
  #caption() {
    const { format } = this.#options;
    const times = this.#columns?.[0] ?? [];
    const at = this.#plot?.cursor?.idx ?? times.length - 1;
    for (const [index, value] of this.#values.entries()) {
      setText(value, format(this.#columns?.[index + 1][at] ?? null));
    }
  }

  /** The chart in words, for those who do not see it. */
  #describe() {
    const { title, series, format } = this.#options;
    const parts = series.map(({ name }, index) => {
      const values = this.#columns[index + 1].filter((value) => value !== null);
      if (values.length === 0) return `${name}: nothing measured yet`;
      const [low, high] = [Math.min(...values), Math.max(...values)];
      return `${name}: ${format(values.at(-1))}, from ${format(low)} to ${format(high)}`;
    });
    setAttribute(this.#frame, "aria-label", `${title} over the last minutes. ${parts.join(". ")}.`);
  }

  #resize() {
    const { clientWidth: width, clientHeight: height } = this.#frame;
    if (width > 0) this.#plot.setSize({ width, height });
  }

  #fill(index) {
    const color = getComputedStyle(this.#swatches[index]).backgroundColor;
    return color.replace(/^rgb\((.*)\)$/, "rgba($1, 0.1)");
  }
}

/** The time axis: it grows with what is known, until the window is full. */
function timeRange(plot) {
  const times = plot.data[0];
  const last = times.at(-1) ?? 0;
  const known = last - (times[0] ?? last);
  return [last - Math.min(WINDOW, Math.max(SPAN_MIN, known)), last];
}

/** Seconds are written only where the marks are closer than a minute. */
function formatTimes(_plot, at, _axis, _space, step) {
  return at.map((seconds) => formatClock(new Date(seconds * 1000)).slice(0, step < 60 ? 8 : 5));
}
