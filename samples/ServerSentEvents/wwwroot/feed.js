"use strict";

// The browser connects again by itself, after the time that the server has sent last, and names the last event that it has got.
const source = new EventSource("/feed");
const show = (id, text) => { document.getElementById(id).textContent = text; };
const seconds = 60, perSecond = 4;
const values = [];

source.onopen = () => show("state", "Connected.");
source.onerror = () => show("state", source.readyState === EventSource.CLOSED
  ? "The server has refused the stream: reload the page to try again."
  : "Not connected; trying again …");

source.addEventListener("reading", event => {
  const reading = JSON.parse(event.data);
  values.push(reading.cpuPercent);
  values.splice(0, values.length - seconds * perSecond);
  document.getElementById("line").setAttribute("points", values.map((value, x) => `${x},${100 - Math.min(value, 100)}`).join(" "));
  show("cpu", `${reading.cpuPercent} %`);
  show("memory", `${reading.memoryMegabytes} MB`);
  show("requests", reading.requests);
  show("last", event.lastEventId);
});
