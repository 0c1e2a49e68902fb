// What the launch page asks of the browser: its key, its focus, and long texts, which are too long to be sent with every keystroke.

/** Tells the page of Ctrl+Enter (or Cmd+Enter), wherever the focus is on it. */
export function watchLaunchKey(page) {
  const listener = e => {
    if (e.key !== 'Enter' || !(e.ctrlKey || e.metaKey) || e.repeat || document.querySelector('.mud-dialog')) return;
    e.preventDefault();
    page.invokeMethodAsync('LaunchByKeyAsync').catch(e => console.warn(e));
  };
  document.addEventListener('keydown', listener);
  return { stop: () => document.removeEventListener('keydown', listener) };
}

/** Focuses a control by id, or the first control inside the element of that id. */
export function focusField(id) {
  const element = document.getElementById(id);
  const control = element?.matches('input, select, textarea, button') ? element : element?.querySelector('input, select, textarea, [tabindex="0"], button');
  (control ?? element)?.focus();
  element?.scrollIntoView({ block: 'center' });
}

/** Tells a text area's component that the person paused or left. */
export function watchText(area, component) {
  let timer = 0;
  const tell = () => { clearTimeout(timer); timer = 0; component.invokeMethodAsync('TypedAsync').catch(e => console.warn(e)); };
  const typed = () => { clearTimeout(timer); timer = setTimeout(tell, 300); };
  const left = () => { if (timer) tell(); };
  area.addEventListener('input', typed);
  area.addEventListener('blur', left);
  return { stop: () => { clearTimeout(timer); area.removeEventListener('input', typed); area.removeEventListener('blur', left); } };
}

/** The text in bytes, which the portal asks for as a stream: a single message to it is limited to 32 KB. A space comes first, because a stream must not be empty. */
export function readText(area) {
  return new TextEncoder().encode(' ' + area.value);
}

export function writeText(area, text) {
  if (area.value !== text) area.value = text;
}
