"use strict";

const byId = id => document.getElementById(id);

function show(order) {
  const item = document.createElement("li");
  item.textContent = `${order.id}: ${order.count} × ${order.article}`;
  byId("orders").append(item);
}

async function start() {
  byId("orders").replaceChildren();
  (await (await fetch("/orders")).json()).forEach(show);
  const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/orders/live`);
  socket.onopen = () => { byId("state").textContent = "New orders are shown as they come."; };
  socket.onmessage = event => show(JSON.parse(event.data));
  socket.onclose = event => { byId("state").textContent = event.code === 1001 ? "The server has stopped." : "The connection is gone: reload the page."; };
}

byId("place").onsubmit = async event => {
  event.preventDefault();
  const form = new FormData(event.target);
  const response = await fetch("/orders", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ article: form.get("article"), count: Number(form.get("count")) }),
  });
  if (!response.ok) byId("state").textContent = JSON.stringify((await response.json()).errors);
};
start();
