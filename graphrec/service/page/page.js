// Texts of the data are never HTML: elements are made one by one.

const byId = (id) => document.getElementById(id);
const HUES = 7;
const REASONS = 8; // items of a history that are named, by what they add
const WAIT = 150; // milliseconds after a key, before something is asked
const whole = new Intl.NumberFormat("en");
const count = (number, one, many) => `${whole.format(number)} ${number === 1 ? one : many}`;
const decimal = (number) => (Math.abs(number) < 0.005 ? "0" : number.toPrecision(3).replace(/\.?0+$/, ""));
const date = (seconds) => (seconds === null ? "" : new Date(seconds * 1000).toISOString().slice(0, 10));

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, given] of Object.entries(attributes)) {
    if (name.startsWith("--")) made.style.setProperty(name, given);
    else if (typeof given === "function") made.addEventListener(name, given);
    else if (given !== undefined && given !== null) made.setAttribute(name, given);
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}
const named = (text) => element("bdi", {}, String(text));
const nameOf = (row) => named(row.title ?? row.item);
const link = (kind, id, ...children) => element("a", { href: `#/${kind}/${encodeURIComponent(id)}` }, ...children);
const listing = (texts) => texts.flatMap((text, index) => (index ? [" · ", text] : [text]));

// --- what is asked of the service ----------------------------------------------------------------

const tokens = { read: sessionStorage.getItem("read") ?? "", events: sessionStorage.getItem("events") ?? "" };

class Refused extends Error {
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

// An id in an address. Browsers take the ids . and .. for folders, however they are written.
function part(id) {
  if (/^\.{1,2}$/.test(id)) throw new Refused(0, `An address cannot hold the id “${id}”: send POST /recommendations instead.`);
  return encodeURIComponent(id);
}

// Whole numbers beyond what JavaScript can count stay as they were written: they are ids.
const exact = (_, value, context) =>
  (typeof value === "number" && Math.abs(value) > Number.MAX_SAFE_INTEGER && /^-?\d+$/.test(context?.source ?? "") ? context.source : value);

async function ask(path, { sent, role = "read", signal } = {}) {
  const headers = tokens[role] || tokens.read ? { authorization: `Bearer ${tokens[role] || tokens.read}` } : {};
  const options = { headers, signal };
  if (sent !== undefined) {
    Object.assign(options, { method: "POST", body: JSON.stringify(sent) });
    headers["content-type"] = "application/json";
  }
  let answer;
  try {
    answer = await fetch(path, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused(0, "The service does not answer. Is it running, and can it be reached from here?");
  }
  const text = await answer.text();
  if (answer.ok) return JSON.parse(text, exact);
  throw new Refused(answer.status, detailOf(text) ?? `The service answers ${answer.status} ${answer.statusText}.`);
}

function detailOf(text) {
  try {
    return JSON.parse(text).detail;
  } catch {
    return null;
  }
}

// Do what somebody has asked for: what went wrong before it is over.
function attempt(work) {
  byId("problem").hidden = true;
  return reporting(work);
}

// Ask the service; what goes wrong is said in words.
async function reporting(work) {
  try {
    return await work();
  } catch (error) {
    if (error.name === "AbortError") return undefined;
    if (error.status === 401) askForTokens(error.message);
    const hint = error.status === 429 || error.status === 503 ? " Try again in a moment." : "";
    byId("problem").textContent = `${error.message}${hint}`;
    byId("problem").hidden = false;
    if (!(error instanceof Refused)) throw error;
    return undefined;
  }
}

function askForTokens(why) {
  byId("token-note").textContent = why;
  byId("read-token").value = tokens.read;
  byId("events-token").value = tokens.events;
  if (!byId("ask-token").open) byId("ask-token").showModal();
}

byId("token").addEventListener("click", () => askForTokens("Without tokens, it answers on its own machine alone."));
byId("no-token").addEventListener("click", () => byId("ask-token").close());
byId("token-form").addEventListener("submit", (event) => {
  event.preventDefault();
  for (const role of ["read", "events"]) {
    tokens[role] = byId(`${role}-token`).value.trim();
    sessionStorage.setItem(role, tokens[role]);
  }
  byId("ask-token").close();
  start();
});

// --- looking up ----------------------------------------------------------------------------------

function later(work) {
  let timer;
  return (...given) => {
    clearTimeout(timer);
    timer = setTimeout(() => work(...given), WAIT);
  };
}

const userOptions = async (text) => (await ask(`/users?starting=${encodeURIComponent(text)}`)).users.map((id) => ({ item: id }));
const itemOptions = async (text) => (await ask(`/items?containing=${encodeURIComponent(text)}`)).items;

function suggest(input, options) {
  const offered = byId(input.getAttribute("list"));
  const fill = later(() => // nobody asked for it: a problem that is being read stays
    reporting(async () => {
      const found = input.value ? await options(input.value) : [];
      offered.replaceChildren(...found.map((row) => element("option", { value: row.item }, row.title ?? "")));
    }));
  input.addEventListener("input", fill);
}
suggest(byId("user"), userOptions);
suggest(byId("item"), itemOptions);
suggest(byId("event-item"), itemOptions);

byId("look-user").addEventListener("submit", (event) => {
  event.preventDefault();
  go("user", byId("user").value);
});
// A title may be typed as well as an id: what fits first is taken.
byId("look-item").addEventListener("submit", (event) => {
  event.preventDefault();
  attempt(async () => go("item", await itemOf(byId("item").value)));
});

async function itemOf(text) {
  const found = await itemOptions(text);
  const same = found.find((row) => String(row.item) === text) ?? found.find((row) => row.title === text) ?? found[0];
  return same ? String(same.item) : text;
}

function go(kind, id) {
  const hash = `#/${kind}/${encodeURIComponent(id)}`;
  if (location.hash === hash) route();
  else location.hash = hash;
}

document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) return;
  event.preventDefault();
  byId("user").focus();
});

