"use strict";

const byId = id => document.getElementById(id);

async function list() {
  const files = await (await fetch("/files")).json();
  byId("stored").replaceChildren(...files.map(file => {
    const item = document.createElement("li");
    const link = document.createElement("a");
    link.href = `/files/${encodeURIComponent(file.name)}`;
    link.textContent = file.name; // text, never HTML: others have written it
    item.append(link, `, ${file.bytes.toLocaleString()} bytes`);
    return item;
  }));
}

// fetch tells nothing of an upload on its way; XMLHttpRequest does.
function upload(file) {
  return new Promise(resolve => {
    const item = document.createElement("li");
    const progress = document.createElement("progress");
    const state = document.createElement("span");
    progress.max = file.size || 1;
    progress.setAttribute("aria-label", file.name);
    state.textContent = file.name;
    item.append(state, progress);
    byId("uploads").append(item);

    const end = text => {
      state.textContent = `${file.name}: ${text}`;
      progress.remove();
      resolve();
    };
    const request = new XMLHttpRequest();
    request.upload.onprogress = event => { progress.value = event.loaded; };
    request.onload = () => end(request.status < 300 ? `done, SHA-256 ${JSON.parse(request.responseText).sha256}` : request.responseText);
    request.onerror = () => end("the connection is gone.");
    request.open("PUT", `/files/${encodeURIComponent(file.name)}`);
    request.send(file);
  });
}

byId("files").onchange = async event => {
  for (const file of [...event.target.files]) await upload(file); // one after the other
  event.target.value = "";
  await list();
};
list();
