// What the page says by itself: a request that never arrived, and what is going on in the title of the window.
const notice = document.getElementById('notice');

function say(text) {
  const p = document.createElement('p');
  p.className = 'banner late';
  p.textContent = text;
  notice.replaceChildren(p);
}

document.body.addEventListener('htmx:error', e => {
  if (e.target.id === 'stream') return;
  say('操作没有送到服务器，请再试一次。通话不受影响；已输入的内容保留在本页。');
});
document.body.addEventListener('htmx:response:error', e => {
  if (e.detail.ctx.response.status >= 500) {
    e.detail.ctx.swap = 'none';
    say('服务器没有完成这个操作，请再试一次；多次不行请告知管理员。');
  }
});

// the number of waiting citizens and a ringing call stand in the title of the window
const base = document.title;
document.body.addEventListener('htmx:after:swap', () => {
  const waiting = document.querySelectorAll('#wait li').length;
  const mark = document.querySelector('#caller .ringing') ? '● 来电 ' : waiting ? `(${waiting}) ` : '';
  const error = document.querySelector('#draft .errors') ? '错误：' : '';
  document.title = error + mark + base;
});

// a hint such as 请用话机接听 is over when the call has moved on
document.body.addEventListener('htmx:before:swap', e => {
  if (e.detail.tasks.some(t => t.target?.id === 'bar')) notice.querySelector('.hint')?.remove();
});
