const specs = JSON.parse(document.getElementById("specs").textContent);
const dark = window.matchMedia("(prefers-color-scheme: dark)");

// Eight hues that stay apart for colour-blind eyes on either ground; grey comes first, for a baseline.
const palettes = {
  light: ["#7b7a73", "#2a78d6", "#1a9e6f", "#c98500", "#d5393c", "#5b3fc0", "#d5599b", "#3a3a37"],
  dark: ["#a09f97", "#5aa2f5", "#2fc48d", "#e3a832", "#f2706d", "#a18bf5", "#ea85ba", "#dddcd5"],
};

function config(width, hues) {
  const style = getComputedStyle(document.documentElement);
  const color = (name) => style.getPropertyValue(name).trim();
  const font = getComputedStyle(document.body).fontFamily;
  const ink = color("--ink"), muted = color("--muted"), line = color("--line");
  return {
    background: "transparent",
    font,
    view: { stroke: null },
    axis: {
      labelColor: muted, titleColor: ink, titleFontWeight: 500, labelFontSize: 12, titleFontSize: 12.5,
      titlePadding: 10, gridColor: line, domainColor: line, tickColor: line, tickCount: 6, labelOverlap: true,
    },
    axisDiscrete: { grid: false, ticks: false, labelPadding: 8 },
    legend: {
      orient: "top", direction: "horizontal", columns: Math.max(1, Math.floor((width - 40) / 118)), labelColor: ink,
      labelFontSize: 12.5, symbolSize: 90, symbolOpacity: 1, offset: 14, columnPadding: 16, labelLimit: 260,
    },
    text: { color: ink },
    rule: { color: muted },
    mark: { color: color("--accent") },
    range: { category: hues },
  };
}

// A chart without a baseline has no use for the grey.
function huesOf(spec) {
  const hues = palettes[dark.matches ? "dark" : "light"];
  return spec.usermeta?.baseline === false ? hues.slice(1) : hues;
}

// `ast` has Vega interpret its expressions: the page may not turn text into code.
function draw() {
  for (const [name, spec] of Object.entries(specs)) {
    const place = document.getElementById(name);
    window.vegaEmbed(place, spec, {
      actions: false, renderer: "svg", ast: true, config: config(place.clientWidth, huesOf(spec)),
    }).catch((error) => { place.textContent = `This chart failed: ${error.message}`; });
  }
}

draw();
dark.addEventListener("change", draw);
let width = window.innerWidth, waiting;
window.addEventListener("resize", () => {
  if (window.innerWidth === width) return;
  width = window.innerWidth;
  clearTimeout(waiting);
  waiting = setTimeout(draw, 150);
});
