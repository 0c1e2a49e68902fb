// Everything the components ask of the browser. Small on purpose: what Blazor can do is not done here.

/** What the layout must know before it draws: the theme in force and the person's time zone. */
export function browser() {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return { dark: document.documentElement.dataset.theme === 'dark', timeZone: zone ?? 'UTC', offsetMinutes: -new Date().getTimezoneOffset() };
}

/** Tells the layout when the theme changes elsewhere: the system, or another tab. */
export function watchTheme(layout) {
  const listener = e => layout.invokeMethodAsync('ThemeChanged', e.detail === 'dark').catch(() => {});
  document.addEventListener('portal:theme', listener);
  return { stop: () => document.removeEventListener('portal:theme', listener) };
}

export function chooseTheme(theme) {
  document.dispatchEvent(new CustomEvent('portal:choose-theme', { detail: theme }));
}

/** Copies text; true when the browser allowed it. Without the clipboard API (plain http on another host) a selection does. */
export async function copy(text) {
  try {
    if (navigator.clipboard && isSecureContext) { await navigator.clipboard.writeText(text); return true; }
  } catch { /* fall through to the selection */ }
  const area = document.createElement('textarea');
  area.value = text;
  area.style.cssText = 'position:fixed;opacity:0';
  document.body.append(area);
  area.select();
  const copied = document.execCommand('copy');
  area.remove();
  return copied;
}