// --- a user --------------------------------------------------------------------------------------

let model = null;
const view = { user: null, usual: [], titles: new Map() };
const hue = (leg) => `var(--series-${(model.legs.indexOf(leg) % HUES) + 1})`;
const swatch = (leg) => element("span", { class: "swatch", "aria-hidden": "true", "--hue": hue(leg) });
const usualWeight = (leg) => model.request.blend[model.legs.indexOf(leg)];

async function showUser(user) {
  const isOther = view.user !== user;
  view.user = user;
  byId("of-user").querySelector("h2").replaceChildren(named(user));
  if (isOther) {
    makeSliders();
    for (const of of ["list", "history", "size", "changes"]) byId(of).replaceChildren(); // of somebody else
  }
  await Promise.all([showHistory(), showUsual([])]);
}

async function showHistory() {
  const { size, history } = await ask(`/users/${part(view.user)}/history`);
  const more = size > history.length ? `the latest ${history.length} of ${whole.format(size)}` : count(size, "item", "items");
  byId("size").textContent = size ? more : "nothing is known, so the list is what anybody gets";
  for (const row of history) view.titles.set(String(row.item), nameOf(row));
  byId("history").replaceChildren(...history.map(historyRow));
}

function historyRow(row) {
  const rating = row.rating === null ? null : element("span", { class: "figure" }, `★ ${decimal(row.rating)}`);
  const refused = row.rating === null ? "disliked" : "not liked"; // a low rating is no reason for others
  const detail = [date(row.time), row.disliked ? refused : ""].filter(Boolean).join(" · ");
  return element("li", {}, element("div", { class: "entry" },
    link("item", row.item, nameOf(row)), rating ?? element("span"), element("span", { class: "detail" }, detail)));
}

const lengthOf = () => Number(byId("length").value);
const rankOf = (rows) => new Map(rows.map((row) => [String(row.item), row.rank]));

