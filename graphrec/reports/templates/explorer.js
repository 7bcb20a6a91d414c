const content = JSON.parse(document.getElementById("content").textContent);
const { items, edges, communities, users, all, words } = content;
const byId = (id) => document.getElementById(id);
const dark = matchMedia("(prefers-color-scheme: dark)");
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const HUES = 10;
const DRAWN = 3; // of the edges of each item, how many the whole map shows

// --- figures as text -----------------------------------------------------------------------------

const whole = new Intl.NumberFormat("en");
const count = (number, one, many) => `${whole.format(number)} ${number === 1 ? one : many}`;
const percent = (share) => `${(100 * share).toPrecision(share >= 0.1 ? 2 : 1)} %`;
const decimal = (number) => (number >= 1000 ? whole.format(Math.round(number)) : String(Number(number.toPrecision(3))));

const MEANINGS = {
  cosine: "Users of both over the geometric mean of the users of each.",
  jaccard: "Users of both over the users of either.",
  lift: "How many times more often than by chance users have both.",
  llr: "How sure it is that the two go together by more than chance (Dunning).",
  confidence: "Share of the users of one item who have the other; for an edge, the larger of the two.",
  support: "Share of all users who have both.",
};

// --- the graph in tables -------------------------------------------------------------------------

// What a measure says of an edge; of a confidence, how it looks from one end.
function value(measure, edge, from) {
  const together = edges.together[edge];
  if (measure === "support") return together / all.users;
  if (measure !== "confidence") return edges[measure][edge];
  const ends = from === undefined ? [edges.source[edge], edges.target[edge]] : [from];
  return Math.max(...ends.map((end) => together / items.support[end]));
}

const isShare = (measure) => measure === "confidence" || measure === "support";
const figure = (measure, number) => (isShare(measure) ? percent(number) : decimal(number));

const edgesOf = items.title.map(() => []);
edges.source.forEach((source, edge) => {
  edgesOf[source].push(edge);
  edgesOf[edges.target[edge]].push(edge);
});
const across = (edge, from) => (edges.source[edge] === from ? edges.target[edge] : edges.source[edge]);
const hueOf = (community) => (community > 0 && community <= HUES ? community : 0);

// --- filters -------------------------------------------------------------------------------------

const filter = { measure: "cosine", least: 0, common: 0 };
let sorted = {};
const kept = new Uint8Array(edges.source.length);

function quantile(name, values) {
  sorted[name] ??= Float64Array.from(values()).sort();
  const index = Math.floor((Number(byId(name === "together" ? "common" : "least").value) / 100) * (sorted[name].length - 1));
  return sorted[name].length ? sorted[name][Math.max(index, 0)] : 0;
}

function readFilters() {
  const measure = byId("measure").value;
  filter.measure = measure;
  filter.least = quantile(measure, () => edges.source.map((_, edge) => value(measure, edge)));
  filter.common = quantile("together", () => edges.together);
  let shown = 0;
  for (let edge = 0; edge < kept.length; edge++) {
    kept[edge] = value(measure, edge) >= filter.least && edges.together[edge] >= filter.common ? 1 : 0;
    shown += kept[edge];
  }
  byId("least-value").textContent = `≥ ${figure(measure, filter.least)}`;
  byId("common-value").textContent = `≥ ${count(filter.common, "user", "users")}`;
  byId("meaning").textContent = MEANINGS[measure];
  byId("kept").textContent = `${whole.format(shown)} of ${whole.format(kept.length)}`;
}

