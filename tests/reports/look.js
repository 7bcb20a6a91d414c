// What there is to be seen of a page: how wide it is, and what is too faint to be read.

const numbers = (color) => {
  const [red, green, blue, alpha = 1] = color.match(/[\d.]+/g).map(Number);
  return { rgb: color.startsWith("color(") ? [red, green, blue].map((one) => one * 255) : [red, green, blue], alpha };
};
const over = (top, ground, alpha) => top.map((one, at) => one * alpha + ground[at] * (1 - alpha));
function luminance(rgb) {
  const [red, green, blue] = rgb.map((one) => one / 255).map((one) => (one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
function contrast(one, other) {
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}
function groundOf(element) {
  const layers = [];
  for (let at = element; at; at = at.parentElement) {
    const { rgb, alpha } = numbers(getComputedStyle(at).backgroundColor);
    if (alpha > 0) layers.push({ rgb, alpha });
    if (alpha === 1) break;
  }
  return layers.reverse().reduce((ground, { rgb, alpha }) => over(rgb, ground, alpha), [255, 255, 255]);
}
function opacityOf(element) {
  let opacity = 1;
  for (let at = element; at; at = at.parentElement) opacity *= Number(getComputedStyle(at).opacity);
  return opacity;
}
function stands(element, color, own = 1) {
  const { rgb, alpha } = numbers(color);
  const ground = groundOf(element.ownerSVGElement ?? element.parentElement ?? element);
  return contrast(over(rgb, ground, alpha * own * opacityOf(element)), ground);
}
const isSeen = (element) => element.checkVisibility({ visibilityProperty: true, opacityProperty: true })
  && !element.closest(".hidden, script, style, noscript, title, #found")
  && element.getBoundingClientRect().width > 0;

const faint = [];
let texts = 0;
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
  const element = walker.currentNode.parentElement;
  if (!walker.currentNode.textContent.trim() || !isSeen(element)) continue;
  texts += 1;
  const style = getComputedStyle(element);
  const drawn = element.ownerSVGElement;
  const own = drawn ? contrast(numbers(style.fill).rgb, groundOf(drawn)) : contrast(numbers(style.color).rgb, groundOf(element));
  if (own < 4.5) faint.push([walker.currentNode.textContent.slice(0, 40), style.color, style.fill, own]);
}
const MARKS = "g.role-mark path, g.role-mark line, g.role-mark rect, g.role-legend-symbol path, .paths rect, .paths .band, .bar, .bar i, .swatch";
for (const element of document.querySelectorAll(MARKS)) {
  const style = getComputedStyle(element);
  if (!element.getBoundingClientRect().width && !element.getBoundingClientRect().height) continue;
  let color = element.ownerSVGElement ? (style.fill !== "none" ? style.fill : style.stroke) : style.backgroundColor;
  if (element.ownerSVGElement && (color === "none" || element.tagName === "line")) color = style.stroke;
  if (element.matches(".rows .bar") || color === "none" || numbers(color).alpha === 0) continue;
  const own = stands(element, color, Number(element.ownerSVGElement ? (style.fill !== "none" ? style.fillOpacity : style.strokeOpacity) : 1));
  if (own < 3) faint.push([element.outerHTML.slice(0, 120), color, own]);
}

const every = [...document.querySelectorAll("main *")].filter(isSeen);
const right = (element) => element.getBoundingClientRect().right;
const cutting = every.filter((element) => getComputedStyle(element).overflowX !== "visible" && !element.closest("svg, select, input"));
return {
  wide: document.documentElement.scrollWidth,
  widest: every.sort((one, other) => right(other) - right(one)).slice(0, 3).map((one) => one.outerHTML.slice(0, 150)),
  texts, faint,
  font: getComputedStyle(document.querySelector("h1")).fontFamily,
  ground: getComputedStyle(document.body).backgroundColor,
  cut: cutting.filter((element) => element.scrollWidth > element.clientWidth + 1 || element.scrollHeight > element.clientHeight + 1).map((one) => one.outerHTML.slice(0, 150)),
  charts: [...document.querySelectorAll(".chart svg")].map((one) => one.getBoundingClientRect().width),
  unbroken: [...document.querySelectorAll("figure, .paths, .tiles li")].map((one) => one.getBoundingClientRect().height),
};
