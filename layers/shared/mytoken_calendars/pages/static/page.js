// What a script adds to the page of a feed, which is complete without: the reader's own time zone,
// and a button that copies the address. It only writes text, never HTML.
"use strict";

const LANGUAGE = "en-GB"; // that of the page
const DAY = { day: "numeric", month: "long", year: "numeric" };
const CLOCK = { hour: "2-digit", minute: "2-digit" };
const FORMS = {
  long: new Intl.DateTimeFormat(LANGUAGE, { ...DAY, ...CLOCK, timeZoneName: "short" }),
  short: new Intl.DateTimeFormat(LANGUAGE, { weekday: "long", day: "numeric", ...CLOCK, timeZoneName: "short" }),
};
const IN_UTC = new Intl.DateTimeFormat(LANGUAGE, { ...DAY, ...CLOCK, timeZone: "UTC" });
const MONTH = new Intl.DateTimeFormat(LANGUAGE, { month: "long", year: "numeric" });

function element(name, text, attributes = {}) {
  const made = document.createElement(name);
  made.append(text);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

function timeOf(expiry) {
  return new Date(expiry.querySelector("time").dateTime);
}

function keyOf(time) {
  return `${time.getFullYear()}-${String(time.getMonth() + 1).padStart(2, "0")}`;
}

// --- times in the reader's zone -----------------------------------------------------------------

function localise() {
  for (const shown of document.querySelectorAll("time")) {
    const time = new Date(shown.dateTime);
    shown.title = `${IN_UTC.format(time)} UTC`;
    shown.textContent = FORMS[shown.className].format(time);
  }
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  document.getElementById("zone").textContent = `All times are in your time zone, ${zone}.`;
}

// --- months of the reader's zone: an expiry at the end of a month may be in the next one ----------

function monthFor(key, months) {
  const known = [...months.children];
  const found = known.find((month) => month.dataset.month === key);
  if (found) return found;
  const made = known[0].cloneNode(true);
  made.dataset.month = key;
  made.querySelector("ol").replaceChildren();
  const heading = made.querySelector("h3");
  heading.id = `m-${key}`;
  made.setAttribute("aria-labelledby", heading.id);
  heading.textContent = MONTH.format(new Date(Number(key.slice(0, 4)), key.slice(5) - 1, 1));
  made.querySelector("caption")?.replaceChildren(`${heading.textContent}: days on which mytokens expire`);
  months.insertBefore(made, known.find((month) => month.dataset.month > key) ?? null);
  return made;
}

function move(months) {
  const expiries = [...months.querySelectorAll("li")];
  for (const expiry of expiries) {
    monthFor(keyOf(timeOf(expiry)), months).querySelector("ol").append(expiry);
  }
  for (const month of [...months.children]) {
    if (!month.querySelector("li")) month.remove();
  }
}

function cell(number, expiries) {
  if (!expiries.length) return element("td", number || "");
  const [first] = expiries;
  const link = element("a", number, { href: `#${first.id}`, class: first.className });
  const more = expiries.length > 1 ? ` and ${expiries.length - 1} more` : "";
  const name = element("span", ": ", { class: "hidden" });
  name.append(first.querySelector("bdi").cloneNode(true), more);
  link.append(name);
  return element("td", link);
}

function draw(month) {
  const body = month.querySelector("tbody");
  if (!body) return;
  const [year, number] = month.dataset.month.split("-").map(Number);
  const days = new Date(year, number, 0).getDate();
  const before = (new Date(year, number - 1, 1).getDay() + 6) % 7; // Monday is the first
  const byDay = Array.from({ length: days + 1 }, () => []);
  for (const expiry of month.querySelectorAll("li")) byDay[timeOf(expiry).getDate()].push(expiry);
  body.replaceChildren();
  for (let start = 1 - before; start <= days; start += 7) {
    const week = document.createElement("tr");
    for (let day = start; day < start + 7; day += 1) {
      week.append(day < 1 || day > days ? cell("", []) : cell(day, byDay[day]));
    }
    body.append(week);
  }
}

// --- copying ------------------------------------------------------------------------------------

function offerToCopy() {
  const button = document.getElementById("copy");
  const said = document.getElementById("copied");
  if (!navigator.clipboard) return;
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(document.getElementById("address").textContent);
      said.textContent = "Copied.";
    } catch {
      said.textContent = "The browser does not allow it: select the address, and copy it.";
    }
  });
}

localise();
const months = document.querySelector(".months");
if (months) {
  move(months);
  for (const month of months.children) draw(month);
}
offerToCopy();