// --- elements; texts of the data are never HTML --------------------------------------------------

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, given] of Object.entries(attributes)) {
    if (given !== undefined && given !== null) made.setAttribute(name, given);
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

function swatch(community) {
  const made = element("span", { class: "swatch", "aria-hidden": "true" });
  made.style.setProperty("--hue", `var(--hue-${hueOf(community)})`);
  return made;
}

const userSwatch = () => element("span", { class: "swatch of-user", "aria-hidden": "true" });

const named = (text) => element("bdi", {}, text);

function row(href, mark, text, shown, detail = null, bar = null, hue = null) {
  const parts = [mark, named(text), element("span", { class: "figure" }, shown)];
  if (bar !== null) {
    const filled = element("i");
    filled.style.width = `${Math.max(100 * bar, 1)}%`;
    if (hue !== null) filled.style.setProperty("--hue", `var(--hue-${hue})`);
    parts.push(element("span", { class: "bar", "aria-hidden": "true" }, filled));
  }
  if (detail) parts.push(element("span", { class: "detail" }, ...[detail].flat()));
  return element("li", {}, href ? element("a", { href }, ...parts) : element("span", { class: "plain" }, ...parts));
}

const itemRow = (item, detail) =>
  row(`#item-${item}`, swatch(items.community[item]), items.title[item], count(items.support[item], "user", "users"), detail);
const rows = (children) => element("ul", { class: "rows" }, ...children);
const facts = (pairs) =>
  element("dl", { class: "facts" }, ...pairs.map(([name, text]) => element("div", {}, element("dt", {}, name), element("dd", {}, text))));
const heading = (text) => element("h3", {}, text);
const note = (text) => element("p", { class: "note" }, text);
const headline = (...children) => element("h2", { tabindex: "-1" }, ...children);
const listing = (texts) => texts.flatMap((text, index) => (index ? [" · ", named(text)] : [named(text)]));
const communityOf = (number) => communities.find((one) => one.number === number);
const nameOf = (number) => (communityOf(number)?.name ? [named(communityOf(number).name)] : []);
const back = () => element("a", { class: "back", href: "#" }, "← the whole map");

// --- the panel -----------------------------------------------------------------------------------

function leftOut() {
  const said = [];
  const shownItems = items.title.length, shownEdges = edges.source.length;
  said.push(
    shownItems < all.items
      ? `The ${whole.format(shownItems)} most popular of ${count(all.items, "item", "items")}`
      : `All ${count(all.items, "item", "items")}`,
  );
  said.push(
    shownEdges < all.edges
      ? `the strongest ${whole.format(shownEdges)} of ${count(all.edges, "edge", "edges")} between items that ${words.items_together}`
      : `all ${count(all.edges, "edge", "edges")} between items that ${words.items_together}`,
  );
  const people = users.length < all.users
    ? `${whole.format(users.length)} of ${count(all.users, "user", "users")}, drawn by lot, with their latest items`
    : `all ${count(all.users, "user", "users")}`;
  return `${said.join(", ")}, and ${people}. Items close together ${words.same_people}; `
    + `of each item the ${DRAWN} best edges are drawn, and all of them when it is selected.`;
}

function overview() {
  const parts = [headline("The whole map"), note(leftOut())];
  if (communities.length) {
    parts.push(heading("Communities"));
    parts.push(rows(communities.map((one) => row(
      `#community-${one.number}`, swatch(one.number), one.name ? `${one.number} ${one.name}` : `Community ${one.number}`,
      count(one.items, "item", "items"), listing(one.typical.slice(0, 3).map((item) => items.title[item])),
    ))));
    const others = all.communities - communities.length;
    if (others > 0) parts.push(note(`${count(others, "smaller one is", "smaller ones are")} grey on the map.`));
  }
  const bridges = items.title.map((_, item) => item)
    .filter((item) => items.support[item] >= content.min_users && items.participation[item] > 0)
    .sort((one, other) => items.participation[other] - items.participation[one]).slice(0, 8);
  if (bridges.length) {
    parts.push(heading("Between communities"));
    parts.push(note(`Of items with at least ${count(content.min_users, "user", "users")}.`));
    parts.push(rows(bridges.map((item) => itemRow(item, `participation ${decimal(items.participation[item])}`))));
  }
  parts.push(heading("Most popular"));
  parts.push(rows(items.title.slice(0, 8).map((_, item) => itemRow(item))));
  if (users.length) {
    parts.push(heading("Users"));
    const listed = users.map((_, user) => userRow(user));
    parts.push(rows(listed.slice(0, 6)));
    if (listed.length > 6) {
      parts.push(element("details", {}, element("summary", {}, `${whole.format(listed.length - 6)} more`), rows(listed.slice(6))));
    }
  }
  return parts;
}

const userRow = (user) => row(`#user-${user}`, userSwatch(), users[user].name, count(users[user].history, "item", "items"));

function neighbourRow(item, edge, most) {
  const other = across(edge, item);
  const now = value(filter.measure, edge, item);
  const details = [
    count(edges.together[edge], "user", "users"), `confidence ${percent(value("confidence", edge, item))}`,
    ...["lift", "cosine", "jaccard", "llr"].map((name) => `${name} ${decimal(edges[name][edge])}`),
    `support ${percent(value("support", edge))}`,
  ];
  return row(
    `#item-${other}`, swatch(items.community[other]), items.title[other], figure(filter.measure, now), details.join(" · "),
    most > 0 ? Math.max(now, 0) / most : 0, hueOf(items.community[other]),
  );
}

function neighboursOf(item) {
  return edgesOf[item].filter((edge) => kept[edge])
    .sort((one, other) => value(filter.measure, other, item) - value(filter.measure, one, item) || one - other);
}

function ofItem(item) {
  const community = items.community[item];
  const listed = neighboursOf(item);
  const most = listed.length ? value(filter.measure, listed[0], item) : 0;
  const home = community > 0
    ? element("a", { href: `#community-${community}` }, swatch(community), ` ${community} `, ...nameOf(community))
    : "none";
  const parts = [
    back(), headline(named(items.title[item])),
    facts([
      [words.by, count(items.support[item], "user", "users")],
      ["popularity", `no. ${whole.format(item + 1)}`],
      ["community", home],
      ["participation", decimal(items.participation[item])],
      ["PageRank lift", decimal(items.lift[item])],
    ]),
    heading(words.together_heading),
  ];
  const hidden = edgesOf[item].length - listed.length;
  if (!listed.length) parts.push(note(hidden ? "The filters hide all edges." : "No edge of this item is on the page."));
  parts.push(rows(listed.map((edge) => neighbourRow(item, edge, most))));
  if (listed.length && hidden) parts.push(note(`${whole.format(hidden)} more are hidden by the filters.`));
  const owners = users.map((_, user) => user).filter((user) => users[user].items.includes(item));
  if (owners.length) {
    parts.push(heading(`Users on this page who ${words.have} it`));
    parts.push(rows(owners.slice(0, 12).map(userRow)));
    if (owners.length > 12) parts.push(note(`and ${whole.format(owners.length - 12)} more`));
  }
  return parts;
}

function ofUser(user) {
  const one = users[user];
  const parts = [
    back(), headline(named(one.name)),
    facts([
      ["history", count(one.history, "item", "items")],
      ["three steps away", count(Math.round(one.pool), "item", "items")],
      ["communities", whole.format(new Set(one.items.map((item) => items.community[item]).filter(Boolean)).size)],
    ]),
  ];
  if (one.similar.length) {
    parts.push(heading("Similar users"));
    parts.push(rows(one.similar.map(([index, name, together, cosine]) => row(
      index >= 0 ? `#user-${index}` : null, userSwatch(), name, `cosine ${decimal(cosine)}`, count(together, "item in common", "items in common"),
    ))));
  }
  parts.push(heading("History"));
  parts.push(rows(one.items.map((item) => itemRow(item))));
  const rest = one.history - one.items.length;
  if (rest > 0) parts.push(note(`and ${count(rest, "item that is", "items that are")} not on this page`));
  return parts;
}

function ofCommunity(number) {
  const one = communityOf(number);
  const members = items.title.map((_, item) => item).filter((item) => items.community[item] === number);
  const parts = [back(), headline(swatch(number), ` Community ${number} `, ...nameOf(number))];
  if (one) {
    parts.push(facts([
      ["items", whole.format(one.items)], ["interactions", whole.format(one.support)], ["weight inside", percent(one.inside)],
    ]));
    if (one.typical.length) {
      parts.push(heading("Typical items"));
      parts.push(rows(one.typical.map((item) => itemRow(item))));
    }
  }
  parts.push(heading("Most popular"));
  parts.push(rows(members.slice(0, 60).map((item) => itemRow(item))));
  if (members.length > 60) parts.push(note(`and ${count(members.length - 60, "more", "more")}`));
  return parts;
}

// --- what is selected stands in the address, so that "back" works --------------------------------

let selected = { kind: "nothing", index: -1 };

function readAddress() {
  const [, kind, number] = location.hash.match(/^#(item|user|community)-(\d+)$/) ?? [];
  const index = Number(number);
  const there = { item: items.title[index] !== undefined, user: users[index] !== undefined, community: items.community.includes(index) };
  selected = kind && there[kind] ? { kind, index } : { kind: "nothing", index: -1 };
}

function showPanel() {
  const parts = { nothing: overview, item: ofItem, user: ofUser, community: ofCommunity }[selected.kind](selected.index);
  const panel = byId("panel");
  const focused = panel.contains(document.activeElement) ? document.activeElement : null;
  const open = focused?.closest("details") != null;
  const link = focused?.getAttribute("href");
  panel.replaceChildren(...parts);
  if (focused) focusOn(link, open);
}

// Who is in the panel with the keyboard stays in it: at the same link, or at what is new. A way back
// leads to where it was left.
const focusAt = new Map();
let shownHash = location.hash;

function focusOn(link, open) {
  const panel = byId("panel");
  if (location.hash !== shownHash) {
    focusAt.set(shownHash, { link, open });
    ({ link, open } = focusAt.get(location.hash) ?? { link: null, open: false });
  }
  if (open) panel.querySelectorAll("details").forEach((one) => { one.open = true; });
  const again = link && [...panel.querySelectorAll("a")].find((one) => one.getAttribute("href") === link);
  (again || panel.querySelector("h2")).focus({ preventScroll: !again });
}

function select() {
  readAddress();
  showPanel();
  if (!byId("panel").querySelector("a:focus")) byId("panel").scrollTop = 0;
  shownHash = location.hash;
  const name = { item: () => items.title[selected.index], user: () => users[selected.index].name, community: () => `Community ${selected.index}` }[selected.kind]?.();
  byId("announcement").replaceChildren(...(name ? [named(name), " is selected"] : ["Nothing is selected"]));
  map?.select();
}

const open = (kind, index) => { location.hash = `${kind}-${index}`; };

// --- search --------------------------------------------------------------------------------------

const folded = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
const entries = [
  ...items.title.map((title, index) => ({ kind: "item", index, text: title, folded: folded(title) })),
  ...users.map((user, index) => ({ kind: "user", index, text: user.name, folded: folded(user.name) })),
];
const search = byId("search"), found = byId("found");
let active = -1, results = [];

function rankOf(entry, wanted) {
  const at = entry.folded.indexOf(wanted);
  if (at < 0) return -1;
  if (entry.folded === wanted) return 0;
  if (at === 0) return 1;
  return /[\p{L}\p{N}]/u.test(entry.folded[at - 1]) ? 3 : 2;
}

function find() {
  const wanted = folded(search.value.trim());
  results = !wanted ? [] : entries.map((entry, order) => ({ entry, order, rank: rankOf(entry, wanted) }))
    .filter(({ rank }) => rank >= 0).sort((one, other) => one.rank - other.rank || one.order - other.order)
    .slice(0, 30).map(({ entry }) => entry);
  const listed = results.map((entry, index) => {
    const mark = entry.kind === "item" ? swatch(items.community[entry.index]) : userSwatch();
    const made = element("li", { role: "option", id: `found-${index}`, "aria-selected": "false" }, mark, entry.text);
    made.addEventListener("mousedown", (event) => { event.preventDefault(); choose(index); });
    return made;
  });
  if (wanted && !listed.length) listed.push(element("li", { class: "none" }, "Nothing on this page is called so."));
  found.replaceChildren(...listed);
  show(Boolean(wanted));
  mark(results.length ? 0 : -1);
}

function show(visible) {
  found.hidden = !visible;
  search.setAttribute("aria-expanded", String(visible));
}

function mark(index) {
  active = index;
  [...found.querySelectorAll("[role=option]")].forEach((option, at) => option.setAttribute("aria-selected", String(at === index)));
  const option = byId(`found-${index}`);
  if (option) search.setAttribute("aria-activedescendant", option.id);
  else search.removeAttribute("aria-activedescendant");
  option?.scrollIntoView({ block: "nearest" });
}

function choose(index) {
  const entry = results[index];
  if (!entry) return;
  search.value = "";
  find();
  open(entry.kind, entry.index);
}

search.addEventListener("input", find);
search.addEventListener("focus", () => show(search.value.trim() !== ""));
search.addEventListener("blur", () => show(false));
search.addEventListener("keydown", (event) => {
  const moves = { ArrowDown: 1, ArrowUp: -1 };
  if (event.key in moves && results.length) {
    event.preventDefault();
    mark((active + moves[event.key] + results.length) % results.length);
  } else if (event.key === "Enter") {
    event.preventDefault();
    choose(active);
  } else if (event.key === "Escape") {
    event.stopPropagation();
    if (search.value) { search.value = ""; find(); } else search.blur();
  }
});
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
  if (event.key === "/" && !typing) { event.preventDefault(); search.focus(); search.select(); }
  if (event.key === "Escape") location.hash = "";
});

