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

/** Width of an element, told again whenever it changes; for charts, whose text must not scale. */
export function watchWidth(element, chart) {
  let last = 0;
  const observer = new ResizeObserver(entries => {
    const width = Math.round(entries[0].contentRect.width);
    if (width === last || width === 0) return;
    last = width;
    chart.invokeMethodAsync('WidthChanged', width).catch(() => {});
  });
  observer.observe(element);
  return { stop: () => observer.disconnect() };
}

/** Brings the current tab of a scrolling strip into view. */
export function reveal(element) {
  const current = element?.querySelector('[aria-current], [aria-checked="true"]');
  if (!current) return;
  const left = current.offsetLeft - element.offsetLeft;
  if (left < element.scrollLeft || left + current.offsetWidth > element.scrollLeft + element.clientWidth) element.scrollLeft = left - 16;
}
