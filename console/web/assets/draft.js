// A suggestion fills a field only while nobody has touched it; what a person types is saved as they go.
const SAVE_AFTER_MS = 1000, SAVE_AGAIN_MS = 10000;
const saved = document.getElementById('saved');
let timer = 0, dirty = false;

const form = () => document.getElementById('draft');
const touched = f => new Set(f.elements.touched.value.split(',').filter(Boolean));

function touch(f, name) {
  const names = touched(f);
  names.add(name);
  f.elements.touched.value = [...names].join(',');
  f.querySelector(`.field[data-name="${name}"]`)?.classList.remove('guessed');
}

function changed(f, name) {
  touch(f, name);
  dirty = true;
  saved.textContent = '未保存';
  clearTimeout(timer);
  timer = setTimeout(save, SAVE_AFTER_MS);
}

async function save() {
  const f = form();
  clearTimeout(timer);
  if (!f || !dirty) return;
  dirty = false;
  try {
    const answer = await fetch(`/desk/calls/${encodeURIComponent(f.dataset.call)}/draft`,
      {method: 'POST', body: new URLSearchParams(new FormData(f))});
    if (!answer.ok) throw new Error(answer.status);
    if (!dirty) saved.textContent = await answer.text();
  } catch {
    dirty = true;
    saved.textContent = '保存失败，10 秒后自动重试；离开本页前请勿关闭';
    timer = setTimeout(save, SAVE_AGAIN_MS);
  }
}

// leaving the page, or another call taking the pane over: what is not saved yet goes along
function saveNow() {
  const f = form();
  if (!f || !dirty) return;
  dirty = false;
  clearTimeout(timer);
  navigator.sendBeacon(`/desk/calls/${encodeURIComponent(f.dataset.call)}/draft`, new URLSearchParams(new FormData(f)));
}

function fill() {
  const f = form();
  if (!f) return;
  const mine = touched(f);
  for (const s of f.querySelectorAll('[data-fill]:not([data-other])')) {
    const field = document.getElementById(s.dataset.field);
    if (!field || mine.has(field.name) || document.activeElement === field || field.value === s.dataset.fill) continue;
    field.value = s.dataset.fill;
    field.closest('.field').classList.add('guessed');
  }
  tidy(f);
  needReason(f);
}

// a suggestion that stands in its field already need not be offered
function tidy(f) {
  for (const offers of f.querySelectorAll('.offers')) {
    const all = offers.querySelectorAll('[data-fill]');
    const field = document.getElementById(all[0].dataset.field);
    offers.classList.toggle('taken', all.length === 1 && field.value === all[0].dataset.fill);
  }
}

// 特急 needs its reason in writing
function needReason(f) {
  document.getElementById('at-once').hidden = f.elements.urgency.value !== 'at_once';
}

document.addEventListener('input', e => {
  const f = e.target.form;
  if (f?.id !== 'draft' || !e.target.name) return;
  changed(f, e.target.name);
  tidy(f);
  needReason(f);
});

document.addEventListener('click', e => {
  const s = e.target.closest('button[data-fill]');
  if (s) {
    const field = document.getElementById(s.dataset.field);
    field.value = s.dataset.fill;
    changed(field.form, field.name);
    tidy(field.form);
    needReason(field.form);
    field.focus();
  }
  if (e.target.closest('[data-key="save"]')) { dirty = true; save(); }
});

// The pane keeps the form it has while it is the same call's. A task without a target is dropped for the same reason.
document.body.addEventListener('htmx:before:swap', e => {
  const tasks = e.detail.tasks, pane = document.getElementById('p-draft');
  for (let i = tasks.length - 1; i >= 0; i--) {
    const {target, fragment, type} = tasks[i];
    if (type === 'partial' && !target) { tasks.splice(i, 1); continue; }
    if (target !== pane) continue;
    const now = pane.querySelector('[data-draft]')?.dataset.draft, next = fragment.querySelector('[data-draft]')?.dataset.draft;
    if (type === 'partial' && now === next) { tasks.splice(i, 1); continue; }
    if (now !== next) { saveNow(); saved.textContent = ''; }
  }
});

document.body.addEventListener('htmx:after:swap', () => {
  fill();
  const errors = document.querySelector('#draft .errors');
  if (errors && !errors.dataset.seen) { errors.dataset.seen = '1'; errors.focus(); }
  const done = document.querySelector('#p-draft .case-no');
  if (done && !done.dataset.seen && document.activeElement === document.body) done.focus();
  if (done) done.dataset.seen = '1';
});

// registering carries the whole form along; only when that fails is there anything left to save
document.addEventListener('submit', e => {
  if (e.target.id !== 'draft') return;
  clearTimeout(timer);
  dirty = false;
}, true);
document.body.addEventListener('htmx:error', e => {
  if (e.target.id !== 'draft') return;
  dirty = true;
  timer = setTimeout(save, SAVE_AGAIN_MS);
});
window.addEventListener('pagehide', saveNow);