// The list by the model's own settings; what an event has changed is seen against the one before.
async function showUsual(before) {
  const rows = await listed({});
  view.usual = rows;
  showList(rows, before);
}

async function listed(settings, signal) {
  const sent = { user: view.user, k: lengthOf(), ...settings };
  return (await ask("/recommendations", { sent, signal })).recommendations;
}

function showList(rows, before) {
  const sides = rows.map((row) => sidesOf(row.shares ?? {}));
  const less = Math.max(0, ...sides.map((one) => one.less));
  const scale = less + Math.max(1e-9, ...sides.map((one) => one.more));
  const ranks = rankOf(before);
  byId("list").replaceChildren(...rows.map((row) => listRow(row, ranks, { less, scale })));
  byId("changes").textContent = "";
  if (before.length) byId("changes").replaceChildren(...changes(rows, before));
}

function sidesOf(shares) {
  const values = Object.values(shares);
  const sum = (of) => of.reduce((total, one) => total + Math.abs(one), 0);
  return { more: sum(values.filter((one) => one > 0)), less: sum(values.filter((one) => one < 0)) };
}

function changes(rows, before) {
  const now = rankOf(rows);
  const then = rankOf(before);
  const gone = before.filter((row) => !now.has(String(row.item)));
  const added = rows.filter((row) => !then.has(String(row.item)));
  const moved = rows.filter((row) => then.has(String(row.item)) && then.get(String(row.item)) !== row.rank);
  if (!gone.length && !added.length && !moved.length) return ["The list is the same."];
  const summary = `${whole.format(added.length)} new, ${whole.format(moved.length)} moved, ${whole.format(gone.length)} gone`;
  return gone.length ? [`${summary}: `, ...listing(gone.map(nameOf))] : [summary];
}

function moveOf(row, ranks) {
  if (!ranks.size) return null;
  const rank = ranks.get(String(row.item));
  if (rank === row.rank) return null;
  if (rank === undefined) return element("span", { class: "move" }, "new");
  const [sign, word] = rank > row.rank ? ["▲", "up"] : ["▼", "down"];
  const by = Math.abs(rank - row.rank);
  return element("span", { class: "move", "aria-label": `${word} by ${by}` }, `${sign} ${by}`);
}

function listRow(row, ranks, axis) {
  const button = element("button", { type: "button", "aria-expanded": "false" }, "Why");
  const made = element("li", {}, element("div", { class: "entry" },
    element("span", { class: "rank" }, String(row.rank)),
    element("span", {}, link("item", row.item, nameOf(row)), moveOf(row, ranks)),
    element("span", { class: "figure" }, row.score === undefined ? "" : decimal(row.score)),
    button,
    row.source === "personal" ? parts(row, axis) : element("span", { class: "detail" }, element("span", { class: "tag" }, row.source)),
    row.because?.length ? element("span", { class: "detail" }, "because of ", ...listing(row.because.map(titleOf))) : null));
  button.addEventListener("click", () => toggleReasons(button, made, row.item));
  return made;
}

const titleOf = (id) => (view.titles.get(String(id)) ?? named(id)).cloneNode(true);

// The shares of a score as bars side by side; those below 0 come first, and end where 0 is.
function parts(row, { less, scale }) {
  const shares = Object.entries(row.shares).filter(([, share]) => share !== 0);
  const below = shares.filter(([, share]) => share < 0);
  const own = below.reduce((total, [, share]) => total - share, 0);
  const percent = (number) => `${(100 * number) / scale}%`;
  const bars = [...below, ...shares.filter(([, share]) => share > 0)].map(([leg, share]) =>
    element("span", { class: share < 0 ? "bar less" : "bar", "--hue": hue(leg), "--wide": percent(Math.abs(share)), title: `${leg} ${decimal(share)}` }));
  const label = shares.map(([leg, share]) => `${leg} ${decimal(share)}`).join(", ");
  return element("span", { class: "parts", role: "img", "aria-label": label, "--from": percent(less - own) }, ...bars);
}

