const { JSDOM, VirtualConsole } = require('jsdom');
const virtualConsole = new VirtualConsole();
virtualConsole.on('log', (...args) => console.log('page says', ...args));
const { window } = new JSDOM(
  `<!doctype html><title>T</title><div id=app><input value=1></div>
   <script>document.querySelector('#app').insertAdjacentHTML('beforeend', '<p class=x>added ' + (6 * 7) + '</p>'); console.log(location.href, typeof fetch);</script>`,
  { url: 'https://example.org/path?q=1', runScripts: 'dangerously', virtualConsole, pretendToBeVisual: true },
);
const { document } = window;
document.querySelector('input').addEventListener('input', (event) => console.log('event', event.target.value, event.bubbles));
document.querySelector('input').value = 'typed';
document.querySelector('input').dispatchEvent(new window.Event('input', { bubbles: true }));
document.cookie = 'a=b';
window.localStorage.setItem('k', 'v');
console.log(document.title, document.querySelector('.x').textContent, document.cookie, window.localStorage.getItem('k'), window.getComputedStyle(document.body).display);
console.log(document.querySelector('#app').outerHTML, new window.DOMParser().parseFromString('<r><c/></r>', 'text/xml').documentElement.outerHTML);
window.setTimeout(() => { console.log('timer in page'); window.close(); }, 5);
