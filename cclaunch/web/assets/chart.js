// The days as stacked bars, drawn by uPlot on a canvas; the table beside it has the same numbers for who cannot see it.

import { date, day, money } from "/assets/words.js";

const HEIGHT = 158;
const LABEL_PX = 58;
const BARS = { size: [0.75, 44], gap: 0 };
const FONT = "12px system-ui, sans-serif";
let chart = null;
let again = null;

/** The colour of a class, as the scheme of the system has it. */
function colour(place, name) {
  const probe = document.createElement("i");
  probe.className = name;
  place.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

/** The name of the colour of series *number* of *found*. */
export function hue(found, number) {
  return found.series[number].rest ? "hue-rest" : `hue-${number}`;
}

/** Each series on top of those before it. */
function stacked(series) {
  const sums = [];
  return series.map((one) => one.cost_usd.map((cost, at) => (sums[at] = (sums[at] || 0) + cost)));
}

/**
 * Draw the days of an answer into *place*. *pointed* is called with the number of a day, or null; *picked* with the number of the
 * series that was clicked.
 */
export function drawChart(place, found, pointed, picked) {
  again = () => place.isConnected && drawChart(place, found, pointed, picked);
  chart?.destroy();
  resized.disconnect();
  const layers = stacked(found.series);
  const order = layers.map((_, number) => layers.length - 1 - number);
  const ink = { stroke: colour(place, "ink-soft"), font: FONT, ticks: { show: false }, grid: { stroke: colour(place, "ink-line"), width: 1 } };
  const every = Math.max(1, Math.ceil(found.days.length / Math.max(1, (place.clientWidth - 60) / LABEL_PX)));
  const paths = uPlot.paths.bars(BARS);
  const options = {
    width: place.clientWidth || 300,
    height: HEIGHT,
    legend: { show: false },
    cursor: { drag: { x: false, y: false }, y: false, points: { show: false } },
    scales: {
      x: { time: false, range: [-0.5, found.days.length - 0.5] },
      y: { range: (_, least, most) => [Math.min(0, least), most > 0 ? most * 1.05 : 1] },
    },
    axes: [
      { ...ink, size: 24, grid: { show: false }, splits: () => found.days.map((_, at) => at).filter((at) => (found.days.length - 1 - at) % every === 0), values: (_, splits) => splits.map((at) => label(found.days, at)) },
      { ...ink, size: (_, labels) => Math.max(56, 16 + 7.5 * Math.max(0, ...(labels || []).map((one) => one.length))), values: (_, splits) => splits.map((dollars) => money(dollars).replace(/\.0+$/, "")) },
    ],
    series: [{}, ...order.map((number) => ({ fill: colour(place, hue(found, number)), width: 0, paths, points: { show: false } }))],
    hooks: { setCursor: [(self) => pointed(self.cursor.left >= 0 ? self.cursor.idx : null)] },
  };
  chart = new uPlot(options, [found.days.map((_, at) => at), ...order.map((number) => layers[number])], place);
  resized.observe(place);
  chart.over.addEventListener("click", () => {
    const { idx, top } = chart.cursor;
    if (idx === null || idx === undefined) return;
    const height = chart.posToVal(top, "y");
    const number = layers.findIndex((layer) => height <= layer[idx]);
    if (number >= 0 && height >= 0) picked(number);
  });
}

function label(days, at) {
  const text = days[at];
  return days.length <= 14 ? day(text) : date(text);
}

const redraw = () => again?.();
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
// Of a place that is hidden still, the width is not known: it is drawn again when it has one.
const resized = new ResizeObserver(([entry]) => chart && Math.abs(entry.contentRect.width - chart.width) > 1 && entry.contentRect.width > 0 && redraw());
