// Reads feeds with ical.js: each line that comes is a feed, as a JSON string, and is answered by a
// line of JSON: what ical.js finds in it, or why it refuses it.

import { createInterface } from "node:readline";
import ICAL from "ical.js";

for await (const line of createInterface({ input: process.stdin })) {
  let answer;
  try {
    answer = { calendar: calendar(ICAL.parse(JSON.parse(line))) };
  } catch (error) {
    answer = { refusal: String(error) };
  }
  process.stdout.write(JSON.stringify(answer) + "\n");
}

function calendar(jcal) {
  const component = new ICAL.Component(jcal);
  return {
    name: component.getFirstPropertyValue("name") ?? "",
    events: component.getAllSubcomponents("vevent").map(event),
    properties: properties(component),
  };
}

function event(component) {
  const { uid, summary, description, startDate, endDate } = new ICAL.Event(component, { exceptions: [] });
  return {
    uid,
    summary,
    description,
    start: startDate.toString(),
    end: endDate.toString(),
    alarms: component.getAllSubcomponents("valarm").map(alarm),
    properties: properties(component),
  };
}

function alarm(component) {
  return {
    text: component.getFirstPropertyValue("description"),
    trigger: component.getFirstPropertyValue("trigger").toSeconds(),
    properties: properties(component),
  };
}

function properties(component) {
  return component.getAllProperties().map((property) => property.name.toUpperCase());
}