async function toggleReasons(button, entry, item) {
  const isOpen = button.getAttribute("aria-expanded") === "true";
  button.setAttribute("aria-expanded", String(!isOpen));
  if (isOpen) entry.querySelector(".reasons")?.remove();
  else await attempt(async () => entry.append(await reasonsOf(item)));
}

async function reasonsOf(item) {
  const why = await ask(`/users/${part(view.user)}/items/${part(item)}/why?k=${lengthOf()}`);
  const [first, others] = [why.contributions.slice(0, REASONS), why.contributions.slice(REASONS)];
  const rows = first.map(([one, added]) => [titleOf(one), added]);
  if (others.length) rows.push([named(`${others.length} more of the history`), others.reduce((total, [, added]) => total + added, 0)]);
  rows.push([named("what is of no item"), why.rest]);
  const most = Math.max(1e-9, ...rows.map(([, added]) => Math.abs(added)));
  const place = why.rank === null ? why.outcome : `${why.outcome}, at rank ${why.rank}`;
  return element("div", { class: "reasons" },
    element("p", {}, `Score ${decimal(why.score)} by the model’s own weights; ${place}${why.full ? ` (${why.full})` : ""}. What each item of the history adds to it:`),
    element("ol", {}, ...rows.map(([name, added]) => reasonRow(name, added, most))),
    element("div", { class: "buttons" }, ...["click", "purchase", "dislike"].map((kind) =>
      element("button", { type: "button", click: () => add({ item: String(item), kind }) }, `Add a ${kind}`))));
}

function reasonRow(name, added, most) {
  const wide = `${(100 * Math.abs(added)) / most}%`;
  const bar = element("span", { class: "bar", "--wide": wide, "--hue": added < 0 ? "var(--series-4)" : "var(--accent)" });
  return element("li", {}, name, element("span", { class: "parts" }, bar), element("span", { class: "figure" }, decimal(added)));
}

// --- what if -------------------------------------------------------------------------------------

function makeSliders() {
  const legs = model.legs.map((leg) => slider(leg, usualWeight(leg), Math.max(2, 2 * usualWeight(leg)), swatch(leg)));
  byId("sliders").replaceChildren(...legs, slider("diversity", model.request.diversity, 1, null));
  byId("legend").replaceChildren(...model.legs.map((leg) => element("span", {}, swatch(leg), leg)));
  byId("reset").disabled = true;
}

function slider(name, usual, most, mark) {
  const id = `weight-${name}`;
  const text = (number) => Number(number).toFixed(2);
  const output = element("output", { for: id }, text(usual));
  const input = element("input", { id, name, type: "range", min: 0, max: most, step: 0.01, value: usual });
  input.addEventListener("input", () => {
    output.textContent = text(input.value);
    tried();
  });
  return element("div", { class: "slider" }, element("label", { for: id, class: "of-leg" }, mark, name), input, output);
}

let asking = null;

const tried = later(() => attempt(async () => {
  asking?.abort();
  asking = new AbortController();
  byId("reset").disabled = false;
  const given = Object.fromEntries([...byId("sliders").querySelectorAll("input")].map((one) => [one.name, Number(one.value)]));
  const { diversity, ...weights } = given;
  const settings = model.legs.length > 1 ? { diversity, weights } : { diversity };
  byId("list").setAttribute("aria-busy", "true");
  try {
    showList(await listed(settings, asking.signal), view.usual);
  } finally {
    byId("list").removeAttribute("aria-busy");
  }
}));

byId("reset").addEventListener("click", () => {
  makeSliders();
  showList(view.usual, []);
});
byId("length").addEventListener("change", () => attempt(async () => {
  makeSliders();
  await showUsual([]);
}));

// --- events --------------------------------------------------------------------------------------

