// The portal's one script, a module: a convenience for pages that work without it. It refreshes live parts, searches while the person types, checks the
// form and shows the connection test step by step. It builds no markup: the server has escaped everything that it inserts.

// Times in the reader's own zone, with its name.
const zoned = new Intl.DateTimeFormat(document.documentElement.lang, {
  year: 'numeric',
  month: 'short',
  day: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  timeZoneName: 'short',
});
function showTimes(root) {
  for (const one of root.querySelectorAll('time[datetime]')) {
    const text = zoned.format(new Date(one.dateTime));
    if (one.dataset.exact) one.textContent = text;
    else one.title = text;
  }
}
showTimes(document);

// The menu is wider than a phone: the current page is in sight.
document.querySelector('nav [aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'center' });

// Live parts of a page are fetched again after a server-sent event and replaced, unless the person is working in them.
// Only a visible tab listens: browsers limit the connections to a host.
const parts = () => [...document.querySelectorAll('[data-live]')];
const busy = (part) =>
  part.contains(document.activeElement) || part.querySelector('details[open], input:checked') !== null;
let due = false;
let fetching = false;
async function refresh() {
  if (fetching || parts().some(busy)) {
    due = true;
    return;
  }
  due = false;
  fetching = true;
  try {
    const answer = await fetch(location.href, { headers: { accept: 'text/html' } });
    if (answer.redirected) {
      location.assign(answer.url);
      return;
    }
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    for (const part of parts()) {
      const fresh = page.querySelector(`[data-live="${part.dataset.live}"]`);
      if (fresh && !busy(part)) {
        showTimes(fresh);
        part.replaceWith(fresh);
      } else due = true;
    }
  } finally {
    fetching = false;
  }
}
const later = () =>
  setTimeout(() => {
    if (due) refresh().catch(() => {});
  }, 100);
if (parts().length > 0 && window.EventSource) {
  let source;
  let lost;
  const notice = () => document.getElementById('offline');
  const open = () => {
    if (source || document.hidden) return;
    const server = document.querySelector('[data-server]')?.dataset.server;
    source = new EventSource(`/portal/events${server ? `?server=${encodeURIComponent(server)}` : ''}`);
    source.addEventListener('changed', () => {
      refresh().catch(() => {});
    });
    source.addEventListener('open', () => {
      clearTimeout(lost);
      lost = undefined;
      if (notice()) notice().hidden = true;
    });
    source.addEventListener('error', () => {
      lost ??= setTimeout(() => {
        if (notice()) notice().hidden = false;
      }, 6000);
      if (source && source.readyState === 2) {
        close();
        setTimeout(open, 10000);
      }
    });
  };
  const close = () => {
    source?.close();
    source = undefined;
  };
  open();
  document.addEventListener('visibilitychange', () => (document.hidden ? close() : open()));
  document.addEventListener('focusout', later);
  document.addEventListener('toggle', later, true);
  addEventListener('pagehide', close);
  addEventListener('pageshow', open);
}
// A menu closes on a click elsewhere and on Escape.
const menus = () => document.querySelectorAll('details.menu[open]');
document.addEventListener('click', (event) => {
  for (const menu of menus()) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener('keydown', (event) => {
  if (event.key !== 'Escape') return;
  for (const menu of menus()) {
    menu.open = false;
    menu.querySelector('summary').focus();
  }
});
// Search and filter take effect at once; the address follows, so that a reload shows the same.
const filter = document.querySelector('form[data-filter]');
if (filter) {
  let timer;
  const apply = () => {
    const entered = [...new FormData(filter)].filter(([, value]) => value !== '');
    history.replaceState(null, '', location.pathname + (entered.length ? `?${new URLSearchParams(entered)}` : ''));
    refresh().catch(() => {});
  };
  filter.addEventListener('input', () => {
    clearTimeout(timer);
    timer = setTimeout(apply, 200);
  });
  filter.addEventListener('submit', (event) => {
    event.preventDefault();
    apply();
  });
}

// The connection test: each line of the response is a step.
const log = document.getElementById('test-log');
let running;
async function run(form, button) {
  running?.abort();
  const mine = new AbortController();
  running = mine;
  const steps = log.querySelector('ol');
  const now = log.querySelector('.running');
  const end = log.querySelector('.end');
  const say = (kind, textContent) =>
    end.append(Object.assign(document.createElement('p'), { className: `note ${kind}`, textContent }));
  log.hidden = false;
  steps.replaceChildren();
  end.replaceChildren();
  now.textContent = log.dataset.running;
  button.disabled = true;
  const body = new URLSearchParams(new FormData(form));
  body.set('_action', 'test');
  log.scrollIntoView({ block: 'nearest' });
  try {
    const answer = await fetch(form.getAttribute('action'), {
      method: 'POST',
      headers: { accept: 'application/x-ndjson' },
      body,
      signal: mine.signal,
    });
    if (answer.status === 401) {
      say('warn', log.dataset.expired);
      return;
    }
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    for (;;) {
      const { value, done } = await reader.read();
      if (done) break;
      text += value;
      const lines = text.split('\n');
      text = lines.pop();
      for (const line of lines) {
        const { step, next, summary } = JSON.parse(line);
        if (step) steps.insertAdjacentHTML('beforeend', step);
        showTimes(steps);
        if (next !== undefined) now.textContent = next;
        if (summary) end.insertAdjacentHTML('beforeend', summary);
      }
    }
    if (!end.firstChild) throw new Error('cut off');
    const mark = log.closest('li')?.querySelector('.mark');
    if (mark) mark.textContent = end.querySelector('.ok') ? '✓' : '○';
  } catch (_error) {
    if (!mine.signal.aborted) say('bad', log.dataset.failed);
  } finally {
    now.textContent = '';
    button.disabled = false;
    log.scrollIntoView({ block: 'nearest' });
  }
}
if (log)
  document.addEventListener('click', (event) => {
    const button = event.target.closest('button[name=_action][value=test]');
    if (!button) return;
    event.preventDefault();
    run(button.form, button);
  });

// The form: the server checks the input while it is typed, by the rules of saving.
function watchForm(form) {
  const typed = new Set();
  const places = [...form.querySelectorAll('[data-error]')];
  // What the server has marked stays marked until it is corrected.
  const touched = new Set(places.filter((place) => place.textContent).map((place) => place.dataset.error));
  let timer;
  let asked = 0;
  let shown;
  const check = async () => {
    asked += 1;
    const mine = asked;
    const answer = await fetch('/portal/email-servers/check', {
      method: 'POST',
      body: new URLSearchParams(new FormData(form)),
    });
    if (!answer.ok || mine !== asked) return;
    const { problems, lines, warnings } = await answer.json();
    for (const place of places) {
      const field = place.dataset.error;
      const problem = problems.find((one) => one.field === field);
      const text = problem && touched.has(field) ? problem.message : '';
      if (place.textContent !== text) place.textContent = text;
      const inputs = [...form.querySelectorAll(`[name="${field}"]`)];
      const isOneWrong = inputs.length > 1 && lines.includes(false);
      for (const [at, input] of inputs.entries())
        input.setAttribute('aria-invalid', text && !(isOneWrong && lines[at]) ? 'true' : 'false');
    }
    const box = document.getElementById('warnings');
    if (shown !== warnings) box.innerHTML = shown = warnings;
  };
  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(() => check().catch(() => {}), 250);
  };
  // The name of a new Email Flow belongs to the field Email Flow.
  const fieldOf = ({ name }) => (name === 'emailFlowNew' ? 'emailFlow' : name);
  form.addEventListener('input', (event) => {
    typed.add(fieldOf(event.target));
    soon();
  });
  form.addEventListener('change', (event) => {
    touched.add(fieldOf(event.target));
    if (event.target.name === 'serverType' && form.dataset.new) preset(false);
    soon();
  });
  form.addEventListener('focusout', (event) => {
    const field = fieldOf(event.target);
    if (event.target.value || typed.has(field)) touched.add(field);
    soon();
  });
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
  const rows = () => [...form.querySelectorAll('fieldset.list > div')];
  const number = () =>
    rows().forEach((row, index) => {
      for (const one of row.children) one.setAttribute('aria-label', `${one.dataset.label} ${index + 1}`);
      row.querySelector('input').id = `address-${index}`;
      row.querySelector('button').value = `remove:${index}`;
    });
  form.addEventListener('click', (event) => {
    const button = event.target.closest('button[name=_action]');
    if (!button) return;
    const all = rows();
    if (button.value === 'preset') {
      event.preventDefault();
      preset(true);
    } else if (button.value === 'address') {
      event.preventDefault();
      const row = all.at(-1).cloneNode(true);
      row.querySelector('input').value = '';
      all.at(-1).after(row);
      number();
      row.querySelector('input').focus();
    } else if (button.value.startsWith('remove:')) {
      event.preventDefault();
      const row = button.closest('fieldset > div');
      if (all.length > 1) row.remove();
      else row.querySelector('input').value = '';
      number();
      form.querySelector('button[value=address]').focus();
      soon();
    }
  });
}
const definition = document.querySelector('form[data-check]');
if (definition) watchForm(definition);

// Leaving a changed form asks for confirmation; sending it does not.
const forms = [...document.querySelectorAll('form[data-check], form[data-ask]')];
let changed = document.querySelector('[data-changed]') !== null;
for (const form of forms) {
  form.addEventListener('input', () => {
    changed = true;
  });
  form.addEventListener('submit', () => {
    changed = false;
  });
}
addEventListener('beforeunload', (event) => {
  if (changed) event.preventDefault();
});

// The second press of a double click would be answered in place of the first: “this name is taken”. A form that leads to a download can be sent again.
const AGAIN_AFTER_MS = 5000;
const sentAt = new Map();
document.addEventListener('submit', (event) => {
  if (event.timeStamp - sentAt.get(event.target) < AGAIN_AFTER_MS) event.preventDefault();
  else sentAt.set(event.target, event.timeStamp);
});
addEventListener('pageshow', () => sentAt.clear());

// The wizard: a server other than Microsoft's needs its hosts.
const kind = document.querySelector('#wizard select[name=kind]');
kind?.addEventListener('change', () => {
  if (kind.value === 'other') kind.form.querySelector('details.hosts').open = true;
});

// The button that copies commands needs the script.
for (const button of document.querySelectorAll('[data-copy]')) {
  button.hidden = !navigator.clipboard;
  button.addEventListener('click', async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    button.textContent = button.dataset.copied;
  });
}
