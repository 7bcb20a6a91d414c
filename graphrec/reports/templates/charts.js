const specs = JSON.parse(document.getElementById("specs").textContent);
const hues = Array.from({ length: 8 }, (_, number) => `var(--series-${number})`);

// Colours are the page's own, by name: they change with it, for print, too.
function config(width, category) {
  const font = getComputedStyle(document.body).fontFamily;
  const ink = "var(--ink)", muted = "var(--muted)", line = "var(--line)";
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
    mark: { color: "var(--accent)" },
    range: { category },
  };
}

// A chart without a baseline has no use for the grey.
const huesOf = (spec) => (spec.usermeta?.baseline === false ? hues.slice(1) : hues);

// `ast` has Vega interpret its expressions: the page may not turn text into code.
function draw() {
  for (const [name, spec] of Object.entries(specs)) {
    const container = document.getElementById(name);
    window.vegaEmbed(container, spec, {
      actions: false, renderer: "svg", ast: true, config: config(container.clientWidth, huesOf(spec)),
    }).catch((error) => { container.textContent = `This chart failed: ${error.message}`; });
  }
}

draw();
let width = window.innerWidth, waiting;
window.addEventListener("resize", () => {
  if (window.innerWidth === width) return;
  width = window.innerWidth;
  clearTimeout(waiting);
  waiting = setTimeout(draw, 150);
});
