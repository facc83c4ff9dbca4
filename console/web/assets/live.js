// The page says when it is no longer live: a quiet stream is a broken stream.
const QUIET_MS = 12000, AGAIN_MS = 5000;
const stream = document.getElementById('stream');
const label = document.getElementById('live');
const offline = document.getElementById('offline');
const signedOut = document.getElementById('signed-out');
let last = Date.now(), tried = 0, working = false, wanted = false;

function show(state, text) {
  if (label.textContent !== text) { label.dataset.state = state; label.textContent = text; }
  document.body.classList.toggle('stale', state === 'off');
}

function beat() {
  last = Date.now();
  working = true;
  offline.hidden = true;
  show('on', '实时');
}

// Every tick is answered: the server withdraws a desk that no longer does.
async function pulse() {
  try {
    const answer = await fetch('/desk/pulse', {method: 'POST', keepalive: true});
    if (answer.status === 401) out();
  } catch { /* the watchdog below will notice */ }
}

function out() {
  wanted = false;
  signedOut.hidden = false;
  show('off', '未登录');
}

const clock = ms => new Date(ms).toLocaleTimeString('zh-CN', {hour12: false});

function watch() {
  if (!wanted || Date.now() - last < QUIET_MS) return;
  if (working) document.getElementById('as-of').textContent = `页面内容截至 ${clock(last)}。`;
  offline.hidden = false;
  show('off', `已断开 ${Math.round((Date.now() - last) / 1000)} 秒`);
  revive();
}

// htmx opens a stream that broke again, but never one that did not open, and it waits for ever on one that hangs.
function revive() {
  if (Date.now() - tried < AGAIN_MS) return;
  tried = Date.now();
  if (stream._htmx?.sse) stream._htmx.sse.reader?.cancel();
  else stream.dispatchEvent(new Event('open-stream'));
}

function count() {
  const now = Date.now() / 1000;
  for (const t of document.querySelectorAll('time[data-since]')) {
    const s = Math.max(0, Math.round(now - t.dataset.since)), two = n => String(n).padStart(2, '0');
    const text = s < 3600 ? `${two(Math.floor(s / 60))}:${two(s % 60)}`
      : `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
    if (t.textContent !== text) t.textContent = text;
  }
}

function open() {
  last = Date.now();
  tried = 0;
  wanted = true;
  stream.dispatchEvent(new Event('open-stream'));
}

// One desk for each browser: a second tab would take a second of the six connections and a second ringing.
function start() {
  setInterval(() => { watch(); count(); }, 1000);
  if (!navigator.locks) return open();
  const twice = document.getElementById('twice');
  const hold = () => { twice.hidden = true; setTimeout(open); return new Promise(() => {}); };
  navigator.locks.request('desk', {ifAvailable: true}, lock => {
    if (lock) return hold();
    twice.hidden = false;
    show('wait', '未连接');
    navigator.locks.request('desk', hold);
  });
}

document.body.addEventListener('htmx:sse:after:message', () => { beat(); count(); });
document.body.addEventListener('htmx:sse:error', e => { if (e.detail.status === 401) out(); });
document.body.addEventListener('htmx:response:error', e => { if (e.detail.ctx.response.status === 401) out(); });
document.body.addEventListener('htmx:after:swap', count);
stream.addEventListener('tick', pulse);
stream.addEventListener('signed-out', out);
start();