byId("add").addEventListener("submit", (event) => {
  event.preventDefault();
  attempt(async () => {
    const value = byId("value").value;
    const item = await itemOf(byId("event-item").value);
    await send({ item, kind: byId("kind").value, value: value === "" ? null : Number(value) });
    byId("event-item").value = "";
  });
});

const add = (event) => attempt(() => send(event));

async function send(event) {
  const before = view.usual;
  await ask("/events", { sent: { user: view.user, ...event }, role: "events" });
  makeSliders();
  await Promise.all([showHistory(), showUsual(before)]);
}

// --- an item -------------------------------------------------------------------------------------

async function showItem(item) {
  const about = await ask(`/items/${part(item)}`);
  byId("of-item").querySelector("h2").replaceChildren(nameOf(about));
  byId("had").textContent = `${count(about.users, "user has", "users have")} it.`;
  const columns = Object.entries(about.columns).filter(([, value]) => ![null, about.item, about.title].includes(value));
  byId("columns").replaceChildren(...columns.flatMap(([name, value]) => [element("dt", {}, named(name)), element("dd", {}, named(value))]));
  view.item = item;
  await showRelated();
}

async function showRelated() {
  const measure = byId("measure").value;
  const asked = measure ? `&measure=${encodeURIComponent(measure)}` : "";
  const answer = await ask(`/items/${part(view.item)}/related?k=20${asked}`);
  const rows = answer.related;
  if (rows.length && !measure) {
    byId("measure").replaceChildren(...Object.keys(rows[0].measures).map((name) => element("option", {}, name)));
    byId("measure").value = answer.measure;
  }
  const most = Math.max(1e-9, ...rows.map((row) => row.measures[answer.measure]));
  byId("related").replaceChildren(...rows.map((row) => relatedRow(row, answer.measure, most)));
  if (!rows.length) byId("related").replaceChildren(element("li", {}, "Nothing: too few users have it together with another one."));
}

function relatedRow(row, measure, most) {
  const wide = `${Math.max(0, (100 * row.measures[measure]) / most)}%`;
  const later = row.after === null ? "" : `, ${whole.format(row.after)} of them had this one later`;
  return element("li", {}, element("div", { class: "entry" },
    element("span", { class: "rank" }, String(row.rank)),
    link("item", row.item, nameOf(row)),
    element("span", { class: "figure" }, decimal(row.measures[measure])),
    element("span", { class: "parts", role: "img", "aria-label": `${measure} ${decimal(row.measures[measure])}` }, element("span", { class: "bar", "--wide": wide })),
    element("span", { class: "detail" }, `${count(row.together, "user has", "users have")} both${later}`)));
}

byId("measure").addEventListener("change", () => attempt(showRelated));

// --- which view ----------------------------------------------------------------------------------

const VIEWS = { user: showUser, item: showItem };

async function route() {
  const [, kind, encoded] = location.hash.match(/^#\/(user|item)\/(.+)$/) ?? [];
  const section = byId(kind ? `of-${kind}` : "welcome");
  const hash = location.hash;
  if (kind) {
    const id = decodeURIComponent(encoded);
    byId(kind).value = id;
    const shown = await attempt(async () => {
      await VIEWS[kind](id);
      return true;
    });
    if (!shown || location.hash !== hash) return; // a view that was left while it loaded
  }
  for (const one of document.querySelectorAll("main > section")) one.hidden = one !== section;
  section.querySelector("h2").focus();
}

async function start() {
  const answered = await attempt(async () => {
    model = await ask("/model");
    const { users } = await ask("/users?most=12");
    byId("model").textContent = [model.class.split(".").at(-1), count(model.users, "user", "users"), count(model.items, "item", "items"), `version ${model.digest.slice(0, 8)}`].join(" · ");
    byId("some-users").replaceChildren(...users.map((id) => link("user", id, named(id))));
    return true;
  });
  if (answered) await route();
}

addEventListener("hashchange", () => (model ? route() : start()));
start();
