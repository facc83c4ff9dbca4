// Captions follow the talk until the operator scrolls up.
const box = document.getElementById('capbox'), back = document.getElementById('follow');
let follow = true;

const toEnd = () => { box.scrollTop = box.scrollHeight; };

box.addEventListener('scroll', () => {
  follow = box.scrollHeight - box.scrollTop - box.clientHeight < 40;
  back.hidden = follow;
});
box.addEventListener('keydown', e => {
  if (e.key === 'Home') box.scrollTop = 0;
  if (e.key === 'End') toEnd();
});
back.addEventListener('click', () => { follow = true; toEnd(); box.focus(); });
document.body.addEventListener('htmx:after:swap', () => { if (follow) toEnd(); });
new ResizeObserver(() => { if (follow) toEnd(); }).observe(box);
