/** Tells the page of j, k, a and d, wherever the focus is but in a field or a dialog. */
export function watchKeys(page) {
  const listener = e => {
    if (!['j', 'k', 'a', 'd'].includes(e.key) || e.ctrlKey || e.metaKey || e.altKey || e.repeat) return;
    if (document.querySelector('.mud-dialog') || e.target.closest?.('input, textarea, select, [contenteditable]')) return;
    e.preventDefault();
    page.invokeMethodAsync('KeyAsync', e.key).catch(e => console.warn(e));
  };
  document.addEventListener('keydown', listener);
  return { stop: () => document.removeEventListener('keydown', listener) };
}
