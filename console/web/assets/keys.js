// F-keys and Ctrl+Enter only: operators type Chinese all the time, so single letters never do anything here.
import htmx from 'htmx.org';

const KEYS = {F2: 'talk', F4: 'department', F8: 'hold', F9: 'mute'};

function wanted(e) {
  if (e.ctrlKey && !e.altKey && !e.shiftKey && e.key === 'Enter') return 'register';
  if (e.altKey && !e.ctrlKey && !e.shiftKey && e.key === 'Enter') return 'answer';
  if (e.ctrlKey && !e.altKey && !e.shiftKey && e.key.toLowerCase() === 's') return 'save';
  if (e.altKey && !e.ctrlKey && /^Digit[1-3]$/.test(e.code)) return 'pane' + e.code.at(-1);
  return e.ctrlKey || e.altKey || e.shiftKey || e.metaKey ? null : KEYS[e.key];
}

document.addEventListener('keydown', e => {
  if (e.isComposing || e.keyCode === 229) return;   // the input method owns the key, Esc included
  const name = wanted(e);
  if (!name) return;
  e.preventDefault();
  if (e.repeat) return;                             // a key held down is one wish
  const element = document.querySelector(`[data-key="${name}"]`);
  if (document.querySelector('dialog[open]') || !element) return;
  if (name.startsWith('pane')) return element.focus();
  htmx.process(element.form ?? element);            // what has come this very moment must hear its key too
  element.click();
});

// a button that cannot be used says why
document.addEventListener('click', e => {
  const button = e.target.closest('[aria-disabled="true"]');
  if (!button) return;
  e.preventDefault();
  const p = document.createElement('p');
  p.className = 'banner hint';
  p.textContent = button.dataset.why;
  document.getElementById('notice').replaceChildren(p);
}, true);
