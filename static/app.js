// Pagaduría in the browser. Everything here shortens a way that exists without it: each page reads,
// links and submits as plain HTML. Nothing is evaluated and no style is written.
(() => {
'use strict';
const $ = (s, r = document) => r.querySelector(s);
const $$ = (s, r = document) => [...r.querySelectorAll(s)];
const root = document.documentElement;
const zh = root.lang.startsWith('zh');
const nothing = () => {};

// ---------- messages ----------
let toastTimer;
function toast(text) {
  const box = $('#toast');
  if (!box || !text) return;
  box.textContent = text;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => { box.textContent = ''; }, 4000);
}
const say = (text) => { const box = $('#said'); if (box) box.textContent = text; };

// ---------- dialogs ----------
function open(id) {
  const d = document.getElementById(id);
  if (!d?.showModal) return false;
  if (!d.open) d.showModal();
  return true;
}
document.addEventListener('pointerdown', (e) => {
  if (e.target.tagName === 'DIALOG') e.target.close(); // the backdrop
});

document.addEventListener('click', async (e) => {
  const t = e.target;
  if (!(t instanceof Element)) return;
  for (const m of $$('details.menu[open]')) if (!m.contains(t)) m.open = false;
  const opener = t.closest('[data-open]');
  if (opener && open(opener.dataset.open)) e.preventDefault();
  t.closest('[data-close]')?.closest('dialog')?.close();

  const copy = t.closest('[data-copy]');
  if (copy) {
    await navigator.clipboard?.writeText(copy.dataset.copy).catch(nothing);
    copy.classList.add('is-done');
    setTimeout(() => copy.classList.remove('is-done'), 1200);
    toast(copy.dataset.copied);
  }
  const hold = t.closest('[data-hold]');
  if (hold) {
    e.preventDefault();
    // detail 0 is Enter, voice or a switch: two steps instead of holding
    if (e.detail === 0 && hold.form.reportValidity()) open(hold.dataset.hold);
  }
});

// ---------- theme ----------
document.addEventListener('submit', (e) => {
  if (!e.target.matches('[data-theme-form]')) return;
  e.preventDefault();
  const now = root.dataset.bsTheme || (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light');
  root.dataset.bsTheme = now === 'dark' ? 'light' : 'dark';
  const body = new URLSearchParams(new FormData(e.target));
  body.set('theme', root.dataset.bsTheme);
  fetch(e.target.action, { method: 'POST', body, redirect: 'manual' }).catch(nothing);
});

// ---------- a second submit of the same form is never meant ----------
document.addEventListener('submit', (e) => {
  const f = e.target;
  if (f.method !== 'post' || f.matches('[data-theme-form]')) return;
  if (f.dataset.busy) { e.preventDefault(); e.stopImmediatePropagation(); return; }
  f.dataset.busy = '1';
  setTimeout(() => delete f.dataset.busy, 8000);
}, true);
addEventListener('pageshow', () => { for (const f of $$('form[data-busy]')) delete f.dataset.busy; });

// ---------- files in pieces: what is broken off goes on where it stopped ----------
const pieceBytes = 1 << 20;
async function inPieces(form, file, moved) {
  const url = form.dataset.pieces, token = { 'X-CSRF-Token': form.elements._csrf.value };
  const mark = `upload:${file.name}:${file.size}:${file.lastModified}`;
  let id = sessionStorage.getItem(mark), at = 0;
  if (id) {
    const res = await fetch(`${url}/${id}`, { method: 'HEAD' });
    if (res.ok) at = Number(res.headers.get('Upload-Offset'));
    else id = null;
  }
  if (!id) {
    const res = await fetch(url, { method: 'POST', headers: token, body: new URLSearchParams({ name: file.name, mime: file.type, size: file.size }) });
    if (!res.ok) throw new Error(res.status === 422 ? await res.text() : '');
    id = await res.text();
    sessionStorage.setItem(mark, id);
  }
  for (let tries = 0; at < file.size;) {
    moved(at);
    try {
      const res = await fetch(`${url}/${id}`, { method: 'PATCH', headers: { ...token, 'Upload-Offset': at, 'Content-Type': 'application/offset+octet-stream' }, body: file.slice(at, at + pieceBytes) });
      if (res.ok) { at = Number(res.headers.get('Upload-Offset')); tries = 0; continue; }
      if (res.status !== 409) throw new Error(res.status);
    } catch (e) {
      if (++tries > 6) throw new Error('', { cause: e });
      await new Promise((go) => { setTimeout(go, 500 * 2 ** tries); });
    }
    const state = await fetch(`${url}/${id}`, { method: 'HEAD' }).catch(nothing);
    if (state?.ok) at = Number(state.headers.get('Upload-Offset'));
    else if (state?.status === 404) { sessionStorage.removeItem(mark); throw new Error(''); }
  }
  sessionStorage.removeItem(mark);
  moved(file.size);
  return id;
}
document.addEventListener('submit', async (e) => {
  const form = e.target;
  if (!form.dataset.pieces || form.dataset.arrived) return;
  e.preventDefault();
  const said = $('[data-said]', form), shown = $('[data-progress]', form), bar = $('progress', form), button = $('button[type=submit]', form);
  const chosen = $$('input[type=file]', form).flatMap((input) => [...input.files].map((file) => ({ input, file })));
  const all = chosen.reduce((n, c) => n + c.file.size, 0) || 1;
  said.textContent = '';
  shown.hidden = false;
  button.disabled = true;
  let before = 0;
  try {
    for (const { input, file } of chosen) {
      const id = await inPieces(form, file, (at) => { bar.value = (before + at) / all; });
      before += file.size;
      if (!input.multiple) for (const old of $$(`input[name="${input.name}.upload"]`, form)) old.remove();
      const f = document.createElement('input');
      f.type = 'hidden';
      f.name = `${input.name}.upload`;
      f.value = id;
      form.append(f);
    }
    for (const input of $$('input[type=file]', form)) input.value = '';
    form.dataset.arrived = '1';
    delete form.dataset.busy;
    form.submit();
  } catch (err) {
    said.textContent = err.message || form.dataset.broken;
    shown.hidden = true;
    button.disabled = false;
    delete form.dataset.busy;
  }
});

// ---------- passkeys: in place of a code where the browser has them ----------
const keys = window.PublicKeyCredential?.parseRequestOptionsFromJSON ? PublicKeyCredential : null;
async function askPasskey(form, url, words, make) {
  const said = $('[data-passkey-said]', words.closest('[data-factor]') || form);
  said.textContent = '';
  try {
    const res = await fetch(url, { method: 'POST', headers: { 'X-CSRF-Token': form.elements._csrf.value } });
    if (!res.ok) throw new Error(res.status);
    const asked = await res.json();
    const key = make ? await navigator.credentials.create({ publicKey: keys.parseCreationOptionsFromJSON(asked) })
      : await navigator.credentials.get({ publicKey: keys.parseRequestOptionsFromJSON(asked) });
    said.textContent = words.dataset.given || '';
    return JSON.stringify(key);
  } catch {
    said.textContent = words.dataset.failed;
    return '';
  }
}
document.addEventListener('click', async (e) => {
  const b = e.target.closest?.('[data-passkey]');
  if (!b || !keys) return;
  const answer = await askPasskey(b.form, b.dataset.passkey, b);
  if (!answer) return;
  const typed = b.form.elements[b.dataset.passkeyField], f = document.createElement('input');
  f.type = 'hidden';
  f.name = typed.name;
  f.value = answer;
  typed.disabled = true; // what the passkey said goes in its place
  typed.closest('.field').hidden = true;
  b.hidden = true;
  b.form.append(f);
  if ('passkeyGo' in b.dataset) b.form.requestSubmit();
});
document.addEventListener('submit', async (e) => {
  const form = e.target, url = form.dataset.passkeyNew;
  if (!url || !keys || form.elements.passkey.value) return;
  e.preventDefault();
  form.elements.passkey.value = await askPasskey(form, url, form, true);
  delete form.dataset.busy;
  if (form.elements.passkey.value) form.requestSubmit();
});

// ---------- hold to confirm: pointer or Space for 1.4 s ----------
let holding;
function startHold(b) {
  if (b.disabled || b.getAttribute('aria-disabled') === 'true' || !b.form.reportValidity()) return;
  b.classList.add('is-holding');
  holding = setTimeout(() => { stopHold(); confirmForm(b.form); }, 1400);
}
function stopHold() {
  clearTimeout(holding);
  for (const b of $$('.is-holding')) b.classList.remove('is-holding');
}
function confirmForm(form) {
  let f = $('input[name=confirmed]', form);
  if (!f) {
    f = document.createElement('input');
    f.type = 'hidden';
    f.name = 'confirmed';
    form.append(f);
  }
  f.value = 'yes';
  form.requestSubmit();
}
document.addEventListener('pointerdown', (e) => {
  const b = e.target.closest?.('[data-hold]');
  if (b && e.button === 0) startHold(b);
});
for (const ev of ['pointerup', 'pointercancel', 'visibilitychange']) document.addEventListener(ev, stopHold, true);
document.addEventListener('focusout', (e) => { if (e.target.matches?.('[data-hold]')) stopHold(); });
document.addEventListener('pointerout', (e) => { if (e.target.closest?.('[data-hold]') && !e.target.closest('[data-hold]').contains(e.relatedTarget)) stopHold(); });
document.addEventListener('contextmenu', (e) => { if (e.target.closest?.('[data-hold]')) e.preventDefault(); });

// ---------- ticked rows: a count and a sum ----------
const grouped = (n) => String(n).replace(/\B(?=(\d{3})+$)/g, zh ? ',' : '.');
function countPicked(box) {
  const rows = $$('[data-sum]', box);
  const on = rows.filter((r) => r.checked);
  for (const r of rows) r.closest('tr')?.classList.toggle('is-on', r.checked);
  const all = $('[data-pick-all]', box);
  if (all) { all.checked = rows.length > 0 && on.length === rows.length; all.indeterminate = on.length > 0 && on.length < rows.length; }
  const bar = $('[data-selbar]', box);
  if (!bar) return;
  bar.classList.toggle('is-on', on.length > 0);
  $('[data-n]', bar).textContent = grouped(on.length);
  const total = $('[data-s]', bar);
  if (!total) return;
  const sum = on.reduce((n, r) => n + Number(r.dataset.sum), 0);
  total.textContent = (sum < 0 ? '\u2212' : '') + (zh ? 'COP' : '$') + '\u00a0' + grouped(Math.abs(sum));
}
document.addEventListener('change', (e) => {
  const t = e.target;
  const box = t.closest('[data-select]');
  if (box && t.matches('[data-pick-all]')) for (const r of $$('[data-sum]', box)) r.checked = t.checked;
  if (box && t.matches('[data-pick-all],[data-sum]')) countPicked(box);
  // a drop-down, day or tick in a filter bar asks at once; the search field asks while typing
  const filters = t.closest('form.filters');
  if (filters && t.type !== 'search') filters.dispatchEvent(new Event('filter'));
});

// ---------- a case under review ----------
document.addEventListener('change', (e) => { // the usual words of a reason, unless others were written
  const words = e.target.dataset?.reasons && document.getElementById(e.target.dataset.reasons);
  if (!words) return;
  const usual = [...e.target.options].map((o) => o.dataset.text);
  if (words.value === '' || usual.includes(words.value)) words.value = e.target.selectedOptions[0].dataset.text;
});
document.addEventListener('click', (e) => { // another size without another page
  const to = e.target.closest?.('[data-zoom-to]'), stage = to && $('.stage');
  if (!stage) return;
  e.preventDefault();
  stage.dataset.zoom = to.dataset.zoomTo;
  for (const z of $$('[data-zoom-to]')) z.toggleAttribute('aria-current', false);
  to.setAttribute('aria-current', 'true');
  history.replaceState(history.state, '', to.href);
});

// ---------- keyboard ----------
const inField = (el) => el.closest?.('input:not([type=checkbox],[type=radio]),textarea,select,[contenteditable]');
let afterG = 0;
function step(by) {
  const rows = $$('main tbody a.row-a');
  if (!rows.length) return;
  const at = rows.findIndex((a) => a.closest('tr').contains(document.activeElement));
  rows[Math.min(Math.max(at + by, 0), rows.length - 1)].focus();
}
function tick() {
  const row = document.activeElement?.closest('tr');
  row && $('[data-sum]', row)?.click();
}
document.addEventListener('keydown', (e) => {
  const hold = e.target.closest?.('[data-hold]');
  if (hold && e.key === ' ') { e.preventDefault(); if (!e.repeat) startHold(hold); return; }
  if ((e.ctrlKey || e.metaKey) && e.key.toLowerCase() === 'k') { e.preventDefault(); open('palette'); return; }
  if (e.key === 'Escape') for (const m of $$('details.menu[open]')) { m.open = false; $('summary', m).focus(); }
  if (e.ctrlKey || e.metaKey || e.altKey || inField(e.target) || $('dialog[open]')) return;
  const key = e.key.toLowerCase();
  if (Date.now() - afterG < 1500) {
    afterG = 0;
    $(`.side [data-go="${CSS.escape(key)}"]`)?.click();
    return;
  }
  const reasons = /^[1-9]$/.test(key) && $('select[data-reasons]');
  if (reasons && reasons.options[key]) {
    reasons.selectedIndex = Number(key);
    reasons.dispatchEvent(new Event('change', { bubbles: true }));
    reasons.focus();
    return;
  }
  const own = $$(`[data-key="${CSS.escape(key)}"]`).find((el) => el.checkVisibility()); // what the page itself has for the letter
  if (own) { e.preventDefault(); own.click(); own.focus(); return; }
  switch (key) {
    case 'g': afterG = Date.now(); break;
    case '/': e.preventDefault(); open('palette'); break;
    case '?': open('keys'); break;
    case 'j': step(1); break;
    case 'k': step(-1); break;
    case 'x': tick(); break;
  }
});
document.addEventListener('keyup', (e) => { if (e.key === ' ' && e.target.closest?.('[data-hold]')) { e.preventDefault(); stopHold(); } });

// palette: arrows walk the hits
document.addEventListener('keydown', (e) => {
  const p = e.target.closest?.('dialog.palette');
  if (!p || (e.key !== 'ArrowDown' && e.key !== 'ArrowUp')) return;
  e.preventDefault();
  const hits = $$('.hit', p);
  if (!hits.length) return;
  const at = hits.indexOf(document.activeElement);
  const to = e.key === 'ArrowDown' ? at + 1 : (at < 1 ? hits.length : at) - 1;
  hits[to % hits.length].focus();
});

// ---------- htmx ----------
document.addEventListener('htmx:configRequest', (e) => {
  const token = $('meta[name=csrf-token]')?.content;
  if (token && e.detail.verb !== 'get') e.detail.headers['X-CSRF-Token'] = token;
  // filters that are not set stay out of the URL
  if (e.detail.verb === 'get') for (const [name, value] of [...e.detail.formData]) if (value === '') e.detail.formData.delete(name);
});

function failed() {
  const box = $('#flash');
  if (!box) return;
  const banner = document.createElement('div');
  banner.className = 'banner banner-bad';
  banner.setAttribute('role', 'alert');
  banner.textContent = document.body.dataset.wordsOffline;
  box.replaceChildren(banner);
  box.focus();
}
for (const ev of ['htmx:sendError', 'htmx:timeout']) document.addEventListener(ev, (e) => { if (!e.target.closest?.('[data-live],[data-polled]')) failed(); });

document.addEventListener('htmx:beforeSwap', (e) => {
  const { xhr } = e.detail;
  // signed out meanwhile: the answer is the sign-in page, so go there
  if (xhr.responseText.includes('<main class="lone')) { e.detail.shouldSwap = false; location.reload(); return; }
  // a refusal that does not say where it belongs would replace what it should only comment on
  if (xhr.status >= 400 && xhr.status !== 409 && xhr.status !== 422 && !xhr.getResponseHeader('HX-Retarget')) {
    e.detail.shouldSwap = false;
    failed();
  }
});

let typed;
document.addEventListener('htmx:beforeRequest', (e) => { e.detail.target?.setAttribute('aria-busy', 'true'); });
document.addEventListener('htmx:afterRequest', (e) => {
  e.detail.target?.removeAttribute('aria-busy');
  const form = e.target.closest?.('form');
  if (form) delete form.dataset.busy;
  if (e.detail.requestConfig?.verb !== 'get') for (const d of $$('dialog.box[open]')) d.close();
});
document.addEventListener('htmx:beforeSwap', () => {
  const a = document.activeElement;
  typed = a?.matches('input[type=search]') && a.id ? { id: a.id, value: a.value } : null;
});
document.addEventListener('htmx:afterSettle', (e) => {
  const part = e.detail.elt;
  if (typed) { // what was typed while the answer was on its way stays
    const f = document.getElementById(typed.id);
    if (f && f.value !== typed.value) { f.value = typed.value; f.dispatchEvent(new Event('input', { bubbles: true })); }
    typed = null;
  }
  ready();
  const drawer = part.closest('dialog.drawer');
  if (drawer && !drawer.open && part.childElementCount) drawer.showModal();
  if (e.detail.requestConfig?.triggeringEvent?.type === 'live' || part.matches('[data-polled]')) return; // it says by itself what changed
  const focus = $('[data-focus]', part);
  if (focus) focus.focus();
  else if (document.activeElement === document.body && !drawer) {
    const h = $('h2', part) || part;
    h.tabIndex = -1;
    h.focus({ preventScroll: true });
  }
  say($('.pager > span', part)?.textContent.trim() || $('.blank h3', part)?.textContent || document.body.dataset.wordsUpdated);
});

// parts that follow something: asked every five seconds while somebody looks
setInterval(() => {
  if (document.hidden || $('dialog[open]')) return;
  for (const part of $$('[data-live]')) if (!part.contains(document.activeElement) || part === document.activeElement) part.dispatchEvent(new Event('live'));
}, 5000);

// ---------- on arrival and after every swap ----------
function ready() {
  if (keys) for (const p of $$('[data-passkey-offer]')) p.hidden = false;
  for (const box of $$('[data-select]')) countPicked(box);
  // on a phone the status tabs scroll sideways: bring the current one into view
  const tab = $('.tile-scroll [aria-current]'), tabs = tab?.parentElement;
  if (tabs && tabs.scrollWidth > tabs.clientWidth) tabs.scrollLeft = tab.offsetLeft - (tabs.clientWidth - tab.clientWidth) / 2;
}
function start() {
  ready();
  $('main [data-focus]')?.focus();
  if (location.hash.length > 1 && document.getElementById(location.hash.slice(1))?.tagName === 'DIALOG') open(location.hash.slice(1));
}
if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', start);
else start();
})();