/** Offers text as a file. */
export function download(name, text) {
  const url = URL.createObjectURL(new Blob([text], { type: 'text/plain;charset=utf-8' }));
  const link = Object.assign(document.createElement('a'), { href: url, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** Keeps a log at its end until the person scrolls up; going back to the end follows again. */
export function followEnd(box, log) {
  let following = true;
  const atEnd = () => box.scrollHeight - box.scrollTop - box.clientHeight < 24;
  const toEnd = () => { if (following) box.scrollTop = box.scrollHeight; };
  // Only a person's own movement ends following; growth of the content does not.
  const moved = () => {
    const now = atEnd();
    if (now === following) return;
    following = now;
    log.invokeMethodAsync('FollowingChanged', now).catch(() => {});
  };
  let byPerson = 0;
  const touch = () => { byPerson = performance.now(); };
  const onScroll = () => { if (performance.now() - byPerson < 1000 || atEnd()) moved(); };
  for (const kind of ['wheel', 'touchmove', 'pointerdown', 'keydown']) box.addEventListener(kind, touch, { passive: true });
  box.addEventListener('scroll', onScroll, { passive: true });
  const observer = new MutationObserver(toEnd);
  observer.observe(box, { childList: true, subtree: true, characterData: true, attributes: true, attributeFilter: ['style'] });
  toEnd();
  return {
    follow: on => { following = on; toEnd(); },
    scrollTo: top => { following = false; box.scrollTop = Math.max(0, top - box.clientHeight / 2); },
    stop: () => { observer.disconnect(); box.removeEventListener('scroll', onScroll); },
  };
}

/**
 * A chart: tells its width whenever that changes (text must not scale), and shows values under the pointer or the arrow keys. The read-out works on
 * what is drawn (path and data-* attributes), so moving the pointer costs the portal nothing.
 */
export function chart(figure, component) {
  let last = 0;
  const observer = new ResizeObserver(entries => {
    const width = Math.round(entries[0].contentRect.width);
    if (width === last || width === 0) return;
    last = width;
    component.invokeMethodAsync('WidthChanged', width).catch(() => {});
  });
  observer.observe(figure);

  const number = new Intl.NumberFormat('en-US', { maximumSignificantDigits: 4 });
  let keyX = null;

  function lines(svg) {
    return [...svg.querySelectorAll('path[data-name]')].map(path => ({
      name: path.dataset.name,
      color: path.style.stroke,
      points: [...(path.getAttribute('d') ?? '').matchAll(/[ML](-?[\d.]+) (-?[\d.]+)/g)].map(m => [+m[1], +m[2]]),
    })).filter(line => line.points.length > 0);
  }

  function xText(d, x) {
    if (d.axis !== 'time') return `${d.xLabel ?? ''} ${new Intl.NumberFormat('en-US', { maximumFractionDigits: d.whole ? 0 : 2 }).format(x)}`.trim();
    const format = { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' };
    if (+d.maxX - +d.minX > 86400) Object.assign(format, { day: 'numeric', month: 'short' });
    try { return new Intl.DateTimeFormat('en-GB', { ...format, timeZone: d.zone }).format(x * 1000); } catch { return new Intl.DateTimeFormat('en-GB', format).format(x * 1000); }
  }

  function show(svg, px) {
    const d = svg.dataset;
    const drawn = lines(svg);
    if (drawn.length === 0) return hide();
    const near = line => line.points.reduce((a, b) => Math.abs(b[0] - px) < Math.abs(a[0] - px) ? b : a);
    const at = drawn.map(near).reduce((a, b) => Math.abs(b[0] - px) < Math.abs(a[0] - px) ? b : a)[0];
    const box = figure.querySelector('.readout');
    const xValue = +d.minX + (at - d.left) / d.width * (d.maxX - d.minX);
    box.replaceChildren(Object.assign(document.createElement('b'), { textContent: xText(d, xValue) }));
    for (const line of drawn) {
      const [lx, ly] = near(line);
      // A line that has nothing near here says nothing.
      if (Math.abs(lx - at) > 24) continue;
      const row = document.createElement('div');
      const swatch = document.createElement('i');
      swatch.style.background = line.color;
      const value = +d.minY + (+d.top + +d.height - ly) / d.height * (d.maxY - d.minY);
      row.append(swatch, `${line.name} `, Object.assign(document.createElement('b'), { textContent: `${d.prefix ?? ''}${number.format(value)}${d.unit ? ' ' + d.unit : ''}` }));
      box.append(row);
    }
    let cursor = svg.querySelector('.cursor');
    if (!cursor) {
      cursor = document.createElementNS('http://www.w3.org/2000/svg', 'line');
      cursor.setAttribute('class', 'cursor');
      svg.append(cursor);
    }
    for (const [name, value] of Object.entries({ x1: at, x2: at, y1: d.top, y2: +d.top + +d.height })) cursor.setAttribute(name, value);
    box.hidden = false;
    const room = figure.clientWidth;
    box.style.left = `${at + 12 + box.offsetWidth > room ? Math.max(0, at - 12 - box.offsetWidth) : at + 12}px`;
    box.style.top = `${svg.getBoundingClientRect().top - figure.getBoundingClientRect().top + 12}px`;
    keyX = at;
  }

  function hide() {
    figure.querySelector('.cursor')?.remove();
    const box = figure.querySelector('.readout');
    if (box) box.hidden = true;
    keyX = null;
  }

  const onMove = e => {
    const svg = e.target.closest?.('svg[data-left]');
    if (svg) show(svg, e.clientX - svg.getBoundingClientRect().left); else hide();
  };
  const onKey = e => {
    const svg = e.target.closest?.('svg[data-left]');
    if (!svg) return;
    if (e.key === 'Escape') return hide();
    if (e.key !== 'ArrowLeft' && e.key !== 'ArrowRight') return;
    e.preventDefault();
    const xs = [...new Set(lines(svg).flatMap(l => l.points.map(p => p[0])))].sort((a, b) => a - b);
    const from = keyX ?? (e.key === 'ArrowRight' ? -1 : Infinity);
    const next = e.key === 'ArrowRight' ? xs.find(x => x > from + 0.5) : xs.findLast(x => x < from - 0.5);
    if (next !== undefined) show(svg, next);
  };
  figure.addEventListener('pointermove', onMove);
  figure.addEventListener('pointerleave', hide);
  figure.addEventListener('keydown', onKey);
  return { stop: () => observer.disconnect() };
}

/** Brings the current tab of a scrolling strip into view. */
export function reveal(element) {
  const current = element?.querySelector('[aria-current], [aria-checked="true"]');
  if (!current) return;
  const left = current.offsetLeft - element.offsetLeft;
  if (left < element.scrollLeft || left + current.offsetWidth > element.scrollLeft + element.clientWidth) element.scrollLeft = left - 16;
}

// What had the focus before a dialog took it.
let focused = null;
document.addEventListener('focusin', e => { if (!e.target.closest('.mud-dialog-container')) focused = e.target; });

/** Gives the focus back to whoever opened the dialog that just closed, if it is still there. */
export function restoreFocus() {
  requestAnimationFrame(() => { if (focused?.isConnected) focused.focus(); });
}

/** Submits a form of the page by its id. */
export function submit(id) {
  document.getElementById(id)?.requestSubmit();
}

/** Opens the search on / (outside of fields) and on Ctrl+K or Cmd+K. */
export function watchSearchKeys(search) {
  const typing = e => e.target.closest?.('input, textarea, select, [contenteditable=true], [role=dialog]');
  const listener = e => {
    const wanted = (e.key === '/' && !e.ctrlKey && !e.metaKey && !e.altKey && !typing(e)) || (e.key.toLowerCase() === 'k' && (e.ctrlKey || e.metaKey) && !e.altKey && !e.shiftKey);
    if (!wanted || e.repeat) return;
    e.preventDefault();
    search.invokeMethodAsync('OpenByKeyAsync').catch(() => {});
  };
  document.addEventListener('keydown', listener);
  return { stop: () => document.removeEventListener('keydown', listener) };
}