// --- the map -------------------------------------------------------------------------------------

function hasWebGL() {
  try {
    return Boolean(document.createElement("canvas").getContext("webgl2"));
  } catch {
    return false;
  }
}

const IN_VIEW = 0.75; // of the items that are listed, the nearest
const CLOSEST = 0.08; // of the whole map, what is seen at least

function quantileOf(values, share) {
  const ascending = [...values].sort((one, other) => one - other);
  return ascending.length ? ascending[Math.floor(share * (ascending.length - 1))] : 0;
}
const median = (values) => quantileOf(values, 0.5);

class ItemMap {
  constructor(container) {
    this.graph = new graphology.Graph({ multi: true, type: "undirected" });
    const most = Math.sqrt(Math.max(...items.support, 1));
    const largest = items.title.length > 1500 ? 9 : 15, least = items.title.length > 1500 ? 1.4 : 2.4;
    items.title.forEach((title, item) => this.graph.addNode(item, {
      x: items.x[item], y: items.y[item], label: title, size: least + (largest - least) * (Math.sqrt(items.support[item]) / most) ** 1.3,
    }));
    edges.source.forEach((source, edge) => this.graph.addEdgeWithKey(`e${edge}`, source, edges.target[edge], { number: edge }));
    this.near = new Set();
    this.named = new Set();
    this.labels = null; // where there are some already in this frame
    this.readColors();
    this.renderer = new Sigma(this.graph, container, {
      allowInvalidContainer: true,
      hideEdgesOnMove: edges.source.length > 12000,
      labelFont: getComputedStyle(document.body).fontFamily,
      labelSize: 12.5,
      labelDensity: 0.5,
      labelGridCellSize: 170,
      labelRenderedSizeThreshold: items.title.length > 1500 ? 6 : 7.5,
      minCameraRatio: 0.02,
      maxCameraRatio: 3,
      stagePadding: 40,
      zIndex: true,
      defaultDrawNodeLabel: (context, data, settings) => this.drawLabel(context, data, settings),
      defaultDrawNodeHover: (context, data, settings) => this.drawHover(context, data, settings),
      nodeReducer: (node, data) => this.nodeLook(node, data),
      edgeReducer: (key, data) => this.edgeLook(data),
    });
    this.renderer.on("beforeRender", () => { this.labels = null; });
    this.renderer.on("clickNode", ({ node }) => { if (node !== "user") open("item", node); });
    this.renderer.on("clickStage", () => { location.hash = ""; });
    this.renderer.on("enterNode", () => { container.style.cursor = "pointer"; });
    this.renderer.on("leaveNode", () => { container.style.cursor = ""; });
    dark.addEventListener("change", () => { this.readColors(); this.renderer.refresh(); });
  }

