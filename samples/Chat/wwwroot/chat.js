"use strict";

const byId = id => document.getElementById(id);
let socket, attempts = 0;

function write(text, note) {
  const line = document.createElement("p"); // text, never HTML: others have written it
  line.textContent = text;
  line.className = note ? "note" : "";
  byId("log").append(line);
  while (byId("log").childElementCount > 500) byId("log").firstChild.remove();
  line.scrollIntoView({ block: "nearest" });
}

function connect() {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  socket = new WebSocket(`${scheme}://${location.host}/chat?name=${encodeURIComponent(byId("name").value)}`);
  socket.onopen = () => {
    attempts = 0;
    byId("join").hidden = true;
    byId("say").hidden = false;
    byId("text").focus();
  };
  socket.onmessage = event => {
    const { kind, from, text, members } = JSON.parse(event.data);
    byId("state").textContent = members === 1 ? "You are alone here." : `${members} people are here.`;
    if (kind === "said") write(`${from}: ${text}`); else write(`${from} has ${kind}.`, true);
  };
  socket.onclose = event => {
    byId("say").hidden = true;
    byId("state").textContent = event.reason && event.code !== 1001 ? `${event.reason}.`
      : `${event.code === 1001 ? "The server has stopped" : "Not connected"}; trying again …`;
    if (event.code === 1008) {
      byId("join").hidden = false; // sent away: only the user can change that
      return;
    }
    // Not all at the same time, and less and less often.
    setTimeout(connect, Math.min(30, 2 ** attempts++) * 1000 * (1 + Math.random()));
  };
}

byId("join").onsubmit = event => { event.preventDefault(); connect(); };
byId("say").onsubmit = event => {
  event.preventDefault();
  socket.send(byId("text").value);
  byId("text").value = "";
};
