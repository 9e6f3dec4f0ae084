// What a client has sent is shown by textContent only: it may be any text, markup too.
'use strict';
(() => {
  const PLACES = 120; // seconds that a chart shows
  const SLOW = 10; // from so many seconds on, what a worker runs is marked, and told once
  const SILENCE = 5000; // after so many milliseconds without a word the connection counts as lost
  const $ = (id) => document.getElementById(id);
  const whole = new Intl.NumberFormat('en');
  const short = new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 3 });
  const set = (node, text) => { if (node.textContent !== text) node.textContent = text; };

  const count = (n) => whole.format(n);
  const rate = (n) => whole.format(n < 10 ? Math.round(n * 10) / 10 : Math.round(n));
  const three = (n, unit) => `${n < 10 ? n.toFixed(2) : n < 100 ? n.toFixed(1) : whole.format(Math.round(n))} ${unit}`;
  const micro = (n) => n < 1 ? '< 1 µs' : n < 1000 ? `${n} µs` : n < 1e6 ? three(n / 1e3, 'ms') : three(n / 1e6, 's');
  const bytes = (n) => {
    const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
    let unit = 0;
    for (; n >= 1024 && unit < 4; unit++) n /= 1024;
    return unit === 0 ? `${n} B` : three(n, units[unit]);
  };
  const time = (s) => s < 60 ? `${s.toFixed(1)} s` : s < 3600 ? `${Math.floor(s / 60)} min ${Math.floor(s % 60)} s`
    : s < 86400 ? `${Math.floor(s / 3600)} h ${Math.floor(s % 3600 / 60)} min` : `${Math.floor(s / 86400)} d ${Math.floor(s % 86400 / 3600)} h`;
  const jobs = (n) => `${count(n)} job${n === 1 ? '' : 's'}`;
  const share = (part, all) => all > 0 ? `${(100 * part / all).toFixed(1)} %` : '–';

  // A row is an array of cells; a cell is a text, or { t: text, s: a smaller line below it, c: a class }. The first names the row.
  function fill(id, rows, empty) {
    const body = $(id).tBodies[0];
    const columns = $(id).tHead ? $(id).tHead.rows[0].cells.length : 2;
    if (rows.length === 0 && empty) rows = [[{ t: empty, c: 'quiet', span: columns }]];
    while (body.rows.length > rows.length) body.deleteRow(-1);
    rows.forEach((cells, at) => {
      const row = body.rows[at] || body.insertRow();
      row.setAttribute('role', 'row');
      while (row.cells.length > cells.length) row.deleteCell(-1);
      cells.forEach((cell, place) => {
        cell = typeof cell === 'object' ? cell : { t: cell, c: place > 0 && cells.length === 2 ? 'n' : '' };
        let box = row.cells[place];
        const kind = place === 0 && !cell.span ? 'TH' : 'TD';
        if (!box || box.tagName !== kind) {
          const made = document.createElement(kind);
          if (kind === 'TH') made.scope = 'row';
          made.setAttribute('role', kind === 'TH' ? 'rowheader' : 'cell');
          made.append(document.createElement('span'));
          if (box) box.replaceWith(made); else row.append(made);
          box = made;
        }
        box.colSpan = cell.span || 1;
        if (box.className !== (cell.c || '')) box.className = cell.c || '';
        set(box.firstChild, cell.t);
        if (cell.s && box.children.length === 1) box.append(document.createElement('small'));
        if (!cell.s && box.children.length === 2) box.lastChild.remove();
        if (cell.s) set(box.lastChild, cell.s);
      });
    });
  }

  const n = (text, small) => ({ t: text, s: small, c: 'n' });
  const tile = (id, text, small) => {
    const node = $(id);
    if (node.dataset.text === text + '|' + small) return;
    node.dataset.text = text + '|' + small;
    node.textContent = text;
    if (small) {
      const rest = document.createElement('small');
      rest.textContent = ` ${small}`;
      node.append(rest);
    }
  };

  function draw(id, values, name, format) {
    const most = Math.max(...values, 0);
    const first = PLACES - values.length;
    const points = values.map((value, at) => `${first + at},${(39 - (most > 0 ? 36 * value / most : 0)).toFixed(2)}`);
    const chart = $(id);
    chart.querySelector('polyline').setAttribute('points', points.join(' '));
    chart.querySelector('polygon').setAttribute('points', values.length > 1 ? `${first},40 ${points.join(' ')} ${PLACES - 1},40` : '');
    chart.setAttribute('aria-label', `${name}, the last ${values.length} seconds: now ${format(values.at(-1) || 0)}, peak ${format(most)}`);
    set($(`${id}-most`), `peak ${format(most)} in ${values.length} s`);
  }

  const PHASES = {
    delay: 'Still accepting, so that load balancers notice',
    drain: 'Requests in flight are being finished',
    abort: 'The time is up: what is left is being cut off',
    workers: 'Workers are ending',
    transport: 'Event loops are ending',
    stopped: 'Stopped',
  };
  const STATES = { starting: 'Starting', serving: 'Serving', draining: 'Draining', stopped: 'Stopped' };
  const OUTCOMES = { drained: 'all requests were answered', forced: 'cut short by force', timedOut: 'the time was up before all was done' };
  const STAGES = { queued: 'waits for a worker', sending: 'sends to its client', switched: 'has its connection for good' };
  const KINDS = {
    handshaking: 'In a TLS handshake', new: 'New, nothing sent yet', idle: 'Idle between requests', reading: 'Sending a request’s head', handling: 'With a request in progress',
    sending: 'Taking an answer', switched: 'Switched to another protocol', closing: 'Closing',
  };

  let state = '';
  let last = null;
  let started = '';
  let rates = [];
  let lates = [];
  let told = new Set();

  const say = (text) => { $('said').textContent = text; };

  function show(s) {
    if (started !== s.program.started + s.program.process) {
      if (started) say('The server was started anew.');
      [started, last, rates, lates, told] = [s.program.started + s.program.process, null, [], [], new Set()];
    }
    const window = s.windowSeconds > 0 ? `last ${Math.round(s.windowSeconds) || 1} s` : 'last';
    document.querySelectorAll('.window').forEach((head) => set(head, window));
    const seconds = last ? (Date.parse(s.time) - Date.parse(last.time)) / 1000 : 0;
    if (seconds > 0.5) {
      rates = [...rates, Math.max(0, s.requests.received - last.requests.received) / seconds].slice(-PLACES);
      lates = [...lates, s.duration.window.p99].slice(-PLACES);
      draw('rate', rates, 'Requests per second', rate);
      draw('late', lates, 'Duration that 99 % of requests do not exceed', micro);
    }
    tile('t-rate', rate(s.requests.perSecond), '');
    tile('t-p50', s.duration.window.count ? micro(s.duration.window.p50) : '–', '');
    tile('t-p99', s.duration.window.count ? micro(s.duration.window.p99) : '–', '');
    tile('t-wait', s.queueWait.window.count ? micro(s.queueWait.window.p99) : '–', '');
    tile('t-flight', count(s.requests.inFlight), '');
    const open = s.connections.states.reduce((sum, kind) => sum + kind.count, 0);
    tile('t-open', count(open), `of ${count(s.connections.limit)}`);
    tile('t-busy', count(s.workers.busy), `of ${count(s.workers.size)}`);
    tile('t-queue', count(s.workers.queued), `of ${count(s.workers.queueCapacity)}`);
    set($('about'), [s.program.version, `process ${s.program.process}`, ...s.program.listening, `up ${time(s.program.uptimeSeconds)}`].join(' · '));
    showWorkers(s);
    showTables(s, seconds);
    showDrain(s);
    showState(s);
    last = s;
  }

  function showWorkers(s) {
    const busy = s.workers.list.filter((worker) => worker.request);
    fill('workers', busy.map((worker) => [
      { t: worker.name, s: `${jobs(worker.executed)}${worker.faulted ? `, ${count(worker.faulted)} failed` : ''}` },
      { t: worker.request, s: worker.client ? `from ${worker.client}` : '', c: 'path' },
      { t: time(worker.seconds), c: worker.seconds >= SLOW ? 'n slow' : 'n', s: worker.seconds >= SLOW ? 'long' : '' },
    ]), 'All are idle.');
    const more = s.workers.busy - busy.length;
    const idle = s.workers.size - s.workers.busy;
    set($('idle'), [more > 0 ? `${count(more)} more are busy` : '', `${count(idle)} idle`,
      s.workers.started < s.workers.size ? `${count(s.workers.started)} of ${count(s.workers.size)} have needed a thread so far` : '',
      `${jobs(s.workers.executed)} done`, s.workers.faulted ? `${count(s.workers.faulted)} failed` : ''].filter(Boolean).join(' · '));
    const key = (worker) => `${worker.name} ${worker.request}`;
    const slow = busy.filter((worker) => worker.seconds >= SLOW);
    const fresh = slow.find((worker) => !told.has(key(worker)));
    told = new Set(slow.map(key));
    if (fresh) say(`${fresh.name} has been running ${fresh.request} for ${time(fresh.seconds)}.`);
  }

  function showTables(s, seconds) {
    fill('progress', s.inProgress.map((request) => [
      { t: request.request, s: request.client ? `from ${request.client}` : '', c: 'path' },
      [STAGES[request.stage], request.worker ? `on ${request.worker}` : ''].filter(Boolean).join(', ') || 'in its handler',
      n(time(request.seconds)),
    ]), 'None.');
    const [d, q] = [s.duration, s.queueWait];
    const cell = (of, key) => n(of.count ? key === 'count' ? short.format(of.count) : micro(of[key]) : '–');
    fill('latency', [['p50', 'p50'], ['p90', 'p90'], ['p99', 'p99'], ['p99.9', 'p999'], ['longest', 'max'], ['count', 'count']].map(([name, key]) =>
      [name, cell(d.window, key), cell(d.total, key), cell(q.window, key), cell(q.total, key)]));
    fill('answers', s.statuses.map((status) => [status.status ? `${status.status}` : 'none, the client had left', n(count(status.window)), n(count(status.total))]), 'None yet.');
    const r = s.requests;
    fill('ledger', [['Received', count(r.received)], ['Completed', count(r.completed)], ['Refused', count(r.refused)], ['Aborted', count(r.aborted)],
      ['In flight', count(r.inFlight)], ['Bytes received', bytes(r.bytesReceived)], ['Bytes sent', bytes(r.bytesSent)]]);
    fill('refused', s.refused.map((why) => [
      { t: why.reason, s: [why.outcome, why.status || ''].filter(Boolean).join(', ') }, n(count(why.window)), n(count(why.total)),
    ]), 'None.');
    const c = s.connections;
    fill('connections', [...c.states.map((kind) => [KINDS[kind.state] || kind.state, count(kind.count)]), ['Accepted', count(c.accepted)],
      ['Closed in order', count(c.closed)], ['Cut off', count(c.aborted)], ['Refused', count(c.refused)], ['Accepts that failed', count(c.failedAccepts)]]);
    $('files-section').hidden = !s.files;
    if (s.files) {
      fill('files', [['Paths', count(s.files.count)], ['Kept open instead', count(s.files.open)], ['Memory', `${bytes(s.files.bytes)} of ${bytes(s.files.capacity)}`], ['Hits', count(s.files.hits)],
        ['Misses', count(s.files.misses)], ['Hit rate', share(s.files.hits, s.files.hits + s.files.misses)]]);
    }
    const p = s.process;
    fill('process', [['Resident', bytes(p.residentBytes)], ['Managed heap', bytes(p.heapBytes)],
      ['Allocated per second', seconds > 0.5 ? bytes(Math.max(0, Math.round((p.allocatedBytes - last.process.allocatedBytes) / seconds))) : '–'],
      ['Collections', `${count(p.collections)}, ${time(p.pauseSeconds)} in all`],
      ['Processor', seconds > 0.5 ? `${Math.max(0, 100 * (p.cpuSeconds - last.process.cpuSeconds) / seconds).toFixed(0)} % of ${p.processors} × 100 %` : '–'],
      ...(p.loopLagSeconds === null ? [] : [['Event loops late by at most', micro(Math.round(p.loopLagSeconds * 1e6))]])]);
  }

  function showDrain(s) {
    const d = s.drain;
    $('drain').hidden = !d;
    if (!d) return;
    const isOver = d.phase === 'stopped';
    set($('phase'), isOver ? `Stopped in ${time(d.seconds)}: ${OUTCOMES[d.outcome] || d.outcome}.`
      : `${PHASES[d.phase] || d.phase}: ${time(d.phaseSeconds)}${d.limitSeconds ? ` of at most ${time(d.limitSeconds)}` : ''}.`);
    $('left').hidden = isOver || !d.limitSeconds;
    $('left').value = Math.min(1, d.phaseSeconds / (d.limitSeconds || 1));
    $('blockers').hidden = isOver;
    fill('blockers', d.blockers.map((b) => [{ t: b.what, s: b.client ? `from ${b.client}` : '', c: 'path' }, b.why, n(b.seconds === null ? '' : time(b.seconds))]), 'Nothing.');
    $('cut').hidden = d.cutOff.length === 0;
    fill('cut', d.cutOff.map((text) => [text]));
  }

  function showState(s) {
    const before = state;
    mark(s.state, STATES[s.state] || s.state);
    $('figures').classList.remove('stale');
    $('stop').disabled = s.state !== 'serving';
    $('reload').disabled = s.state !== 'serving';
    if (before === 'lost') say('Connected again.');
    if (before === s.state || before === '') return;
    if (s.state === 'draining') say('The server is draining.');
    if (s.state === 'stopped') say(`The server has stopped: ${OUTCOMES[s.drain && s.drain.outcome] || 'its report tells how'}.`);
  }

  function mark(name, text) {
    state = name;
    set($('state'), text);
    $('state').className = `state ${name}`;
    document.title = `PipeServer: ${text.toLowerCase()}`;
  }

  // The stream, and what is done when it does not come.
  let source = null;
  let heard = Date.now();
  let retry = 0;
  function connect() {
    clearTimeout(retry);
    if (source) source.close();
    heard = Date.now();
    source = new EventSource('events');
    source.onmessage = (event) => {
      heard = Date.now();
      show(JSON.parse(event.data));
    };
    source.addEventListener('end', () => {
      source.close();
      source = null;
      $('figures').classList.add('stale');
      if (state !== 'stopped') lose('The server has closed this page’s connection; asking again every 5 seconds.');
      $('stop').disabled = $('reload').disabled = true;
      retry = setTimeout(connect, SILENCE);
    });
    source.onerror = () => {
      lose('Connection lost, retrying. These are the last figures.');
      if (source && source.readyState === EventSource.CLOSED) retry = setTimeout(connect, SILENCE);
    };
  }

  function lose(text) {
    $('figures').classList.add('stale');
    $('stop').disabled = $('reload').disabled = true;
    if (state === 'lost' || state === 'stopped') return;
    mark('lost', 'Connection lost');
    say(text);
  }

  setInterval(() => {
    const silent = Date.now() - heard;
    if (source && silent > SILENCE) lose('No figures have come for 5 seconds, retrying. These are the last ones.');
    if (source && silent > 3 * SILENCE) connect();
  }, 1000);

  // What is asked for before it is done.
  let action = null;
  const ASKED = {
    stop: {
      title: 'Drain and stop the server?', path: 'drain', done: 'The stop has begun.',
      text: 'No new connection is taken, requests in flight are finished within the grace period, and the program ends. It does not come back by itself unless something starts it.',
      yes: 'Drain and stop',
    },
    reload: {
      title: 'Read the configuration again?', path: 'reload', done: 'The configuration was read again.',
      text: 'What can change while running is changed, what cannot is named; a configuration with a mistake changes nothing.',
      yes: 'Reload',
    },
  };
  for (const name of Object.keys(ASKED)) {
    $(name).addEventListener('click', () => {
      action = ASKED[name];
      set($('ask-title'), action.title);
      set($('ask-text'), action.text);
      set($('yes'), action.yes);
      $('yes').className = name === 'stop' ? 'danger' : '';
      $('ask').showModal();
    });
  }
  $('no').addEventListener('click', () => $('ask').close());
  $('yes').addEventListener('click', async () => {
    $('ask').close();
    try {
      const answer = await fetch(action.path, { method: 'POST', headers: { 'X-PipeServer-Admin': '1' } });
      say(result(action, answer.ok, answer.status, await answer.text()));
    } catch {
      say('The server did not answer.');
    }
  });

  function result(asked, isOk, status, text) {
    let outcome = null;
    try {
      outcome = JSON.parse(text);
    } catch {
      // It is a line of text then.
    }
    if (outcome && outcome.problem) return `Nothing was changed: ${outcome.problem}`;
    if (!isOk) return `It was not done (${status}): ${text.trim().slice(0, 300)}`;
    const list = (names, words) => Array.isArray(names) && names.length ? ` ${words} ${names.join(', ')}.` : '';
    return outcome ? `${asked.done}${list(outcome.changed, 'Changed:')}${list(outcome.needsRestart, 'Only after a restart:')}` : asked.done;
  }

  connect();
})();