  readColors() {
    const style = getComputedStyle(document.documentElement);
    const color = (name) => style.getPropertyValue(`--${name}`).trim();
    this.page = color("page");
    this.ink = color("ink");
    this.surface = color("surface");
    this.line = color("line");
    this.hues = Array.from({ length: HUES + 1 }, (_, hue) => color(`hue-${hue}`));
    this.faint = this.hues.map((hue) => mix(hue, this.page, dark.matches ? 0.2 : 0.16));
    this.edge = this.hues.map((hue) => mix(hue, this.page, dark.matches ? 0.3 : 0.27));
    this.between = mix(this.hues[0], this.page, dark.matches ? 0.22 : 0.2);
  }

  nodeLook(node, data) {
    const look = { ...data };
    if (node === "user") return { ...look, color: this.ink, highlighted: true, zIndex: 3 };
    const item = Number(node), hue = hueOf(items.community[item]);
    look.color = this.hues[hue];
    look.zIndex = 1;
    if (selected.kind === "nothing") return look;
    if (selected.kind === "item" && item === selected.index) return { ...look, highlighted: true, zIndex: 3, size: Math.max(look.size, 8) };
    if (this.near.has(item)) return { ...look, zIndex: 2, size: Math.max(look.size, 4), forceLabel: this.named.has(item) };
    return { ...look, color: this.faint[hue], label: null, zIndex: 0 };
  }

