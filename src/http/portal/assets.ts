// The portal's one style sheet and one script, as text: they are served by us and need no build.

export const styleSheet = `
:root{color-scheme:light dark;--bg:#f4f6f8;--card:#fff;--text:#1b2733;--dim:#536272;--line:#d8dee5;--brand:#0b5cad;--brand-text:#fff;
--ok:#116b36;--ok-bg:#e2f4e8;--warn:#7a4b00;--warn-bg:#fff3d6;--bad:#a3161f;--bad-bg:#fde8e8;--off:#4c5966;--off-bg:#e8ecf0;--head:#12293f}
@media (prefers-color-scheme:dark){:root{--bg:#10161d;--card:#18212b;--text:#e6ebf0;--dim:#a3b1bf;--line:#2f3d4b;--brand:#7db8f5;--brand-text:#08203a;
--ok:#8fe0ad;--ok-bg:#133722;--warn:#ffd583;--warn-bg:#3b2c0a;--bad:#ffb0b0;--bad-bg:#461a1d;--off:#b5c1cc;--off-bg:#2a3641;--head:#0a1018}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--text);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Liberation Sans",sans-serif}
a{color:var(--brand)}
:focus-visible{outline:3px solid var(--brand);outline-offset:2px;border-radius:4px}
.skip{position:absolute;left:-999px}.skip:focus{left:1rem;top:.5rem;background:var(--card);padding:.4rem .8rem;z-index:9}
header.top{background:var(--head);color:#fff}
header.top .in{max-width:76rem;margin:auto;padding:.6rem 1.25rem;display:flex;flex-wrap:wrap;align-items:center;gap:.4rem 1.5rem}
header.top .brand{font-weight:650;font-size:1.05rem;color:#fff;text-decoration:none}
header.top .brand small{font-weight:400;opacity:.8;margin-left:.5rem}
header.top nav{display:flex;flex-wrap:wrap;align-items:center;gap:.25rem}
header.top nav a{color:#dfe8f1;text-decoration:none;padding:.35rem .7rem;border-radius:6px}
header.top nav a[aria-current]{background:rgba(255,255,255,.16);color:#fff;font-weight:600}
header.top nav .group{color:#b6c6d6;padding:.35rem .3rem .35rem .7rem}
header.top .who{margin-left:auto;display:flex;flex-wrap:wrap;align-items:center;gap:.8rem;font-size:.9rem}
header.top .who a{color:#dfe8f1}
header.top .who form{margin:0}
header.top :focus-visible{outline-color:#fff}
button.link{background:none;border:0;padding:0;color:inherit;font:inherit;text-decoration:underline;cursor:pointer}
main{max-width:76rem;margin:0 auto;padding:1.25rem}
h1{font-size:1.5rem;margin:.2rem 0 1rem;line-height:1.25}h2{font-size:1.1rem;margin:1.6rem 0 .6rem}
.bar{display:flex;flex-wrap:wrap;gap:.6rem;align-items:flex-end;justify-content:space-between;margin-bottom:1rem}
.bar h1{margin:0}.bar form{display:flex;flex-wrap:wrap;gap:.6rem;align-items:flex-end}
.buttons{display:flex;flex-wrap:wrap;gap:.5rem;align-items:center}
.button,button.main,button.plain{display:inline-block;font:inherit;font-weight:600;line-height:1.3;padding:.5rem .9rem;border-radius:7px;border:1px solid var(--line);background:var(--card);color:var(--text);text-decoration:none;cursor:pointer}
.button.main,button.main{background:var(--brand);border-color:var(--brand);color:var(--brand-text)}
button.bad{background:#b3202a;border-color:#b3202a;color:#fff}
.button.small,button.plain.small{font-size:.85rem;padding:.25rem .6rem}
.button:hover,button:hover{filter:brightness(1.06)}
.card{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:1.1rem 1.25rem;margin-bottom:1rem}
.table{background:var(--card);border:1px solid var(--line);border-radius:10px;overflow-x:auto}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;vertical-align:top;padding:.6rem .8rem;border-bottom:1px solid var(--line)}
tbody tr:last-child>*{border-bottom:0}
thead th{font-size:.82rem;color:var(--dim);font-weight:600;vertical-align:bottom}
tbody th{font-weight:600}td .buttons{flex-wrap:wrap;min-width:8rem}
td.number{text-align:right;font-variant-numeric:tabular-nums}
.dim{color:var(--dim);font-size:.87rem}
.wrap{overflow-wrap:anywhere}
@media (min-width:46.01rem){tbody th.wrap{min-width:9rem}td.wrap{min-width:12.5rem}td.wrap.narrower{min-width:8.5rem}input[type=search]{min-width:19rem}}
.badge{display:inline-block;padding:.08rem .55rem;border-radius:99px;font-size:.84rem;font-weight:600;white-space:nowrap;background:var(--off-bg);color:var(--off)}
.badge.ok{background:var(--ok-bg);color:var(--ok)}.badge.warn{background:var(--warn-bg);color:var(--warn)}.badge.bad{background:var(--bad-bg);color:var(--bad)}
.note{border-radius:8px;padding:.6rem .9rem;margin:.5rem 0;background:var(--off-bg)}
.note.warn{background:var(--warn-bg);color:var(--warn)}.note.bad{background:var(--bad-bg);color:var(--bad)}.note.ok{background:var(--ok-bg);color:var(--ok)}
.note ul{margin:.3rem 0;padding-left:1.2rem}.note p{margin:.15rem 0}.note a{color:inherit}
td .note{font-size:.87rem;padding:.35rem .6rem;margin:.35rem 0 0}
.grid{display:grid;gap:1rem 1.25rem;grid-template-columns:repeat(2,minmax(0,1fr))}
.grid .wide{grid-column:1/-1}
label,legend,.label{display:block;font-weight:600;margin-bottom:.2rem}
input:not([type=checkbox]),select{width:100%;font:inherit;color:var(--text);background:var(--card);border:1px solid #7d8a97;border-radius:7px;padding:.45rem .6rem}
input[readonly]{background:var(--bg)}
input[aria-invalid=true]{border-color:var(--bad);border-width:2px}
.check{display:flex;gap:.5rem;align-items:center}.check label{margin:0}.check input{width:1.15rem;height:1.15rem;accent-color:var(--brand)}
.help{color:var(--dim);font-size:.87rem;margin:.2rem 0 0}
.error{color:var(--bad);font-size:.87rem;font-weight:600;margin:.2rem 0 0}.error:empty{display:none}
fieldset{border:0;padding:0;margin:0;min-width:0}legend{padding:0}
fieldset.list>div{display:flex;gap:.5rem;margin-bottom:.4rem}
details{margin-top:1rem}summary{cursor:pointer;font-weight:600;margin-bottom:.6rem}
form:has([name=serverType] option[value=SMTP]:checked) .imap,form:has([name=serverType] option[value=IMAP]:checked) .smtp,
form:has([name=authenticationType] option[value=Password]:checked) .oauth,form:has([name=authenticationType] option[value=OAuth2]:checked) .secret,
form:has([name=signIn] option[value=appOnly]:checked) .person{display:none}
.tiles{display:grid;gap:1rem;grid-template-columns:repeat(auto-fit,minmax(11rem,1fr));margin-bottom:1rem}
.tile{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:.9rem 1.1rem}
.tile b{display:block;font-size:1.7rem;line-height:1.2;font-variant-numeric:tabular-nums}
.narrow{max-width:28rem;margin:3rem auto}.form{max-width:52rem}
@media (max-width:46rem){main{padding:1rem .8rem}.grid{grid-template-columns:minmax(0,1fr)}header.top .in{padding:.6rem .8rem}header.top .who{margin-left:0}
.table.stack table,.table.stack tbody,.table.stack tr,.table.stack td,.table.stack tbody th{display:block;width:100%}.table.stack thead{position:absolute;left:-999px}
.table.stack tr{border-bottom:6px solid var(--bg);padding:.4rem 0}.table.stack td,.table.stack tbody th{border:0;padding:.2rem .9rem}
.table.stack td[data-label]:before{content:attr(data-label) ": ";color:var(--dim);font-size:.85rem}.table.stack td.number{text-align:left}.table.stack td:empty{display:none}}
@media (prefers-reduced-motion:no-preference){.live{transition:background-color .2s}}
`;

