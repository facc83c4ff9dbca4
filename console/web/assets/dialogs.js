import htmx from 'htmx.org';

// The department picker and the question whom to end the call for.
const picker = document.getElementById('departments'), search = document.getElementById('q');
let call = false;

function open(dialog, button) {
  if (dialog === picker) {
    search.value = '';
    call = false;
    search.dispatchEvent(new Event('refresh'));
  } else {
    for (const [id, act] of [['leave-only', 'leave'], ['end-all', 'end']])
      document.getElementById(id).dataset.act = `/desk/rooms/${button.dataset.room}/${act}`;
  }
  dialog.showModal();
  dialog.querySelector('input[type=search], .choices button')?.focus();
}

// Enter calls the first row, but only of a list that answers what stands in the box now.
function callFirst() {
  const found = picker.querySelector('.found');
  if (!found || found.dataset.q.trim() !== search.value.trim()) return;
  call = false;
  const button = found.querySelector('button[hx-post]');
  if (button) { htmx.process(button); button.click(); }
}

search.addEventListener('keydown', e => {
  if (e.key !== 'Enter' || e.isComposing || e.keyCode === 229) return;
  e.preventDefault();
  call = true;
  callFirst();
});
search.addEventListener('input', () => { call = false; });
document.body.addEventListener('htmx:after:swap', () => { if (call && picker.open) callFirst(); });

// arrow keys walk through the rows
picker.addEventListener('keydown', e => {
  if (e.isComposing || !['ArrowDown', 'ArrowUp'].includes(e.key)) return;
  const rows = [search, ...picker.querySelectorAll('.found button')];
  const next = rows[rows.indexOf(document.activeElement) + (e.key === 'ArrowDown' ? 1 : -1)];
  if (next) { e.preventDefault(); next.focus(); }
});

document.addEventListener('click', e => {
  const opener = e.target.closest('[data-dialog]');
  if (opener && opener.getAttribute('aria-disabled') !== 'true') open(document.getElementById(opener.dataset.dialog), opener);
  const closer = e.target.closest('[data-close]');
  if (!closer) return;
  closer.closest('dialog').close();
  if (closer.dataset.act) htmx.ajax('POST', closer.dataset.act, {target: '#notice'});
});