  edgeLook(data) {
    if (data.number === undefined) return { ...data, color: mix(this.ink, this.page, 0.35), size: 1, zIndex: 2 };
    const source = edges.source[data.number], target = edges.target[data.number];
    const own = items.community[source] === items.community[target];
    const hue = hueOf(items.community[source]);
    if (!kept[data.number]) return { ...data, hidden: true };
    if (selected.kind === "nothing" && edges.rank[data.number] >= DRAWN) return { ...data, hidden: true };
    if (selected.kind === "nothing") return { ...data, color: own ? this.edge[hue] : this.between, size: 0.6 };
    if (selected.kind === "community") return { ...data, hidden: !(own && items.community[source] === selected.index), color: this.edge[hue], size: 0.8 };
    const at = selected.kind === "item" && (source === selected.index || target === selected.index);
    const other = source === selected.index ? target : source;
    return { ...data, hidden: !at, color: mix(this.hues[hueOf(items.community[other])], this.page, 0.7), size: 1.6, zIndex: 2 };
  }

  select() {
    if (this.graph.hasNode("user")) this.graph.dropNode("user");
    const listed = {
      nothing: () => [],
      item: () => neighboursOf(selected.index).map((edge) => across(edge, selected.index)),
      user: () => users[selected.index].items,
      community: () => items.title.map((_, item) => item).filter((item) => items.community[item] === selected.index),
    }[selected.kind]();
    this.near = new Set(listed);
    this.named = new Set(listed.slice(0, { item: 10, user: 6 }[selected.kind] ?? 0));
    if (selected.kind === "user" && listed.length) this.addUser(listed);
    this.renderer.refresh();
    if (selected.kind === "item") this.lookAt(listed, selected.index);
    else this.lookAt(listed);
  }