export const script = `
'use strict';
(() => {
  // Live parts of a page: told by server-sent events that something changed, fetched anew, put in place unless somebody is in them.
  const region = () => document.querySelector('[data-live]');
  if (region() && window.EventSource) {
    let due = false;
    const refresh = async () => {
      const old = region();
      if (!old || old.contains(document.activeElement)) { due = true; return; }
      due = false;
      const answer = await fetch(location.href, { headers: { accept: 'text/html' } });
      if (!answer.ok) return;
      const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
      const fresh = page.querySelector('[data-live]');
      if (fresh && region() && !region().contains(document.activeElement)) region().replaceWith(fresh);
    };
    const source = new EventSource('/portal/events');
    source.addEventListener('changed', () => { refresh().catch(() => {}); });
    document.addEventListener('focusout', () => { if (due) setTimeout(() => refresh().catch(() => {}), 50); });
    addEventListener('pagehide', () => source.close());
  }
  // The form: the server checks what is typed, with the same rules as on saving.
  const form = document.querySelector('form[data-check]');
  if (!form) return;
  const typed = new Set();
  const touched = new Set();
  let timer;
  const check = async () => {
    const answer = await fetch('/portal/email-servers/check', { method: 'POST', body: new URLSearchParams(new FormData(form)) });
    if (!answer.ok) return;
    const { problems, warnings } = await answer.json();
    for (const place of form.querySelectorAll('[data-error]')) {
      const field = place.dataset.error;
      const problem = problems.find((one) => one.field === field || one.field.startsWith(field + '['));
      const text = problem && touched.has(field) ? problem.message : '';
      if (place.textContent !== text) place.textContent = text;
      for (const input of form.querySelectorAll('[name="' + field + '"]')) input.setAttribute('aria-invalid', text ? 'true' : 'false');
    }
    const box = document.getElementById('warnings');
    const list = warnings.map((text) => Object.assign(document.createElement('p'), { textContent: text }));
    if (box.innerText.trim() !== warnings.join('\\n').trim()) box.replaceChildren(...list);
    box.className = warnings.length ? 'note warn' : '';
  };
  const soon = () => { clearTimeout(timer); timer = setTimeout(() => check().catch(() => {}), 250); };
  form.addEventListener('input', (event) => { typed.add(event.target.name); soon(); });
  form.addEventListener('change', (event) => {
    touched.add(event.target.name);
    const { target } = event;
    if (target.name === 'serverType' && form.dataset.new) preset(false);
    soon();
  });
  form.addEventListener('focusout', (event) => { if (event.target.value || typed.has(event.target.name)) touched.add(event.target.name); soon(); });
  function preset(all) {
    const smtp = form.elements.serverType.value === 'SMTP';
    const hosts = ['outlook.office365.com', 'smtp.office365.com', ''];
    if (!all && !hosts.includes(form.elements.host.value)) return;
    form.elements.host.value = smtp ? hosts[1] : hosts[0];
    form.elements.port.value = smtp ? '587' : '993';
    if (!all) return;
    form.elements.tls.value = 'enabled';
    form.elements.authenticationType.value = 'OAuth2';
    soon();
  }
  form.addEventListener('click', (event) => {
    const action = event.target.value;
    if (event.target.name !== '_action') return;
    if (action === 'preset') { event.preventDefault(); preset(true); }
    if (action === 'address') {
      event.preventDefault();
      const rows = form.querySelectorAll('fieldset.list > div');
      const row = rows[rows.length - 1].cloneNode(true);
      const input = row.querySelector('input');
      input.value = '';
      input.id = 'address-' + rows.length;
      input.setAttribute('aria-label', input.dataset.label + ' ' + (rows.length + 1));
      rows[rows.length - 1].after(row);
      input.focus();
    }
  });
})();
`;