  // The user stands in the middle of the history.
  addUser(listed) {
    const mean = (axis) => listed.reduce((sum, item) => sum + axis[item], 0) / listed.length;
    this.graph.addNode("user", { x: mean(items.x), y: mean(items.y), size: 8, label: users[selected.index].name });
    listed.forEach((item) => this.graph.addEdge("user", item));
  }

  // Most of what is listed is in view, around an item if there is one: a few that are far off would
  // make all the others one spot, and are found along their edges.
  lookAt(listed, item = null) {
    const camera = this.renderer.getCamera();
    const duration = calm.matches ? 0 : 450;
    if (!listed.length && item === null) { camera.animate({ x: 0.5, y: 0.5, ratio: 1, angle: 0 }, { duration }); return; }
    const points = listed.map((item) => this.renderer.getNodeDisplayData(item)).filter(Boolean);
    const middle = item === null ? { x: median(points.map((one) => one.x)), y: median(points.map((one) => one.y)) }
      : this.renderer.getNodeDisplayData(item);
    const apart = points.map((one) => Math.max(Math.abs(one.x - middle.x), Math.abs(one.y - middle.y)));
    const ratio = Math.min(Math.max(2.4 * quantileOf(apart, IN_VIEW), CLOSEST), 1);
    camera.animate({ x: middle.x, y: middle.y, ratio, angle: 0 }, { duration });
  }

  // Where the selected item and its name are drawn, over everything else.
  highlighted() {
    const node = { item: String(selected.index), user: "user" }[selected.kind];
    const data = node !== undefined && this.graph.hasNode(node) ? this.renderer.getNodeDisplayData(node) : undefined;
    if (!data?.label) return [];
    const { x, y } = this.renderer.framedGraphToViewport(data);
    const half = this.renderer.scaleSize(data.size) + 6;
    return [{ left: x - half, right: x + half + 8 * Math.min(data.label.length, 60) + 30, top: y - half, bottom: y + half }];
  }

  drawLabel(context, data, settings) {
    if (!data.label || data.highlighted) return;
    const text = shortened(data.label);
    context.font = `500 ${settings.labelSize}px ${settings.labelFont}`;
    context.lineJoin = "round";
    context.lineWidth = 3.5;
    context.strokeStyle = this.page;
    context.fillStyle = this.ink;
    const width = context.measureText(text).width, height = settings.labelSize + 3;
    const box = this.freeBox(context, data, width, height);
    if (!box) return;
    this.labels.push(box);
    const y = box.top + settings.labelSize;
    context.strokeText(text, box.left, y);
    context.fillText(text, box.left, y);
  }

  // Right of a node, left of it, below or above, where no other label is; null where all are taken.
  freeBox(context, data, width, height) {
    const middle = data.y - height / 2, away = data.size + 4;
    const boxes = [
      [this.beside(context, data, width, 4), middle], [data.x - away - width, middle],
      [data.x - width / 2, data.y + away], [data.x - width / 2, data.y - away - height],
    ].map(([left, top]) => ({ left, top, right: left + width, bottom: top + height }));
    this.labels ??= this.highlighted();
    const free = (one) => this.labels.every((other) =>
      one.right < other.left || one.left > other.right || one.bottom < other.top || one.top > other.bottom);
    return boxes.find(free) ?? null;
  }

  // Where a text begins that stands right of a node, or left of it where there is no room.
  beside(context, data, width, gap) {
    const right = data.x + data.size + gap;
    return right + width <= context.canvas.clientWidth || data.x < width ? right : data.x - data.size - gap - width;
  }

  drawHover(context, data, settings) {
    context.beginPath();
    context.arc(data.x, data.y, data.size + 3, 0, 2 * Math.PI);
    context.lineWidth = 2.5;
    context.strokeStyle = this.ink;
    context.stroke();
    if (!data.label) return;
    const text = shortened(data.label, 60);
    context.font = `600 ${settings.labelSize}px ${settings.labelFont}`;
    const width = context.measureText(text).width, height = settings.labelSize + 10;
    const x = this.beside(context, data, width + 16, 9), y = data.y - height / 2;
    context.beginPath();
    context.roundRect(x, y, width + 16, height, 6);
    context.fillStyle = this.surface;
    context.fill();
    context.lineWidth = 1;
    context.strokeStyle = this.line;
    context.stroke();
    context.fillStyle = this.ink;
    context.fillText(text, x + 8, data.y + settings.labelSize / 3);
  }
}

// A letter may be several code points, such as an emoji; what is between the marks keeps its direction.
const letters = new Intl.Segmenter("en");
const isolated = (text) => `\u2068${text}\u2069`;
function shortened(text, most = 38) {
  const parts = text.length > most ? Array.from(letters.segment(text), ({ segment }) => segment) : [];
  return isolated(parts.length > most ? `${parts.slice(0, most - 1).join("")}…` : text);
}

function mix(one, other, share) {
  const parts = (color) => [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16));
  const [first, second] = [parts(one), parts(other)];
  return `#${first.map((part, at) => Math.round(part * share + second[at] * (1 - share)).toString(16).padStart(2, "0")).join("")}`;
}

// --- all together --------------------------------------------------------------------------------

let map = null;
readFilters();
if (hasWebGL()) {
  try {
    for (const { textContent } of document.querySelectorAll("script.drawing")) {
      document.head.append(Object.assign(document.createElement("script"), { textContent }));
    }
    map = new ItemMap(byId("canvas"));
  } catch (error) {
    byId("canvas").replaceChildren();
    byId("no-map").textContent = `The map cannot be drawn: ${error.message}. The search and the lists work all the same.`;
  }
}
byId("no-map").hidden = map !== null;
document.querySelector(".zoom").hidden = map === null;
byId("closer").addEventListener("click", () => map.renderer.getCamera().animatedZoom({ duration: 200 }));
byId("farther").addEventListener("click", () => map.renderer.getCamera().animatedUnzoom({ duration: 200 }));
byId("whole").addEventListener("click", () => map.renderer.getCamera().animatedReset({ duration: 300 }));
for (const name of ["measure", "least", "common"]) {
  byId(name).addEventListener("input", () => {
    readFilters();
    showPanel();
    map?.renderer.refresh();
  });
}
window.addEventListener("hashchange", select);
select();
document.documentElement.dataset.ready = map ? "map" : "lists";
